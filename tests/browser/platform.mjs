// A platform of a test's own: `sealway serve` with a configuration, on a folder that a short demonstration left.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PATIENCE_MS } from "./floor.mjs";

const BIN = process.env.SEALWAY_BIN;
const RUN = { encoding: "utf8", timeout: 2 * PATIENCE_MS };

/** A port where nobody listens. */
export async function silentPort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A folder with a few seals in its log, and a token of a user of each of `people`: role and party. `span`: how long they spoke. */
export async function lived(people, { span = "5s" } = {}) {
  const home = await mkdtemp(join(tmpdir(), "sealway-platform-"));
  const data = join(home, "data");
  const demo = spawnSync(BIN, ["demo", "--devices", "4", "--for", span, "--http", "127.0.0.1:0", "--report", "json", "--data", data], RUN);
  assert.equal(demo.status, 0, demo.stderr);
  const tokens = people.map(([role, party]) => {
    const made = spawnSync(BIN, ["token", "new", "--role", role, "--party", party, "--data", data], RUN);
    assert.equal(made.status, 0, made.stderr);
    return made.stdout.match(/slw_[0-9a-f]{64}/)[0];
  });
  return { home, data, tokens };
}

/** Serves that folder by a configuration; `http`: more keys of its section. */
export async function serve({ home, data }, { http = 'listen = "127.0.0.1:0"', sections = "" }) {
  const config = join(home, "sealway.toml");
  await writeFile(config, `[mqtt]\nlisten = "127.0.0.1:0"\n[http]\n${http}\n${sections}`);
  const program = spawn(BIN, ["serve", "--config", config, "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  const { interface: address, mqtt } = await new Promise((found, failed) => {
    let said = "";
    program.stderr.on("data", (bytes) => (said += bytes));
    const named = {};
    createInterface({ input: program.stdout }).on("line", (line) => {
      const [name, at] = line.split(" ");
      named[name] = at;
      if (named.interface && named.mqtt) found(named);
    });
    program.once("exit", (code) => failed(new Error(`the platform ended with ${code}: ${said}`)));
  });
  /** With `keep` the folder stays for another platform. */
  const stop = async ({ keep = false } = {}) => {
    program.kill("SIGTERM");
    await new Promise((ended) => (program.exitCode === null ? program.once("exit", ended) : ended()));
    if (!keep) await rm(home, { recursive: true, force: true });
  };
  return { address, mqtt, stop };
}
