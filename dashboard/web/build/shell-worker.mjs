// Adds `sw.js` to a build: the service worker with the list of files that the interface needs without a network.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("./sw.js", import.meta.url));
/** The map and its engine are the files beyond this, and a phone at a gate does not need them. */
const MOST_BYTES = 250_000;

export function shellWorker() {
  return {
    name: "shell-worker",
    apply: "build",
    enforce: "post",
    generateBundle(_, bundle) {
      const names = Object.values(bundle).filter((file) => file.fileName.startsWith("assets/") && Buffer.byteLength(file.code ?? file.source) < MOST_BYTES).map((file) => file.fileName).sort();
      const files = ["/", ...names.map((name) => `/${name}`)];
      const text = readFileSync(source, "utf8");
      const version = createHash("sha256").update(files.join("\n")).update(text).digest("hex").slice(0, 16);
      this.emitFile({ type: "asset", fileName: "sw.js", source: text.replace('"__VERSION__"', JSON.stringify(version)).replace('"__SHELL__"', JSON.stringify(files)) });
    },
  };
}
