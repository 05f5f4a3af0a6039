// The build that the program embeds. Its output obeys a policy without 'unsafe-inline' and without other hosts:
//   default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self';
//   worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'
// MapLibre's worker is a file of ours (see src/lib/map/engine.ts), so `worker-src blob:` is not needed; `data:` images are
// its control icons.
import { compressed } from "./build/compressed.mjs";
import { dictionaries } from "./build/dictionaries.mjs";
import { shellWorker } from "./build/shell-worker.mjs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [dictionaries(), svelte(), shellWorker(), compressed()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The map engine is one lazy file of about 1 MB; everything that a table needs comes first and is small.
    chunkSizeWarningLimit: 1300,
  },
  worker: { format: "es" },
  server: { proxy: { "/api": process.env["SEALWAY_URL"] ?? "http://127.0.0.1:8080" } },
  test: { include: ["src/**/*.test.ts", "build/*.test.mjs"], environment: "node" },
});
