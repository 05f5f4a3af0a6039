// How this browser draws WebGL 2, without which the map engine cannot do.

export type Drawing = "none" | "software" | "hardware";

const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether a renderer of this name computes every pixel on the processor, the same that runs the page. */
export const isSoftware = (renderer: string): boolean => SOFTWARE.test(renderer);

let found: Drawing | undefined;

/** Asked once: each question costs a context of the graphics driver. */
export function drawing(): Drawing {
  return (found ??= ask());
}

function ask(): Drawing {
  try {
    const gl = document.createElement("canvas").getContext("webgl2");
    if (gl === null) return "none";
    const names = gl.getExtension("WEBGL_debug_renderer_info");
    const renderer = String(gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return isSoftware(renderer) ? "software" : "hardware";
  } catch {
    return "none";
  }
}
