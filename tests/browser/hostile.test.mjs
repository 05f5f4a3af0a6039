// Words that would be script if a page took them for markup: in every free text that a person can send, and then on every page of every role.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { described, drafted, goodsLine } from "./declared.mjs";
import { command, launch, open, SERVER, signIn, tokenOf, until, visitor, waitForAlert } from "./floor.mjs";
import { textsIn, textsOf } from "./free_texts.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const hostile = (field) => `<img src=x onerror="globalThis.broken='${field}'"><svg onload="globalThis.broken='${field}'"></svg>{@html 1}\${1}`;

/** Texts of states that nothing on this platform is in; pages write them by the same parts as what is said here. */
const ELSEWHERE = new Set([
  ...["put-district.name_zh", "put-district.name_en", "revoke-signing-key.reason", "revoke-device.reason", "lift-quarantine.reason", "unbind-seal.reason", "release-transfer.reason"],
  ...["record-inspection.image", "record-inspection.note", "clear-inspection.note", "split-cargo.note", "refuse-transfer.reason", "verify-transfer.note", "revoke-release-note.reason"],
  ...["write-off-transfer.note", "reverse-write-off.reason"],
]);
const said = new Set();

async function as(role) {
  const { page, log, close } = await visitor(browser);
  page.on("request", (request) => {
    if (request.url().endsWith("/api/v1/commands")) for (const text of textsIn(request.postDataJSON())) said.add(text);
  });
  await signIn(page, tokenOf(role));
  return { page, log, close, ask: (body) => command(page, body) };
}

/** A transfer of the carrier who signs in, under way and free, with one of its alerts. */
async function subjects({ page }) {
  await waitForAlert(page);
  return page.evaluate(async () => {
    const read = async (path) => (await (await fetch(`/api/v1${path}`)).json()).items;
    const transfers = await read("/transfers?state=in-transit&carrier=silk-road-rail&limit=500");
    const left = (row) => row.length_km - row.progress_km;
    const free = transfers.filter((row) => row.holds.length === 0 && row.open_alerts === 0 && row.punctuality === "on-time");
    free.sort((a, b) => left(b) - left(a));
    return { transfer: free[0].id, alert: (await read("/alerts?state=active&limit=1"))[0].id, place: await (await fetch("/api/v1/places/depot-xian-port-station")).json() };
  });
}

async function saysEverything({ customs, carrier, admin }, { transfer, alert, place }) {
  await admin.ask({ type: "register-party", party: "hostile-party", role: "carrier", name_zh: hostile("name_zh"), name_en: hostile("name_en") });
  await admin.ask({ type: "register-user", user: "hostile-user", party: "hostile-party", role: "carrier", name: hostile("name") });
  await customs.ask({ type: "hold-transfer", transfer, reason: hostile("hold") });
  await customs.ask({ type: "lift-hold", transfer, reason: hostile("lift") });
  await customs.ask({ type: "open-enquiry", transfer, reason: hostile("enquiry") });
  await carrier.ask({ type: "reply-enquiry", transfer, reply: hostile("reply") });
  await customs.ask({ type: "close-enquiry", transfer, accepted: true, note: hostile("closed") });
  await carrier.ask({ type: "report-incident", transfer, kind: "accident", note: hostile("incident") });
  await customs.ask({ type: "resume-transfer", transfer, note: hostile("resume") });
  await customs.ask({ type: "note-alert", alert, note: hostile("note") });
  await customs.ask({ type: "acknowledge-alert", alert, note: hostile("acknowledged") });
  await customs.ask({ type: "decide-alert", alert, verdict: "device-fault", reason: hostile("decided") });
  await customs.ask({ type: "assess-carrier", carrier: "qinling-road", tier: "medium", reason: hostile("tier") });
  await customs.ask({ type: "put-gate", gate: "hostile-gate", place: "depot-xian-port-station", line: "hinterland", lanes: 1, directions: ["inbound"], name_zh: hostile("gate_zh"), name_en: hostile("gate_en") });
  await saysOnPaper({ customs, carrier });
  await admin.ask({ type: "register-terminal", terminal: "HOSTILE-1", owner: "silk-road-rail", protocol: "jointech", call_sign: "7010100099", used_as: "lock" });
  await admin.ask({ type: "revoke-terminal", terminal: "HOSTILE-1", reason: hostile("terminal") });
  const feature = { ...place, properties: { ...place.properties, name_zh: hostile("place_zh"), name_en: hostile("place_en") } };
  await customs.ask({ type: "put-place", feature });
  await withdraws(customs, place);
  return () => customs.ask({ type: "put-place", feature: place });
}

/** A version of a place and of a corridor that were planned for a day to come. */
async function withdraws(customs, place) {
  const effective_from = Date.now() + 86_400_000;
  await customs.ask({ type: "put-place", feature: place, effective_from });
  await customs.ask({ type: "withdraw-place-version", place: place.properties.id, effective_from, reason: hostile("place_withdrawn") });
  const corridor = await customs.page.evaluate(async () => (await (await fetch("/api/v1/corridors")).json()).features[0]);
  await customs.ask({ type: "put-corridor", feature: corridor, effective_from });
  await customs.ask({ type: "withdraw-corridor-version", corridor: corridor.properties.id, effective_from, reason: hostile("corridor_withdrawn") });
}

async function saysOnPaper({ customs, carrier }) {
  const owner = "silk-road-rail";
  const lines = [described(goodsLine(), hostile("goods_zh"), hostile("goods_en"))];
  const consignments = [{ document: { "bill-of-lading": "COSU6123456799" }, owner, lines }];
  const draft = await drafted(carrier.page, { carrier: owner, consignments });
  await carrier.ask({ type: "declare-cargo", transfer: draft, consignments });
  await carrier.ask({ type: "cancel-transfer", transfer: draft, reason: hostile("cancel") });
  const [now, goods] = [Date.now(), [{ goods: "CHIP", quantity: "100", unit: "PCE", specification: "<img src=x onerror=broken=1>" }]];
  const card = `HOSTILE-${now}`;
  await customs.ask({ type: "issue-pass-card", card, enterprise: owner, truck: "陕A12345", goods, not_before: now, not_after: now + 3_600_000 });
  await customs.ask({ type: "revoke-pass-card", card, reason: hostile("card") });
}

const PAGES = {
  customs: ["/", "/alerts", "/transfers", "/grants", "/write-off", "/ledger-imports", "/gates", "/handover", "/kpis", "/corridors", "/audit"],
  carrier: ["/", "/fleet", "/declare", "/alerts", "/transfers", "/receipts", "/devices"],
  operator: ["/", "/port", "/alerts", "/transfers", "/kpis"],
  auditor: ["/", "/alerts", "/transfers", "/gates", "/audit"],
  admin: ["/", "/transfers", "/audit", "/account"],
};

test("hostile words in every free text are words on every page of every role", async () => {
  const people = { customs: await as("customs"), carrier: await as("carrier"), admin: await as("admin"), operator: await as("operator"), auditor: await as("auditor") };
  const { transfer, alert, place } = await subjects(people.customs);
  const restore = await saysEverything(people, { transfer, alert, place });
  try {
    await areWords(people, { transfer, alert });
  } finally {
    // The tests after this one read the place's name.
    await restore();
  }
  for (const { close } of Object.values(people)) await close();
});

async function areWords(people, { transfer, alert }) {
  const all = new Set(textsOf(await (await fetch(`${SERVER}/openapi.json`)).json()));
  assert.deepEqual([...all].filter((text) => !said.has(text) && !ELSEWHERE.has(text)), [], "a free text that nobody tried");
  assert.deepEqual([...ELSEWHERE].filter((text) => said.has(text) || !all.has(text)), [], "no longer left out");
  const own = { customs: [`/transfers/${transfer}`, `/transfers/${transfer}/report`, `/alerts/${alert}`], carrier: [`/transfers/${transfer}`, `/fleet/${transfer}`], auditor: [`/transfers/${transfer}`, `/alerts/${alert}`] };
  for (const [role, paths] of Object.entries(PAGES)) {
    const { page, log } = people[role];
    for (const path of [...paths, ...(own[role] ?? [])]) {
      await open(page, path);
      await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
      const [broken, made] = await page.evaluate(() => [globalThis.broken, document.querySelectorAll("img[src=x], svg[onload]").length]);
      assert.deepEqual([broken, made], [undefined, 0], `${role} at ${path}`);
    }
    assert.deepEqual([log.errors, log.violations], [[], []], role);
  }
  const { page } = people.customs;
  await open(page, `/transfers/${transfer}`);
  for (const field of ["hold", "lift", "enquiry", "reply", "closed", "incident", "resume"]) {
    await until(page, (words) => document.querySelector("[data-testid=transfer]").textContent.includes(words), hostile(field));
  }
}
