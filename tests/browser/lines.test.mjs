// The administrator's page of lines: gateways with what was counted, and MQTT connections, of which one is closed.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { findings, launch, open, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";
import { lived, serve } from "./platform.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

test("an administrator closes one MQTT connection after being asked, and its seal comes back under another number", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page, tokenOf("admin"));
  await page.getByRole("navigation").getByRole("link", { name: "Lines" }).click();
  await page.getByText("No gateway is configured").waitFor();
  const rows = page.getByTestId("connections").locator("tbody tr");
  const seal = await rows.first().locator("td").first().innerText();
  await page.getByRole("searchbox").fill(seal);
  const session = await rows.first().getAttribute("data-session");
  await rows.first().getByRole("button").click();
  const dialog = page.getByTestId("close-connection");
  assert.match(await dialog.innerText(), new RegExp(seal));
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await rows.first().getAttribute("data-session"), session, "closing the question closes no connection");
  await rows.first().getByRole("button").click();
  await dialog.getByRole("button", { name: "Close", exact: true }).last().click();
  await dialog.waitFor({ state: "detached" });
  await page.locator(`[data-session="${session}"]`).waitFor({ state: "detached" });
  await rows.first().waitFor();
  assert.notEqual(await rows.first().getAttribute("data-session"), session);
  await close();
});

test("garbage on a port of terminals is counted and shown while the page is open, and a port that is not there says why", async () => {
  const folder = await lived([["admin", "platform"]]);
  const sections = `[[gateway.jtt808]]\nname = "trucks"\nlisten = "127.0.0.1:0"\n[[gateway.serial]]\nname = "gate-gps"\nkind = "nmea"\nport = "/dev/no-such-port"\n`;
  const { address, stop } = await serve(folder, { sections });
  try {
    const { page, close } = await visitor(browser, { language: "zh" });
    await page.goto(`${address}/login#${folder.tokens[0]}`);
    await page.getByTestId("floor").waitFor();
    await open(page, "/lines", address);
    const trucks = page.locator("[data-gateway=trucks]");
    await trucks.locator("[data-state=listening]").waitFor();
    const port = (await trucks.innerText()).match(/127\.0\.0\.1:(\d+)/)[1];
    const line = connect(Number(port), "127.0.0.1");
    line.on("error", () => {});
    line.write(Buffer.from(`7e${"ab".repeat(39)}007e`, "hex"));
    await trucks.locator("[data-count=checksum]").waitFor();
    assert.match(await trucks.innerText(), /校验错误 1/);
    line.destroy();
    await page.locator("[data-gateway=gate-gps] [data-state=absent]").waitFor();
    assert.match(await page.locator("[data-gateway=gate-gps] .detail").innerText(), /no such/i);
    assert.deepEqual(await findings(page), []);
    await close();
  } finally {
    await stop();
  }
});

test("nobody but an administrator opens the page", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await page.goto(`${SERVER}/lines`);
  await page.getByText("You may not see this page").waitFor();
  await close();
});
