import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, open, signIn, tokenOf, until, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

test("an auditor proves any entry, and sees that the log only grew since the last look", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await open(page, "/audit");
  await page.getByText("This browser remembers this log").waitFor();
  await page.getByLabel("Entry number").fill("3");
  await page.getByRole("button", { name: "Prove" }).click();
  const verdict = page.getByTestId("verdict");
  await verdict.getByText("Entry 3 is in the log").waitFor();
  // One that came after the checkpoint on the page: a newer checkpoint is looked at, and what was proved of the other does not stand meanwhile.
  const size = Number((await page.getByTestId("size").innerText()).replace(/\D/g, ""));
  await until(page, async (size) => (await (await fetch("/api/v1/log/entries?limit=1")).json()).items[0].seq > size + 20, size);
  await page.getByRole("button", { name: "Newest" }).click();
  const newest = page.getByTestId("entries").locator("tbody button").first();
  await page.waitForFunction((size) => Number(document.querySelector("[data-testid=entries] tbody button").innerText) > size, size);
  const seq = Number(await newest.innerText());
  await page.route("**/tlog/checkpoint", async (route) => {
    await page.getByText(`Entry ${seq} is under no checkpoint yet`).waitFor();
    await route.continue();
  });
  await newest.click();
  await verdict.waitFor({ state: "detached" });
  await verdict.getByText(`Entry ${seq} is in the log`).waitFor();
  await page.unroute("**/tlog/checkpoint");
  // A proof is of the tree that it was worked out for, also beside a newer checkpoint.
  const [proved, shown] = [await verdict.innerText(), await page.getByTestId("size").innerText()];
  await until(page, async (shown) => Number((await (await fetch("/tlog/checkpoint")).text()).split("\n")[1]) > Number(shown.replace(/\D/g, "")), shown);
  await page.getByRole("button", { name: "Look again" }).click();
  await page.waitForFunction((shown) => document.querySelector("[data-testid=size]").innerText !== shown, shown);
  await page.getByText("the log only grew").waitFor();
  assert.equal(await verdict.innerText(), proved);
  await close();
});

test("an entry that is not the one in the log is refuted", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  // A platform that lies: another entry under a true proof.
  await page.route("**/api/v1/log/entries/4?*", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const last = body.entry.slice(-2) === "00" ? "01" : "00";
    await route.fulfill({ response: answer, json: { ...body, entry: body.entry.slice(0, -2) + last } });
  });
  await open(page, "/audit?entry=4");
  await page.getByTestId("verdict").getByText("Entry 4 is not in the log's tree").waitFor();
  await close();
});

test("a log that was rewritten since the last look is called so", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await open(page, "/audit");
  await page.getByText("This browser remembers this log").waitFor();
  await page.evaluate(() => {
    const [origin, size] = localStorage.getItem("sealway.checkpoint").split(" ");
    localStorage.setItem("sealway.checkpoint", `${origin} ${size} ${"5a".repeat(32)}`);
  });
  await page.getByRole("button", { name: "Look again" }).click();
  const since = page.getByTestId("since");
  await since.getByText("may have been rewritten").waitFor();
  assert.match(await since.getAttribute("class"), /rewritten/);
  await close();
});

test("a checkpoint that cannot be loaded is said where the entry stands too, and asking again mends both", async () => {
  const { page, log, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  await page.route("**/tlog/checkpoint", (route) => route.abort());
  await open(page, "/audit?entry=2");
  const entry = page.getByTestId("entry-panel");
  await entry.getByText("The server cannot be reached").waitFor();
  assert.equal(await entry.locator("[aria-busy=true]").count(), 0);
  await page.unroute("**/tlog/checkpoint");
  await entry.getByRole("button", { name: "Try again" }).click();
  await entry.getByText("Entry 2 is in the log").waitFor();
  await page.getByTestId("checkpoint-panel").getByTestId("size").waitFor();
  assert.deepEqual(log.errors, []);
  await close();
});

test("a log without a checkpoint says so and proves nothing yet", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("auditor"));
  // As the platform answers in the second before its first checkpoint.
  const problem = { type: "about:blank", title: "Not Found", status: 404, code: "not-found", detail: "the log has no checkpoint yet" };
  await page.route("**/tlog/checkpoint", (route) => route.fulfill({ status: 404, contentType: "application/problem+json", json: problem }));
  await open(page, "/audit?entry=2");
  for (const panel of ["checkpoint-panel", "entry-panel"]) await page.getByTestId(panel).getByText("No checkpoint yet").waitFor();
  assert.equal(await page.getByTestId("verdict").count(), 0);
  await close();
});
