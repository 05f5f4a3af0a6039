// Where the person is. Pages are few and known, so a path is all there is.
let path = $state(location.pathname);

addEventListener("popstate", () => (path = location.pathname));

export const route = {
  get path(): string {
    return path;
  },
  go(next: string, replace = false): void {
    if (replace) history.replaceState(null, "", next);
    else history.pushState(null, "", next);
    path = next;
  },
};
