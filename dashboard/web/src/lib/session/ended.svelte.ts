// Whether the server no longer knows the session while a page is open. The page stays as it is, with what was typed into it, and goes on
// once its person is back.
let over = $state(false);

export const session = {
  get ended(): boolean {
    return over;
  },
  end(): void {
    over = true;
  },
  renew(): void {
    over = false;
  },
};
