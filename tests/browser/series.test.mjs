import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findings, launch, PATIENCE_MS, visitor } from "./floor.mjs";

const BIN = process.env.SEALWAY_BIN;
const RUN = { encoding: "utf8", timeout: 2 * PATIENCE_MS };

/** A port where nobody listens. */
async function silentPort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

let browser, home, platform, address, token;
before(async () => {
  browser = await launch({ webgl: false });
  home = await mkdtemp(join(tmpdir(), "sealway-series-"));
  const data = join(home, "data");
  // A log with a few seals in it, so that there is something to be late with.
  const lived = spawnSync(BIN, ["demo", "--devices", "4", "--for", "5s", "--http", "127.0.0.1:0", "--report", "json", "--data", data], RUN);
  assert.equal(lived.status, 0, lived.stderr);
  const made = spawnSync(BIN, ["token", "new", "--role", "customs", "--party", "xian-customs", "--data", data], RUN);
  assert.equal(made.status, 0, made.stderr);
  token = made.stdout.match(/slw_[0-9a-f]{64}/)[0];
  const config = join(home, "sealway.toml");
  const away = `[series]\nstore = "influxdb"\n[series.influx]\nurl = "http://127.0.0.1:${await silentPort()}"\nbucket = "sealway"\n`;
  await writeFile(config, `[mqtt]\nlisten = "127.0.0.1:0"\n[http]\nlisten = "127.0.0.1:0"\n${away}`);
  platform = spawn(BIN, ["serve", "--config", config, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  address = await new Promise((found, failed) => {
    let said = "";
    platform.stdout.on("data", (bytes) => {
      said += bytes;
      const http = said.match(/http:\/\/127\.0\.0\.1:\d+/);
      if (http) found(http[0]);
    });
    platform.once("exit", (code) => failed(new Error(`the platform ended with ${code}: ${said}`)));
  });
});
after(async () => {
  platform?.kill("SIGTERM");
  await browser?.close();
  if (home) await rm(home, { recursive: true, force: true });
});

for (const [language, said] of [["en", /Time series not written: \d+ entries behind/], ["zh", /时序库不可写：滞后 \d+ 条/]]) {
  test(`the bar says that the database of the time series is away, and by how much it is behind (${language})`, async () => {
    const { page, close } = await visitor(browser, { language });
    await page.goto(`${address}/login#${token}`);
    await page.getByTestId("floor").waitFor();
    const series = page.getByTestId("series");
    await series.waitFor();
    const words = await series.innerText();
    assert.match(words, said);
    assert.equal(await series.getAttribute("data-state"), "failing");
    const { lag, failing_since: since, backend } = await page.evaluate(async () => (await fetch("/api/v1/series/state")).json());
    assert.equal(backend, "influxdb");
    assert.ok(lag > 0 && since > 0, `${lag} entries behind since ${since}`);
    // The log goes on without it: the transfers are all there.
    assert.ok((await page.getByTestId("transfers").locator("tbody tr").count()) > 0);
    assert.deepEqual(await findings(page), []);
    await close();
  });
}
