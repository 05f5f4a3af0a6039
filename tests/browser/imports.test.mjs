import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { findings, launch, open, signIn, tokenOf, visitor } from "./floor.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const HEAD = "goods,hs,name_zh,name_en,unit,status,quantity,weight_kg";
const line = (goods, { hs = "85423190", unit = "PCE" } = {}) => `${goods},${hs},芯片,Chip,${unit},bonded,1,1`;
const fresh = () => `L-${Date.now().toString(36)}`;

async function choose(page, name, mimeType, content) {
  await page.getByTestId("ledger-file").setInputFiles({ name, mimeType, buffer: Buffer.from(content) });
}

test("an officer imports an enterprise's ledger: the bad lines are named with their reasons, and the same file counts once", async () => {
  const { page, close } = await visitor(browser);
  await signIn(page);
  await open(page, "/write-off");
  await page.getByRole("link", { name: "Import an enterprise's electronic ledger" }).click();
  const form = page.getByTestId("import-form");
  const reference = fresh();
  // Long enough that a page of refused lines is not all of them.
  const lines = Array.from({ length: 3000 }, (_, i) => line(`BULK-${i}`));
  lines[4] = line("BAD-HS", { hs: "85" });
  lines[7] = line("BAD-UNIT", { unit: "piece" });
  const csv = [HEAD, ...lines].join("\r\n");
  await form.getByLabel("Enterprise").selectOption("silk-road-rail");
  await form.getByLabel("Reference").fill(reference);
  await choose(page, "ledger.csv", "text/csv", csv);
  await form.getByTestId("import").click();
  const told = page.getByTestId("acknowledged");
  await told.waitFor();
  assert.match(await told.innerText(), /2,998 lines taken\s+2 lines refused[\s\S]*1–4, 6–7, 9–3000/);
  const refused = await page.getByTestId("refused-lines").locator("tbody tr").allInnerTexts();
  assert.match(refused[0], /^5\s+An HS code has 6 to 10 digits/);
  assert.match(refused[1], /^8\s+The unit of measure/);
  assert.equal(await page.getByTestId("again").count(), 0);
  assert.deepEqual(await findings(page), []);
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "acknowledgement of every line" }).click();
  assert.equal((await download).suggestedFilename(), `${reference}.csv`);

  await form.getByText("This reference was imported before").waitFor();
  await form.getByTestId("import").click();
  await page.getByTestId("again").waitFor();
  // Another file under the reference is refused, in words.
  await choose(page, "ledger.csv", "text/csv", [HEAD, line("OTHER")].join("\r\n"));
  await form.getByTestId("import").click();
  const words = await page.getByTestId("refused").innerText();
  assert.doesNotMatch(words, /import-exists/);
  assert.match(words, /reference|file/i);
  await close();
});

test("a carrier imports its own ledger as JSON and XML and a file of another form is not taken (zh)", async () => {
  const { page, close } = await visitor(browser, { language: "zh" });
  await signIn(page, tokenOf("carrier"));
  await open(page, "/fleet");
  await page.getByRole("link", { name: "导入底账" }).click();
  const form = page.getByTestId("import-form");
  assert.equal(await form.getByLabel("企业").inputValue(), "丝路班列");
  // The page's own words, not the browser's; by the keyboard as by the mouse, and the same file twice.
  const pick = form.getByRole("button", { name: "底账文件 选择文件" });
  await form.getByText("未选择文件").waitFor();
  for (const press of [() => pick.click(), () => pick.press("Enter")]) {
    const [chooser] = await Promise.all([page.waitForEvent("filechooser"), press()]);
    await chooser.setFiles({ name: "账.csv", mimeType: "text/csv", buffer: Buffer.from(HEAD) });
    await form.getByText("账.csv").waitFor();
  }
  assert.equal(await page.evaluate(() => document.getElementById(document.activeElement.getAttribute("aria-describedby")).innerText), "账.csv");
  assert.equal(await page.getByTestId("ledger-file").inputValue(), "", "a file that was mended may be chosen again");
  // Of several that are dropped on it the first.
  const dropped = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    for (const name of ["甲.csv", "乙.csv"]) transfer.items.add(new File(["goods"], name, { type: "text/csv" }));
    return transfer;
  });
  await form.getByRole("group", { name: "底账文件" }).dispatchEvent("drop", { dataTransfer: dropped });
  await form.getByText("甲.csv", { exact: true }).waitFor();
  await choose(page, "ledger.xlsx", "application/octet-stream", "PK");
  await form.getByText("文件格式须为 JSON、CSV 或 XML").waitFor();
  assert.equal(await form.getByTestId("import").isDisabled(), true);
  const fields = { goods: "JSON-1", hs: "85423190", name_zh: "芯片", name_en: "Chip", unit: "PCE", status: "bonded", quantity: "1", weight_kg: "1" };
  const xml = `<ledger xmlns="urn:sealway:ledger:1"><line ${Object.entries({ ...fields, goods: "XML-1" }).map(([name, value]) => `${name}="${value}"`).join(" ")}/></ledger>`;
  for (const [name, kind, content] of [["a.json", "application/json", JSON.stringify([fields])], ["b.xml", "application/xml", xml]]) {
    const reference = `${fresh()}-${name[0]}`;
    await form.getByLabel("导入编号").fill(reference);
    await choose(page, name, kind, content);
    await form.getByTestId("import").click();
    await page.getByRole("heading", { name: new RegExp(reference) }).waitFor();
    assert.match(await page.getByTestId("acknowledged").innerText(), /受理 1 行\s+退回 0 行/);
  }
  assert.deepEqual(await findings(page), []);
  await close();
});
