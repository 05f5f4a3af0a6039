// Writes beside each file of a build what it is in gzip, where that is worth it: the program sends it to whom can read it.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";

/** Of what the file has: beyond this, taking it apart costs more than carrying it. */
const WORTH = 0.9;

export function compressed() {
  return {
    name: "compressed",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      const files = Object.keys(bundle).map((name) => join(dir, name));
      await Promise.all(
        files.map(async (file) => {
          const bytes = await readFile(file);
          const small = await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION });
          if (small.length < bytes.length * WORTH) await writeFile(`${file}.gz`, small);
        }),
      );
    },
  };
}
