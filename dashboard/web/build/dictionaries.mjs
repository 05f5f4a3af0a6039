// Ends a build whose dictionaries are not each other's translation, or whose sources ask for a text that no dictionary has: the types say so
// too, but a build does not look at types.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const source = fileURLToPath(new URL("../src/lib/i18n/fill.ts", import.meta.url));
/** `t("key")`; the keys that are put together of parts are left to the types. */
const ASKED = /(?<![\w.$])t\(\s*(["'])([\w.-]+)\1\s*[,)]/g;

/** What is wrong with `texts`, against the `others` of the other language. Pure. */
export function faultsOf(language, texts, others) {
  return Object.keys(others).flatMap((key) => {
    if (!Object.hasOwn(texts, key)) return [`${key}: not in ${language}`];
    return texts[key].trim() === "" ? [`${key}: empty in ${language}`] : [];
  });
}

/** The keys that a source asks for and `texts` does not have. Pure. */
export const unknownKeys = (code, texts) => [...code.matchAll(ASKED)].map(([, , key]) => key).filter((key) => !Object.hasOwn(texts, key));

export function dictionaries() {
  let zh;
  return {
    name: "dictionaries",
    apply: "build",
    enforce: "pre",
    async buildStart() {
      const { module, dependencies } = await runnerImport(source, { configFile: false, logLevel: "warn" });
      zh = module.dictionaries.zh;
      dependencies.forEach((file) => this.addWatchFile(file));
      const faults = [...faultsOf("en", module.dictionaries.en, zh), ...faultsOf("zh", zh, module.dictionaries.en)];
      if (faults.length > 0) this.error(`texts of the interface:\n  ${faults.join("\n  ")}`);
    },
    transform(code, id) {
      if (!/\/src\/.*\.(ts|svelte)$/.test(id)) return;
      const unknown = unknownKeys(code, zh);
      if (unknown.length > 0) this.error(`${unknown.join(", ")}: not in the dictionaries, expected in src/lib/i18n`);
    },
  };
}
