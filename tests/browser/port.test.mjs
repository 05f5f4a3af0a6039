import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  askSeal, atTheGate, bringIn, goOffline, goOnline, issueNote, makeKey, nothingWaits, onItsWay, openBorderGate, PHONE, read, refuse, takeOver, untilHeld,
  untilState, verdict, waiting,
} from "./counter.mjs";
import { findings, launch, open, PATIENCE_MS, signIn, tokenOf, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const isTrack = (url) => url.pathname.endsWith("/track");

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

test("a silent seal is told as silent and asked again; the gate says GO to the noted truck with the noted weight, and the note is spent", async () => {
  const { page, log, close } = await visitor(browser, { ...PHONE, worker: false });
  await signIn(page, tokenOf("operator"));
  const transfer = await atTheGate(page);
  const truck = `陕B${String(Date.now()).slice(-5)}`;
  await openBorderGate("border-gate", transfer.destination);
  await issueNote(transfer, { note: `N-GO-${Date.now()}`, truck, grossKg: "18000" });
  await bringIn(page, transfer);
  await page.route(isTrack, (route) => route.abort());
  await page.getByTestId("ask-seal").click();
  await page.locator("[data-testid=challenge][data-stand=waiting]").waitFor();
  assert.deepEqual(await findings(page), []);
  // A seal has a minute.
  await page.locator("[data-testid=challenge][data-stand=silent]").waitFor({ timeout: 2 * PATIENCE_MS });
  assert.match(await page.getByTestId("challenge").innerText(), /The seal did not answer[\s\S]*Ask again/);
  assert.deepEqual(await findings(page), []);
  await page.unrouteAll();
  await askSeal(page);

  await page.getByTestId("gate").selectOption("border-gate");
  await page.getByTestId("truck").fill(truck);
  await page.getByTestId("weight").fill("18010");
  await page.getByTestId("ask-gate").click();
  await page.getByTestId("gate-verdict").waitFor();
  assert.match(await page.getByTestId("gate-verdict").innerText(), /GO\s+The truck may pass/);
  assert.deepEqual(await findings(page), []);
  await page.getByTestId("ask-gate").click();
  await page.locator("[data-testid=gate-verdict][data-verdict=hold]").getByText(/note/).waitFor();
  assert.deepEqual(log.errors, []);
  await close();
});

test("while what is in a unit is not known nobody is told that there is nothing to split; a refusal has a reason, and holds the unit", async () => {
  const { page, log, close } = await visitor(browser, { ...PHONE, worker: false });
  await signIn(page, tokenOf("operator"));
  await makeKey(page);
  const transfer = await onItsWay(page);
  const cargo = (url) => url.pathname === "/api/v1/records/cargo";
  const held = [];
  await page.route(cargo, (route) => void held.push(route));
  await open(page, `/port/${transfer.id}`);
  const panel = page.getByRole("region", { name: "Split the consolidation" });
  await panel.getByText("Loading").waitFor();
  assert.doesNotMatch(await panel.innerText(), /Nothing to split/);
  await Promise.all(held.map((route) => route.abort()));
  await panel.getByText("The data could not be loaded").waitFor();
  assert.doesNotMatch(await panel.innerText(), /Nothing to split/);
  assert.deepEqual(await findings(page), []);
  await page.unroute(cargo);
  await panel.getByRole("button", { name: "Try again" }).click();
  await panel.getByText("Nothing to split").waitFor();

  await page.getByText("Refuse", { exact: true }).first().click();
  assert.equal(await page.getByTestId("refuse").isDisabled(), true, "a unit is refused for a reason");
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/commands"));
  await refuse(page, "the roof is dented <b>badly</b>");
  assert.match(await (await sent).headerValue("sealway-signature"), /^[0-9a-f]{144}$/);
  assert.equal((await untilHeld(page, transfer.id, "refused")).detail, "the roof is dented <b>badly</b>");
  // From then on the match says so to whoever stands before the unit.
  await page.locator("[data-testid=match][data-verdict=hold]").getByText("It is held until customs lifts the hold").waitFor();
  assert.deepEqual(await findings(page), []);
  assert.deepEqual([log.errors, log.violations], [[], []]);
  await close();
});

test("a consolidation is taken over, opened, counted where there is no network, and parted; what is short holds it, and customs sees by how much", async () => {
  const { page, log, close } = await visitor(browser, PHONE);
  await signIn(page, tokenOf("operator"));
  await makeKey(page);
  const transfer = await atTheGate(page, { consolidated: true });
  await takeOver(page, transfer);
  const split = page.getByTestId("split");
  await split.waitFor();
  // The page hears of it before the list shows it.
  await untilState(page, transfer.id, ["unsealed"]);
  assert.deepEqual(await findings(page), []);
  await goOffline(page);
  await split.getByTestId("found").nth(1).fill("3");
  await split.getByTestId("split-note").fill("one piece is missing");
  await split.getByTestId("file-split").click();
  await waiting(page, 1);
  assert.match(await page.getByTestId("outbox").innerText(), /Split[\s\S]*signed/);
  await goOnline(page);
  await nothingWaits(page);
  await split.waitFor({ state: "detached" });
  const [done] = await until(page, async (id) => {
    const { splits } = (await (await fetch(`/api/v1/records/cargo/${id}`)).json()).body;
    return splits.length > 0 && splits;
  }, transfer.id);
  const [line] = done.lines.filter((line) => line.short !== "0");
  assert.deepEqual([done.note, line.declared, line.found, line.short], ["one piece is missing", "4", "3", "1"]);
  assert.deepEqual(await findings(page), []);
  assert.deepEqual(log.errors, []);
  await close();

  const customs = await visitor(browser, { language: "zh" });
  await signIn(customs.page);
  await open(customs.page, `/transfers/${transfer.id}`);
  await customs.page.getByTestId("held").getByText("短少 1 行、溢出 0 行").waitFor();
  await customs.close();
});
