// Where the keyboard is: whatever can be pressed or filled in takes the focus, and shows that it has it.
const VISIBLE = 3;

/** What of a page the keyboard does not reach, or where nobody sees that it stands there. The last thing pressed was a key. */
export const lostFocus = (page) =>
  page.evaluate((least) => {
    const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const channels = (colour) => {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([red, green, blue]) => {
      const [r, g, b] = [red, green, blue].map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (one, other) => {
      const [dark, light] = [one, other].map((colour) => luminance(channels(colour))).sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    const ground = (element) => {
      for (let box = element; box !== null; box = box.parentElement) {
        const { backgroundColor } = getComputedStyle(box);
        if (channels(backgroundColor)[3] > 127) return backgroundColor;
      }
      return "white";
    };
    const ring = (element) => {
      // A mark of the map has its ring within.
      const reach = element.querySelector?.(":scope > .reach");
      if (element.dataset.mark !== undefined) return getComputedStyle(reach).stroke !== "none";
      const { outlineStyle, outlineWidth, outlineColor, outlineOffset } = getComputedStyle(element);
      if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return false;
      return contrast(outlineColor, ground(parseFloat(outlineOffset) < 0 ? element : element.parentElement)) >= least;
    };
    const seen = (element) => {
      const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
      return width > 0 && height > 0 && right > 0 && bottom > 0 && left < innerWidth && top < innerHeight;
    };
    const told = (element) => `${element.tagName.toLowerCase()} "${(element.getAttribute("aria-label") ?? element.innerText ?? "").trim().slice(0, 40)}"`;
    const wrong = [];
    const looked = new Set();
    const all = document.querySelectorAll("a[href], button, input, select, textarea, summary, [role=button], [tabindex]");
    for (const element of [...all].filter((found) => found.checkVisibility({ visibilityProperty: true }) && !found.disabled)) {
      // Of the rows of a table one is enough.
      const kind = [element.tagName, element.className, element.closest("td")?.cellIndex, element.parentElement.className].join();
      if (element.tabIndex < 0 || looked.has(kind)) continue;
      if (element.closest("tbody") !== null) looked.add(kind);
      element.focus();
      if (document.activeElement !== element) wrong.push(`${told(element)} takes no focus`);
      else if (!ring(element)) wrong.push(`${told(element)} does not show the focus`);
      else if (!seen(element)) wrong.push(`${told(element)} has the focus where nobody sees it`);
    }
    return wrong;
  }, VISIBLE);
