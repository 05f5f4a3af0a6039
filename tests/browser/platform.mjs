// A platform of a test's own: `sealway serve` with a configuration, on a folder that a short demonstration left.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PATIENCE_MS, required } from "./browser.mjs";

const BIN = required("SEALWAY_BIN");

/** What the program says on standard output when it has ended well. */
export function ran(given, { timeout = 2 * PATIENCE_MS } = {}) {
  const { status, stdout, stderr } = spawnSync(BIN, given, { encoding: "utf8", timeout });
  assert.equal(status, 0, `sealway ${given[0]}: ${stderr}`);
  return stdout;
}

/** On a free port of this machine. */
export const HERE = 'listen = "127.0.0.1:0"';

/** A port where nobody listens. */
export async function silentPort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** A folder that is new, and where in it the platform keeps its data. */
export async function homeOf() {
  const home = await mkdtemp(join(tmpdir(), "sealway-platform-"));
  return { home, data: join(home, "data") };
}

/** A token of a user of this role and party. */
export const tokenIn = (data, role, party) => ran(["token", "new", "--role", role, "--party", party, "--data", data]).match(/slw_[0-9a-f]{64}/)[0];

/** A folder with a few seals in its log, and a token of a user of each of `people`: role and party. `span`: how long they spoke. */
export async function lived(people, { span = "5s" } = {}) {
  const { home, data } = await homeOf();
  ran(["demo", "--devices", "4", "--for", span, "--http", "127.0.0.1:0", "--report", "json", "--data", data]);
  return { home, data, tokens: people.map(([role, party]) => tokenIn(data, role, party)) };
}

/** Serves that folder by a configuration; `http`, `mqtt`: the keys of these sections. */
export async function serve({ home, data }, { http = HERE, mqtt: door = HERE, sections = "" }) {
  const config = join(home, "sealway.toml");
  await writeFile(config, `[mqtt]\n${door}\n[http]\n${http}\n${sections}`);
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
