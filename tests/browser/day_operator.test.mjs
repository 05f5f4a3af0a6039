import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { arrive, askSeal, atTheGate, makeKey, PHONE, read, untilState, verdict } from "./counter.mjs";
import { enter, userOf } from "./entering.mjs";
import { findings, launch, open, SERVER, visitor } from "./floor.mjs";
import { givePassword } from "./people.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const PASSWORD = "rain on the loading ramp";

for (const [language, due, done] of [["en", "Due here", "Taken over"], ["zh", "待接货物", "已交接"]]) {
  test(`the operator's day: sign in, match, arrival, the seal's answer, the signed handoff (${language})`, async () => {
    const { page, log, close } = await visitor(browser, { ...PHONE, language });
    const user = await userOf("operator");
    await givePassword(user, PASSWORD);
    await enter(page, user, PASSWORD);
    // Whoever has a counter begins there.
    await page.getByTestId("who").getByText(user).waitFor();
    await makeKey(page);
    const transfer = await atTheGate(page);
    await open(page, "/port");
    await page.getByRole("heading", { name: due }).waitFor();
    // What stands before the gate is among what comes within two hours, and says when.
    await page.getByTestId("soon").locator("li", { hasText: transfer.unit }).getByTestId("arrival").waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByTestId("find").fill(transfer.unit.toLowerCase());
    await page.getByTestId("find").press("Enter");
    await page.waitForURL(`${SERVER}/port/${transfer.id}`);
    // The wrong seal is told at once; the right ones are GO.
    await read(page, { unit: transfer.unit, seal: "SW-X-00000" });
    assert.equal(await verdict(page, "match"), "hold");
    await read(page, transfer);
    assert.equal(await verdict(page, "match"), "go");
    await arrive(page);
    await askSeal(page);
    assert.deepEqual(await findings(page), []);
    const sent = page.waitForRequest((request) => request.url().endsWith("/api/v1/commands"));
    await page.getByTestId("sign").click();
    assert.match(await (await sent).headerValue("sealway-signature"), /^[0-9a-f]{144}$/);
    await page.getByTestId("handoff").getByText(done).waitFor();
    await untilState(page, transfer.id, ["handed-over", "unsealing-granted", "unsealed", "verified", "written-off"]);
    const wide = await page.locator("#content").evaluate((box) => box.scrollWidth - box.clientWidth);
    assert.ok(wide <= 1, `the page scrolls ${wide} px sideways`);
    assert.deepEqual([log.errors, log.violations], [[], []]);
    await close();
  });
}
