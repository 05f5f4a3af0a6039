// The administrator's page of lines: gateways with what was counted, and MQTT connections, of which one is closed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { command, enter, findings, launch, open, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";
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
    await enter(page, address, folder.tokens[0]);
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

test("who owns a terminal reads why the platform did not take what it said", async () => {
  const folder = await lived([["admin", "platform"], ["carrier", "silk-road-rail"]]);
  const { address, stop } = await serve(folder, { sections: `[[gateway.jointech]]\nname = "locks"\nlisten = "127.0.0.1:0"\n` });
  try {
    const admin = await visitor(browser);
    await enter(admin.page, address, folder.tokens[0]);
    await command(admin.page, { type: "register-terminal", terminal: "YARD-LOCK", owner: "silk-road-rail", protocol: "jointech", call_sign: "7010100014", used_as: "lock" });
    const port = await admin.page.evaluate(async () => (await (await fetch("/api/v1/gateways")).json()).items[0].at.split(":")[1]);
    await admin.close();
    const line = connect(Number(port), "127.0.0.1");
    line.on("error", () => {});
    // A message that is not spoken here, and one that claims to be of another lock.
    line.write("(7010100014,P43,0)(7010100014,P43,1)(7010100015,P22)");
    await once(line, "end");
    const { page, log, close } = await visitor(browser, { language: "zh", width: 360 });
    await enter(page, address, folder.tokens[1]);
    await open(page, "/fleet", address);
    const row = page.getByTestId("terminals").locator("tbody tr");
    await row.waitFor();
    assert.match(await row.innerText(), /7010100014[\s\S]*YARD-LOCK[\s\S]*电子锁[\s\S]*Jointech/);
    await row.getByRole("button", { name: "YARD-LOCK 被拒原因" }).click();
    const told = page.getByTestId("refusals").getByRole("listitem");
    await told.nth(1).waitFor();
    assert.deepEqual((await told.locator("strong").allInnerTexts()).sort(), ["同一连接上出现了另一个终端。", "平台不支持这种消息。"].sort());
    assert.match(await told.filter({ hasText: "不支持" }).innerText(), /jointech 127\.0\.0\.1:\d+[\s\S]*2 次/);
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press("Escape");
    await page.getByTestId("seals").locator("tbody").getByRole("button").first().click();
    await page.getByText("没有被拒绝过").waitFor();
    assert.deepEqual(log.errors, []);
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
