// What an operator's counter is to the tests: the phone, what stands before the gate, and the way from its numbers to the handoff.
import { open, PATIENCE_MS, until } from "./floor.mjs";
import { commandAs } from "./people.mjs";

export const PHONE = { width: 360, height: 740 };
const STATION = ["depot-xian-port-station", "zone-xian-bonded", "zone-xian-epz-a", "zone-xian-hightech-bonded"];

/** A transfer that stands before an operator's gate and is held by nothing; a consolidation, or one that is none; none of `besides`. */
export async function atTheGate(page, { consolidated = false, besides = [] } = {}) {
  return until(
    page,
    async ([places, consolidated, others]) => {
      const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
      const cargos = (await (await fetch("/api/v1/records/cargo?limit=500")).json()).items;
      const parts = new Set(cargos.filter(({ body }) => body.consignments.length > 1).map((cargo) => cargo.transfer));
      const there = (row) => row.progress_km != null && row.length_km - row.progress_km < 0.02;
      const clear = (row) => row.holds.length === 0 && !row.custody_held && row.worst_severity !== "red";
      return items.find((row) => places.includes(row.destination) && there(row) && clear(row) && parts.has(row.id) === consolidated && !others.includes(row.id));
    },
    [STATION, consolidated, besides.map(({ id }) => id)],
    { timeout: 4 * PATIENCE_MS },
  );
}

/** A transfer in transit to the operator with nothing against it, the furthest; none of `besides`. */
export async function onItsWay(page, { besides = [] } = {}) {
  return until(
    page,
    async ([places, others]) => {
      const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
      const clear = (row) => row.holds.length === 0 && !row.custody_held && row.worst_severity !== "red";
      const left = (row) => row.length_km - row.progress_km;
      return items.filter((row) => places.includes(row.destination) && clear(row) && !others.includes(row.id)).sort((a, b) => left(b) - left(a))[0];
    },
    [STATION, besides.map(({ id }) => id)],
    { timeout: 4 * PATIENCE_MS },
  );
}

export async function read(page, { unit, seal }) {
  await page.getByTestId("read-unit").fill(unit);
  await page.getByTestId("read-seal").fill(seal);
}

/** The arrival is taken; where it is not, the page's word for it. */
export async function arrive(page) {
  await page.getByTestId("arrive").click();
  const refused = page.getByTestId("refused");
  await page.getByTestId("ask-seal").or(refused).first().waitFor();
  for (const why of await refused.allInnerTexts()) throw new Error(`the arrival was refused: ${why}`);
}

/** By the unit's page: the numbers match, and it arrived. */
export async function bringIn(page, transfer) {
  await open(page, `/port/${transfer.id}`);
  await read(page, transfer);
  await arrive(page);
}

export async function askSeal(page) {
  await page.getByTestId("ask-seal").click();
  await page.locator("[data-testid=challenge][data-stand=answered]").waitFor();
}

/** The arrival, the seal's answer and the signed handoff. */
export async function takeOver(page, transfer) {
  await bringIn(page, transfer);
  await askSeal(page);
  await page.getByTestId("sign").click();
}

/** A unit turned away for a reason. */
export async function refuse(page, reason) {
  await page.getByTestId("refuse").evaluate((button) => (button.closest("details").open = true));
  await page.getByTestId("refuse-reason").fill(reason);
  await page.getByTestId("refuse").click();
}

/** What waits on this phone. */
export const waiting = (page, count) => page.getByTestId("outbox").locator("li").nth(count - 1).waitFor();
export const nothingWaits = (page) => page.getByTestId("outbox").waitFor({ state: "detached" });
export const goOffline = (page) => page.context().setOffline(true);
export const goOnline = (page) => page.context().setOffline(false);

export const verdict = (page, testid) => page.getByTestId(testid).getAttribute("data-verdict");

export async function makeKey(page) {
  await open(page, "/keys");
  await page.getByTestId("make-key").click();
  await page.getByTestId("have-key").waitFor();
}

export const transferNow = (page, id) => page.evaluate(async (id) => (await fetch(`/api/v1/transfers/${id}`)).json(), id);

/** Waits until the list shows what the page has heard. */
export const untilState = (page, id, states) =>
  until(page, async ([id, states]) => states.includes((await (await fetch(`/api/v1/transfers/${id}`)).json()).state), [id, states]);

export const untilHeld = (page, id, reason) =>
  until(page, async ([id, reason]) => (await (await fetch(`/api/v1/transfers/${id}`)).json()).holds.find((hold) => hold.reason === reason), [id, reason]);

/** Customs' note for one passage of the transfer's truck into its destination. */
export const issueNote = ({ id, unit, destination }, { note, truck, grossKg }) =>
  commandAs("customs", { type: "issue-release-note", note, transfer: id, truck, unit, direction: "inbound", place: destination, gross_kg: grossKg, not_after: Date.now() + 3_600_000 });

/** A gate of line one: there papers may follow, and goods that left long ago can be noted no more. */
export const openBorderGate = (gate, place) =>
  commandAs("customs", { type: "put-gate", gate, place, name_zh: "一线卡口", name_en: "Border gate", line: "border", lanes: 2, directions: ["inbound", "outbound"] });
