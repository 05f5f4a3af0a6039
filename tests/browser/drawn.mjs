// What WebGL drew on the page's map: no element tells of it, so its engine and the picture are asked.

/** The colours of severities, by rank, in the light theme. */
export const RANKS = [[44, 93, 124], [111, 119, 128], [242, 169, 0], [196, 22, 42]];

/** From now on `drawnMap` of the page is the engine that WebGL has. */
export const engineAtHand = (page) =>
  page.addInitScript(() =>
    Object.defineProperty(Object.prototype, "_canvasContainer", {
      configurable: true,
      set(value) {
        Object.defineProperty(this, "_canvasContainer", { value, writable: true });
        globalThis.drawnMap = this;
      },
    }),
  );

export const mapRests = (page) => page.waitForFunction(() => drawnMap.loaded() && !drawnMap.isMoving());

/** The colours that the page has at places of the map that WebGL drew, each moved by some pixels; nothing where something lies over it. */
export async function painted(page, places) {
  const picture = (await page.screenshot()).toString("base64");
  return page.evaluate(
    async ({ picture, places }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${picture}`;
      await image.decode();
      const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
      pen.drawImage(image, 0, 0);
      const { left, top } = drawnMap.getCanvas().getBoundingClientRect();
      return places.map(({ at, by: [right, down] }) => {
        const { x, y } = drawnMap.project(at);
        const pixel = [Math.round(left + x + right), Math.round(top + y + down)];
        return document.elementFromPoint(...pixel) === drawnMap.getCanvas() ? [...pen.getImageData(...pixel, 1, 1).data.slice(0, 3)] : null;
      });
    },
    { picture, places },
  );
}

export const alike = (a, b) => a.every((part, i) => Math.abs(part - b[i]) < 34);

export const rgb = (colour) => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
