// Where the person is, kept in the address bar. Links inside the interface change the page without loading it anew.
let path = $state(location.pathname);

addEventListener("popstate", () => (path = location.pathname));

export const route = {
  get path(): string {
    return path;
  },
  go(next: string, replace = false): void {
    if (replace) history.replaceState(null, "", next);
    else history.pushState(null, "", next);
    path = location.pathname;
  },
};

/** A plain click on a link of ours; what opens a tab, downloads or leaves stays with the browser. */
export function followLink(event: MouseEvent): void {
  const plain = event.button === 0 && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!plain || link === null || link.target !== "" || link.hasAttribute("download")) return;
  const url = new URL(link.href, location.href);
  const ours = url.origin === location.origin && url.hash === "" && !/^\/(api|tlog)\//.test(url.pathname);
  if (!ours) return;
  event.preventDefault();
  route.go(url.pathname + url.search);
}
