import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { command, findings, launch, open, signIn, tokenOf, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const CARRIER = "silk-road-rail";
const enquired = new Set();

/** A transfer under way, in time, that nothing holds and no test took before. */
async function underWay(page) {
  const found = await page.evaluate(async ([carrier, taken]) => {
    const { items } = await (await fetch("/api/v1/transfers?state=in-transit&limit=500")).json();
    const free = (transfer) => transfer.punctuality === "on-time" && transfer.holds.length === 0 && !transfer.custody_held && !taken.includes(transfer.id);
    return items.filter((transfer) => transfer.carrier === carrier && free(transfer)).sort((a, b) => a.progress_km / a.length_km - b.progress_km / b.length_km)[0]?.id;
  }, [CARRIER, [...enquired]]);
  assert.ok(found, `a transfer of ${CARRIER} is under way`);
  enquired.add(found);
  return found;
}

async function openEnquiry(page, id, reason) {
  await open(page, `/transfers/${id}`);
  await page.getByTestId("next").waitFor();
  await page.locator("details", { has: page.getByTestId("hold") }).locator("summary").first().click();
  const form = page.getByTestId("enquiry-form");
  await form.locator("textarea").fill(reason);
  await form.getByTestId("enquiry").click();
  await page.getByTestId("enquiries").getByText(reason).waitFor();
}

test("an enquiry is opened, answered by the carrier, and its answer accepted, each at once on the other's page", async () => {
  const officer = await visitor(browser);
  await signIn(officer.page);
  const id = await underWay(officer.page);
  await openEnquiry(officer.page, id, "no word from the terminal");
  const next = officer.page.getByTestId("next");
  await next.getByText("The carrier has to act").waitFor();

  const carrier = await visitor(browser);
  await signIn(carrier.page, tokenOf("carrier"));
  await open(carrier.page, `/transfers/${id}`);
  await carrier.page.getByTestId("next").getByLabel("Reason").fill("held up before the tunnel");
  await carrier.page.getByTestId("deed").click();
  assert.equal(await carrier.page.getByTestId("enquiry-form").count(), 0, "a carrier decides on no enquiry");

  // Without loading the page again.
  await next.getByText("The carrier replied to the enquiry").waitFor();
  await officer.page.getByTestId("enquiries").getByText("held up before the tunnel").waitFor();
  const form = next.getByTestId("enquiry-form");
  assert.equal(await form.getByTestId("enquiry").isDisabled(), true, "nothing is decided without words");
  await form.locator("textarea").fill("seen on the line's own report");
  assert.deepEqual(await findings(officer.page), []);
  await form.getByTestId("enquiry").click();
  await officer.page.getByTestId("enquiries").getByText("Accepted").waitFor();
  const told = await officer.page.getByTestId("enquiries").innerText();
  assert.match(told, /Carrier's reply: held up before the tunnel[\s\S]*Decided: seen on the line's own report/);
  await carrier.close();
  await officer.close();
});

test("an enquiry that is not accepted begins recovery, which only a late acceptance ends (zh)", async () => {
  const { page, close } = await visitor(browser, { language: "zh" });
  await signIn(page);
  const id = await underWay(page);
  await openEnquiry(page, id, "去向不明");
  // The carrier has said nothing: the officer closes it all the same.
  const form = page.getByTestId("enquiry-form");
  await form.getByLabel("结论").selectOption("no");
  await form.getByText("转追缴后转关单被扣留").waitFor();
  await form.locator("textarea").fill("承运人未说明");
  await form.getByTestId("enquiry").click();
  const next = page.getByTestId("next");
  await next.getByText("已转追缴").waitFor();
  await page.getByTestId("held").getByText("仍在扣留").waitFor();
  await next.getByTestId("enquiry-form").locator("textarea").fill("补交了铁路运单");
  await next.getByTestId("enquiry").click();
  await page.getByTestId("held").getByText("补交了铁路运单").waitFor();
  assert.match(await page.getByTestId("enquiries").innerText(), /已认可/);
  await close();
});

test("what held a transfer stays on its page with who put it, who lifted it and why", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  const id = await underWay(page);
  await command(page, { type: "hold-transfer", transfer: id, reason: "papers to be seen" });
  await open(page, `/transfers/${id}`);
  const next = page.getByTestId("next");
  await next.getByText("papers to be seen").waitFor();
  await next.getByLabel("Reason").fill("papers are in order");
  await page.getByTestId("deed").click();
  const held = page.getByTestId("held");
  await held.getByText("Lifted: papers are in order").waitFor();
  assert.match(await held.innerText(), /papers to be seen[\s\S]*· \d+ (s|min) ago[\s\S]*Lifted/);
  await close();
});

test("what could not be loaded is named, and no deed is offered that rests on it", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page);
  const id = await underWay(page);
  await command(page, { type: "open-enquiry", transfer: id, reason: "no word for hours" });
  await until(page, async (transfer) => (await (await fetch(`/api/v1/transfers/${transfer}`)).json()).punctuality === "enquiry", id);
  const WAY = /\/api\/v1\/records\/(enquiry|verification|binding)\?/;
  await page.route(WAY, (route) => route.abort());
  await open(page, `/transfers/${id}`);
  const next = page.getByTestId("next");
  await next.getByText("whether the carrier replied is not known").waitFor();
  await next.getByTestId("incomplete").getByText("Enquiries").waitFor();
  await page.getByText("Other actions").click();
  assert.deepEqual([await page.getByTestId("deed").count(), await page.getByTestId("enquiry-form").count()], [0, 0]);
  const decided = page.getByTestId("decisions-panel");
  await decided.getByTestId("incomplete").getByText("Verifications").waitFor();
  assert.equal(await decided.getByText("No hold, enquiry or verification").count(), 0);
  await page.getByTestId("incomplete").getByText("Seals on the unit").waitFor();
  assert.deepEqual(await findings(page), []);
  await page.unroute(WAY);
  for (const part of [next, decided]) await part.getByTestId("complete").click();
  await next.getByText("The carrier has to act").waitFor();
  await page.getByTestId("enquiries").getByText("no word for hours").waitFor();
  await decided.getByTestId("incomplete").waitFor({ state: "detached" });
  assert.deepEqual(log.errors, []);
  await close();
});
