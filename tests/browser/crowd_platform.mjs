// A platform with thousands of real seals under way, each on a connection of its own. Platform and seals are two processes, since each
// connection takes a file of either.
import { spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { required } from "./browser.mjs";
import { HERE, homeOf, ran, serve, tokenIn } from "./platform.mjs";

const SIM = required("SEAL_SIM_BIN");
const WORLD = new URL("../../tracker/core/world", import.meta.url).pathname;
/** They all come from one address, within seconds. */
const CROWDED = `${HERE}\naddress_burst = 1000000\naddress_per_second = 1000000\nstrangers_per_second = 1000000`;
/** Some seals of the demonstration are thieves and jammers that come and go. */
const CHEATS = 5;
const LOOKS_MS = 1_000;
/** Rows that one answer of the API may hold. */
const PAGE = 500;
const DECLARED_WITHIN_MS = 900_000;

/**
 * `everyMs`: between two reports of a seal. `history`: what each told of its way before. `onProgress` hears how many are connected, and
 * of how many the platform knows the place. Gives the platform's address and an officer's token.
 */
export async function crowdOf(units, { everyMs = 30_000, history = 20, onProgress = () => {} } = {}) {
  const folder = await homeOf();
  const size = ["--devices", String(units)];
  ran(["demo", ...size, "--without-seals", "--http", "127.0.0.1:0", "--data", folder.data], { timeout: DECLARED_WITHIN_MS });
  const token = tokenIn(folder.data, "customs", "xian-customs");
  const platform = await serve(folder, { mqtt: CROWDED });
  const way = ["--corridors", `${WORLD}/corridors.geojson`, "--places", `${WORLD}/places.geojson`, "--history", String(history)];
  const pace = ["--time-factor", "1", "--report-every-ms", String(everyMs)];
  const seals = spawn(SIM, ["fleet", ...size, "--mqtt", platform.mqtt, "--platform-key", platformKey(folder.data), ...way, ...pace], { stdio: ["ignore", "ignore", "inherit"] });
  const gone = new Promise((over) => seals.once("exit", over));
  const stop = async () => {
    seals.kill("SIGKILL");
    await gone;
    await platform.stop();
  };
  try {
    await underWay(seals, units, { address: platform.address, token, onProgress });
  } catch (error) {
    await stop();
    throw error;
  }
  return { address: platform.address, token, stop };
}

/** In hex, as a seal is told it: out of the key of the log's notes, whose first byte names its kind. */
function platformKey(data) {
  const note = ran(["evidence", "root", "--data", data]).trim();
  return Buffer.from(note.match(/\+[0-9a-f]{8}\+(\S+)$/)[1], "base64").subarray(1).toString("hex");
}

/** Every seal is connected, and has told where it is. */
async function underWay(seals, units, { address, token, onProgress }) {
  for (let placed = 0; placed < units; await pause(LOOKS_MS)) {
    if (seals.exitCode !== null) throw new Error(`seal-sim fleet ended with ${seals.exitCode} (each seal takes an open file: ulimit -n)`);
    const connected = await connections(address);
    if (connected >= units - CHEATS) placed = (await listed(address, token, "/devices")).filter(({ last }) => last?.fix).length;
    onProgress(connected, placed);
  }
}

async function connections(address) {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(text.match(/^sealway_front_connections_open (\d+)/m)?.[1] ?? 0);
}

/** Every row of a list of the API. */
export async function listed(address, token, path) {
  const rows = [];
  for (let after = ""; after !== null; ) {
    const answer = await fetch(`${address}/api/v1${path}?limit=${PAGE}${after}`, { headers: { authorization: `Bearer ${token}` } });
    const { items, next } = await answer.json();
    rows.push(...items);
    after = next ? `&after=${encodeURIComponent(next)}` : null;
  }
  return rows;
}
