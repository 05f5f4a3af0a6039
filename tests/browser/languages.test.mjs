// Every page of every role in both languages, changed on the page itself: it has its own words, none of the other language, and dates as
// they are written in it. What is no word of the interface was told by the platform: names, numbers, and what people wrote.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, SERVER, signIn, tokenOf, visitor } from "./floor.mjs";
import { goWithin, pagesOf, patternOf, ROLES, settled } from "./pages.mjs";

let browser;
before(async () => (browser = await launch({ webgl: false })));
after(() => browser?.close());

const TITLES = {
  "/": ["关锁在途监管", "Cargo under electronic seal"],
  "/alerts": ["告警", "Alerts"],
  "/alerts/:id": ["告警案件", "Alert case"],
  "/transfers": ["转关单", "Transfers"],
  "/transfers/:id": ["转关单详情", "Transfer"],
  "/transfers/:id/report": ["转关报告", "Transfer report"],
  "/grants": ["解封许可", "Unsealing grants"],
  "/write-off": ["核销", "Write-off"],
  "/ledger-imports": ["导入底账", "Ledger imports"],
  "/gates": ["卡口与放行", "Gates and release"],
  "/handover": ["交接班", "Shift handover"],
  "/kpis": ["运行指标", "Figures"],
  "/corridors": ["走廊与场所", "Corridors and places"],
  "/audit": ["日志与证明", "Log and proofs"],
  "/lines": ["接入线路", "Lines"],
  "/keys": ["我的签名密钥", "My signing key"],
  "/account": ["我的账户", "My account"],
  "/fleet": ["车队看板", "Fleet board"],
  "/fleet/:id": ["转关办理", "Your transfer"],
  "/declare": ["新建申报", "New declaration"],
  "/receipts": ["免责回执", "Exculpatory receipts"],
  "/devices": ["关锁登记", "Register seals"],
  "/port": ["场站作业", "Port desk"],
  "/port/:id": ["货物交接", "Taking over"],
  "/login": ["登录", "Sign in"],
  "/password": ["设置密码", "Set a password"],
};

/** Units, licences, makers, forms of files and keys of the configuration, which are the same in Chinese. */
const SAME = /^(kg|km|km\/h|kPa|https|GeoJSON|WebGL|WebP|ECharts|Jointech|Apache-2\.0|Unlicense|world-geo-json-zh|zip|public_key|device|challenge|proof|gateway\.\w+)$/;

/** What is shown and read out in the language of the page. */
const shown = (page) =>
  page.evaluate(() => {
    const own = (element) => element.checkVisibility({ visibilityProperty: true }) && element.closest("[lang]") === document.documentElement;
    const found = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) if (own(texts.currentNode.parentElement)) found.push(texts.currentNode.data.trim());
    for (const name of ["title", "aria-label", "placeholder", "alt"]) {
      for (const element of document.querySelectorAll(`body [${name}]`)) if (own(element)) found.push(element.getAttribute(name));
    }
    return { tag: document.documentElement.lang, title: document.title, words: [...new Set(found)].filter((words) => words !== "") };
  });

/** What the platform tells the page from now on. */
function listen(page) {
  const answers = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/api/") && answer.headers()["content-type"]?.includes("json")) answers.push(answer.json().catch(() => null));
  });
  const said = { names: new Set(), texts: new Set(), kinds: new Set() };
  const take = (value, key) => {
    if (typeof value === "string") {
      if (/^name/.test(key)) said.names.add(value);
      // One of a list that the interface has words for.
      else if (/^(state|kind|mode|status|severity|verdict|conclusion|punctuality|role|grade|arrow)$/.test(key)) said.kinds.add(value);
      else said.texts.add(value);
    } else if (value !== null && typeof value === "object") for (const [within, part] of Object.entries(value)) take(part, within);
  };
  return async () => {
    for (const answer of await Promise.all(answers.splice(0))) take(answer, "");
    return said;
  };
}

/** Words of English among those of the interface in Chinese. */
function english(words, { texts, kinds }) {
  const tokens = words.match(/[A-Za-z][\w'./-]*\w/g) ?? [];
  // No word of English: what has no small letters or has figures.
  const known = (token) => !/[a-z]{2}/.test(token) || /\d/.test(token) || SAME.test(token) || (texts.has(token) && !kinds.has(token));
  return tokens.some((token) => !known(token)) || /\d\d\/\d\d, /.test(words);
}

const chinese = (words) => /[\p{Script=Han}，。（）：；、]/u.test(words) || /\d\d\/\d\d \d/.test(words);

/** What of a page is not said in its language. */
async function wrongOn(page, said) {
  const { tag, title, words } = await shown(page);
  const told = await said();
  const names = [...told.names].sort((one, other) => other.length - one.length);
  const foreign = words
    .filter((text) => !told.texts.has(text))
    .filter((text) => {
      const own = names.reduce((rest, name) => rest.replaceAll(name, ""), text);
      return tag === "zh-CN" ? english(own, told) : chinese(own);
    });
  const [zh, en] = TITLES[patternOf(new URL(page.url()).pathname)] ?? [];
  const expected = tag === "zh-CN" ? `关途 · ${zh}` : `Sealway · ${en}`;
  return [...(title === expected ? [] : [`${title} instead of ${expected}`]), ...foreign].map((what) => `${page.url().replace(SERVER, "")} (${tag}): ${what}`);
}

/** In the language of the page, and in the other one, which it keeps. */
async function inBoth(page, said) {
  const first = await wrongOn(page, said);
  await page.getByTestId("language").click();
  return [...first, ...(await wrongOn(page, said))];
}

for (const role of ROLES) {
  test(`every page of ${role} speaks Chinese or English, and either alone`, async () => {
    const { page, close } = await visitor(browser, { worker: false });
    const said = listen(page);
    await signIn(page, tokenOf(role));
    const wrong = [];
    for (const path of await pagesOf(page, role)) {
      await goWithin(page, path);
      await settled(page);
      wrong.push(...(await inBoth(page, said)));
    }
    assert.deepEqual(wrong, []);
    await close();
  });
}

test("the pages before the door speak Chinese or English, and either alone", async () => {
  const { page, close } = await visitor(browser, { worker: false });
  const said = listen(page);
  const wrong = [];
  for (const path of ["/login#not-a-token", "/password#not-a-link"]) {
    await page.goto(`${SERVER}${path}`);
    await page.getByRole("heading").first().waitFor();
    wrong.push(...(await inBoth(page, said)));
  }
  assert.deepEqual(wrong, []);
  await close();
});
