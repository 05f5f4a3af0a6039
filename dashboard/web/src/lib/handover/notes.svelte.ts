// What the officer writes for the next shift. It lasts while the interface is open, so that a look at a case in between loses nothing;
// it is not kept in the browser, where others sign in.
let text = $state("");
let owner = $state<string | null>(null);

export const notes = {
  of(user: string): string {
    return owner === user ? text : "";
  },
  write(user: string, words: string): void {
    [owner, text] = [user, words];
  },
};
