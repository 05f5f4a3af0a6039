import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, PATIENCE_MS, SERVER, signIn, tokenOf, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PHONE = { width: 360, height: 740 };
const STATION = ["depot-xian-port-station", "zone-xian-bonded", "zone-xian-epz-a", "zone-xian-hightech-bonded"];

/** A transfer that stands before an operator's gate and is held by nothing; a consolidation, or one that is none. */
async function atTheGate(page, consolidated = false) {
  return until(
    page,
    async ([places, consolidated]) => {
      const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
      const cargos = (await (await fetch("/api/v1/records/cargo?limit=500")).json()).items;
      const parts = new Set(cargos.filter(({ body }) => body.consignments.length > 1).map((cargo) => cargo.transfer));
      const there = (row) => row.progress_km != null && row.length_km - row.progress_km < 0.02;
      const clear = (row) => row.holds.length === 0 && !row.custody_held && row.worst_severity !== "red";
      return items.find((row) => places.includes(row.destination) && there(row) && clear(row) && parts.has(row.id) === consolidated);
    },
    [STATION, consolidated],
    { timeout: 4 * PATIENCE_MS },
  );
}

/** By the unit's page: the numbers match, it arrived, the seal answers, the handoff is signed. */
async function takeOver(page, transfer) {
  await open(page, `/port/${transfer.id}`);
  await read(page, transfer);
  await page.getByTestId("arrive").click();
  await page.getByTestId("ask-seal").click();
  await page.locator("[data-testid=challenge][data-stand=answered]").waitFor();
  await page.getByTestId("sign").click();
}

async function read(page, { unit, seal }) {
  await page.getByTestId("read-unit").fill(unit);
  await page.getByTestId("read-seal").fill(seal);
}

const verdict = (page, testid) => page.getByTestId(testid).getAttribute("data-verdict");

async function makeKey(page) {
  await open(page, "/keys");
  await page.getByTestId("make-key").click();
  await page.getByTestId("have-key").waitFor();
}

for (const language of ["en", "zh"]) {
  test(`the operator's day: match, arrival, the seal's answer, the signed handoff (${language})`, async () => {
    const { page, log, close } = await visitor(browser, { ...PHONE, language });
    await signIn(page, tokenOf("operator"));
    await makeKey(page);
    const transfer = await atTheGate(page);
    await open(page, "/port");
    await page.getByTestId("due").waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByTestId("find").fill(transfer.unit.toLowerCase());
    await page.getByTestId("find").press("Enter");
    await page.waitForURL(`${SERVER}/port/${transfer.id}`);
    // The wrong seal is told at once; the right ones are GO.
    await read(page, { unit: transfer.unit, seal: "SW-X-00000" });
    assert.equal(await verdict(page, "match"), "hold");
    await read(page, transfer);
    assert.equal(await verdict(page, "match"), "go");
    await page.getByTestId("arrive").click();
    await page.getByTestId("ask-seal").click();
    await page.locator("[data-testid=challenge][data-stand=answered]").waitFor();
    assert.deepEqual(await findings(page), []);
    const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/commands"));
    await page.getByTestId("sign").click();
    assert.match(await (await sent).headerValue("sealway-signature"), /^[0-9a-f]{144}$/);
    await until(
      page,
      async (id) => ["handed-over", "unsealing-granted", "unsealed", "verified", "written-off"].includes((await (await fetch(`/api/v1/transfers/${id}`)).json()).state),
      transfer.id,
    );
    const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(wide <= 1, `the page scrolls ${wide} px sideways`);
    assert.deepEqual(log.errors, []);
    assert.deepEqual(log.violations, []);
    await close();
  });
}

test("the gate says HOLD, one reason first and all of them after it", async () => {
  const { page, close } = await visitor(browser, PHONE);
  await signIn(page, tokenOf("operator"));
  const transfer = await page.evaluate(async () => {
    const { items } = await (await fetch("/api/v1/transfers?limit=500")).json();
    return items.find((row) => row.destination === "depot-xian-port-station" && row.state === "in-transit");
  });
  await open(page, `/port/${transfer.id}`);
  await read(page, transfer);
  await page.getByTestId("truck").fill("陕A12345");
  await page.getByTestId("weight").fill("18000");
  await page.getByTestId("ask-gate").click();
  await page.getByTestId("gate-verdict").waitFor();
  assert.equal(await verdict(page, "gate-verdict"), "hold");
  const decided = await page.evaluate(async () => (await (await fetch("/api/v1/records/gate-decision?limit=1")).json()).items[0].body);
  assert.equal(decided.truck, "陕A12345");
  assert.ok((await page.getByTestId("gate-verdict").innerText()).includes(decided.reasons[0].en));
  await close();
});

test("without a network the operator goes on; what was decided is sent later, and what came too late is explained", async () => {
  const { page, log, close } = await visitor(browser, PHONE);
  await signIn(page, tokenOf("operator"));
  await makeKey(page);
  const transfer = await atTheGate(page);
  await open(page, `/port/${transfer.id}`);
  await page.getByTestId("read-unit").waitFor();
  // The worker has the interface, and this page's answers, once it is in charge and they were asked for again.
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  await page.reload();
  await page.getByTestId("read-unit").waitFor();
  await until(page, async (path) => (await caches.match(path)) !== undefined, `/api/v1/transfers/${transfer.id}`);
  await page.context().setOffline(true);
  await page.reload();
  await page.getByTestId("kept").waitFor();
  await read(page, transfer);
  await page.getByTestId("arrive").click();
  await page.getByTestId("sign").click();
  const outbox = page.getByTestId("outbox");
  await outbox.locator("li").nth(1).waitFor();
  assert.match(await outbox.innerText(), /Not sent yet\s*2[\s\S]*Arrival[\s\S]*signed[\s\S]*Handoff[\s\S]*signed/);
  assert.deepEqual(await findings(page), []);
  await page.reload();
  await outbox.locator("li").nth(1).waitFor();
  await page.context().setOffline(false);
  // The arrival is taken; the handoff needs the seal's fresh answer, which nobody could ask for.
  const conflict = page.getByTestId("conflict");
  await conflict.waitFor();
  await outbox.waitFor({ state: "detached" });
  assert.match(await conflict.innerText(), /Handoff[\s\S]*did not take it/);
  assert.deepEqual(await findings(page), []);
  assert.equal((await page.evaluate(async (id) => (await fetch(`/api/v1/transfers/${id}`)).json(), transfer.id)).state, "arrived");
  await conflict.getByRole("button", { name: "Understood" }).click();
  await conflict.waitFor({ state: "detached" });
  assert.deepEqual(log.errors, []);
  await close();
});

test("a consolidation is taken over, opened and parted; what is short holds it, and customs sees by how much", async () => {
  const { page, log, close } = await visitor(browser, PHONE);
  await signIn(page, tokenOf("operator"));
  await makeKey(page);
  const transfer = await atTheGate(page, true);
  await takeOver(page, transfer);
  const split = page.getByTestId("split");
  await split.waitFor();
  // The page hears of it before the list shows it.
  await until(page, async (id) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).state === "unsealed", transfer.id);
  assert.deepEqual(await findings(page), []);
  await split.getByTestId("found").nth(1).fill("3");
  await split.getByTestId("split-note").fill("one piece is missing");
  await split.getByTestId("file-split").click();
  await split.waitFor({ state: "detached" });
  const cargo = await page.evaluate(async (id) => (await (await fetch(`/api/v1/records/cargo/${id}`)).json()).body, transfer.id);
  const [line] = cargo.splits[0].lines.filter((line) => line.short !== "0");
  assert.deepEqual([cargo.splits[0].note, line.declared, line.found, line.short], ["one piece is missing", "4", "3", "1"]);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(log.errors, []);
  await close();

  const customs = await visitor(browser);
  await signIn(customs.page);
  await open(customs.page, `/transfers/${transfer.id}`);
  await customs.page.getByTestId("held").getByText("1 lines short").waitFor();
  await customs.close();
});
