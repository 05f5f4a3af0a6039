// A platform of a test's own with real seals under way: declared through the API, and driven by the simulator until they have said enough.
import { spawn, spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { freshContainer, freshReference, goodsLine } from "./declared.mjs";
import { eventually, PATIENCE_MS } from "./floor.mjs";
import { posted } from "./people.mjs";
import { lived, serve } from "./platform.mjs";

const SIM = process.env.SEAL_SIM_BIN;
const CORRIDORS = new URL("../../tracker/core/world/corridors.geojson", import.meta.url).pathname;
const CARRIER = "silk-road-rail";
/** Time goes faster for the seals, so their clocks run ahead; and terminals of other makers are heard. */
const SECTIONS = `[clocks]\ndevice = "1d"\n[[gateway.jtt808]]\nname = "trucks"\nlisten = "127.0.0.1:0"\n`;

/** What the simulator says when it has ended well. */
function said(...given) {
  const { status, stdout, stderr } = spawnSync(SIM, given, { encoding: "utf8", timeout: PATIENCE_MS });
  if (status !== 0) throw new Error(`seal-sim ${given[0]} ended with ${status}: ${stderr}`);
  return stdout;
}

export async function waysideOf() {
  const folder = await lived([["customs", "xian-customs"], ["carrier", CARRIER], ["admin", "platform"]], { span: "1s" });
  const [customs, carrier, admin] = folder.tokens;
  const { address, mqtt, stop } = await serve(folder, { sections: SECTIONS });
  const read = async (path, token = customs) => (await fetch(`${address}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  const command = (body) => posted(address, carrier, "/commands", body);
  const transferOf = (id) => read(`/transfers/${id}`);
  /** Every report of a seal, by counter. */
  const reportsOf = async (seal) => (await read(`/devices/${seal}/track?limit=10000`)).points.toSorted((a, b) => a.ctr - b.ctr);

  /** Enrols a seal by its own proof; gives the key of the platform, which it trusts from then on. */
  async function enrolled(device) {
    const { challenge } = await posted(address, carrier, "/devices/enrolment-challenges", { device });
    const [key, proof] = said("prove", device, challenge).trim().split(" ");
    return (await posted(address, carrier, "/devices", { device, public_key: key, challenge, proof })).platform_key;
  }

  /** A transfer over these corridors under a seal. Nobody releases it: it is of low risk. */
  async function declared(seal, ways) {
    const { features } = await read("/corridors");
    const corridors = ways.map((way) => features.find(({ properties }) => properties.id === way).properties);
    const [transfer, unit] = [freshReference(), freshContainer()];
    const way = { origin: corridors[0].from, destination: corridors.at(-1).to, corridor: ways[0], legs: corridors.map(({ id, mode }) => ({ mode, corridor: id })) };
    await command({ type: "draft-transfer", transfer, carrier: CARRIER, unit, seal, ...way, consignments: [] });
    await command({ type: "declare-goods", transfer, enterprise: CARRIER, declaration: `D-${seal}`, lines: [goodsLine()] });
    await command({ type: "bind-seal", transfer, unit, seal, mechanical: [] });
    await command({ type: "submit-transfer", transfer });
    return { seal, transfer, unit };
  }

  /**
   * A new seal on a transfer of its own. It goes one drive after the other: `corridor`, further `options` of the simulator, and whether its
   * reports are `enough`; then its power fails.
   */
  async function sealed(seal, ways, drives) {
    const key = await enrolled(seal);
    const way = await declared(seal, ways);
    // What it writes down after each report takes time: only who goes on has to.
    const memory = drives.length > 1 ? ["--state", join(folder.home, seal)] : [];
    for (const { corridor, options, enough, world = CORRIDORS } of drives) {
      const given = ["--mqtt", mqtt, "--device", seal, "--platform-key", key, ...memory, "--corridors", world, "--corridor", corridor];
      const program = spawn(SIM, ["drive", ...given, ...options], { stdio: ["ignore", "ignore", "inherit"] });
      const ended = new Promise((over) => program.once("exit", over));
      try {
        await eventually(`enough of ${seal}`, async () => enough(await reportsOf(seal)));
      } finally {
        program.kill("SIGKILL");
        await ended;
      }
    }
    await eventually(`${seal} is on its last leg`, async () => {
      const { state, leg } = await transferOf(way.transfer);
      return state === "in-transit" && leg === ways.length - 1;
    });
    return way;
  }

  /** The simulator's world where ships keep some kilometres off the middle of their ways. */
  async function besideTheSeaWays() {
    const world = JSON.parse(await readFile(CORRIDORS, "utf8"));
    for (const { geometry } of world.features.filter(({ properties }) => properties.mode === "sea")) {
      geometry.coordinates = geometry.coordinates.map(([lon, lat], i, { length }) => [lon, i % (length - 1) === 0 ? lat : lat + 0.04]);
    }
    const path = join(folder.home, "beside.geojson");
    await writeFile(path, JSON.stringify(world));
    return path;
  }

  /** A box of another maker in a truck, which tells these places one after the other. */
  async function terminal(id, phone, places) {
    await command({ type: "register-terminal", terminal: id, owner: CARRIER, protocol: "jtt808", call_sign: phone, used_as: "vehicle" });
    // It tells whole seconds, and what was before its registration is nobody's.
    await pause(1_000);
    const [{ at: gateway }] = (await read("/gateways", admin)).items;
    for (const [lat, lon] of places) said("terminal", "--gateway", gateway, "--phone", phone, "--lat", String(lat), "--lon", String(lon));
    return id;
  }

  return { address, token: customs, transferOf, sealed, besideTheSeaWays, terminal, stop };
}
