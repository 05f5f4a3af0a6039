// What map, slider and curves say of the ways of real seals: one whose reports are missing in part, one that was opened, one that changed from
// ship to train, one that reports every second, and a terminal of another maker.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alike, engineAtHand, mapRests, painted, RANKS, rgb } from "./drawn.mjs";
import { enter, launch, mapIsDrawn, open, until, visitor } from "./floor.mjs";
import { waysideOf } from "./ways.mjs";

const TRAILS = { signed: [20, 66, 95], open: RANKS[3], gap: RANKS[1], unsigned: RANKS[1] };
const MOTOR_LOCKED = 2;
const FAST = ["--time-factor", "1800", "--report-every-ms", "100"];
/** So many reports follow what changes on a way. */
const SIDE = 6;
const SEA = "sea-tianjin-qingdao";
const RAIL = "rail-qingdao-zhengzhou-xian";
const DENSE = 1_700;

let drawn, plain, ways, gapped, opened, shipped, dense, truck;
before(async () => {
  [drawn, plain, ways] = await Promise.all([launch({ alone: true }), launch({ webgl: false }), waysideOf()]);
  const world = await ways.besideTheSeaWays();
  const cheat = (corridor, fraud, share, enough) => [{ corridor, world, options: ["--start-km", "300", "--history", "16", "--fraud", fraud, "--fraud-from", String(share), ...FAST], enough }];
  [gapped, opened, shipped, dense, truck] = await Promise.all([
    ways.sealed("SW-WAY-GAP", ["sea-qingdao-ningbo"], cheat("sea-qingdao-ningbo", "gap", 0.355, sideAfterGap)),
    ways.sealed("SW-WAY-OPEN", ["sea-ningbo-yantian"], cheat("sea-ningbo-yantian", "opened", 0.228, sideOpen)),
    ways.sealed("SW-WAY-LEGS", [SEA, RAIL], [
      { corridor: SEA, options: ["--start-km", "806.2", "--history", "80"], enough: (reports) => reports.length > 80 },
      { corridor: RAIL, options: ["--time-factor", "600", "--report-every-ms", "100"], enough: (reports) => reports.length > 120 },
    ]),
    ways.sealed("SW-WAY-DENSE", ["rail-shanghai-xian"], [{ corridor: "rail-shanghai-xian", options: ["--start-km", "60", "--history", String(DENSE)], enough: (reports) => reports.length >= DENSE }]),
    ways.terminal("TRUCK-7", "13912345678", [[25, 102], [25.2, 102.4], [25.1, 102.8], [25.4, 103.2]]),
  ]);
});
after(() => Promise.all([drawn?.close(), plain?.close(), ways?.stop()]));

const isOpen = ({ status }) => (status & MOTOR_LOCKED) === 0;
const sideAfterGap = (reports) => reports.slice(0, -SIDE).some(({ ctr }, i) => reports[i + 1].ctr > ctr + 1);
const sideOpen = (reports) => reports.length > SIDE && reports.slice(-SIDE).every(isOpen);

async function goTo(page) {
  await enter(page, ways.address, ways.token);
}

/** Pieces of a way between two places, by what the reports prove. */
function piecesOf({ grade, points }) {
  const reports = points.toSorted((a, b) => a.ctr - b.ctr);
  const fixed = reports.filter(({ lon }) => lon != null);
  const told = new Set(reports.map(({ ctr }) => ctr));
  const whole = (from, to) => Array.from({ length: to - from }, (_, i) => from + i).every((ctr) => told.has(ctr));
  const state = (from, to) => (grade === "unsigned" ? "unsigned" : !whole(from.ctr, to.ctr) ? "gap" : isOpen(to) ? "open" : "signed");
  return fixed.slice(1).map((to, i) => ({ state: state(fixed[i], to), ends: [fixed[i], to].map(({ lon, lat }) => [lon, lat]) }));
}

/** Pieces of the way that the page is told once the seal is chosen. */
async function chosen(page, id, choose) {
  const track = page.waitForResponse((answer) => answer.url().includes(`/devices/${id}/track`));
  await choose();
  return piecesOf(await (await track).json());
}

/** Chooses a seal by the row of its unit. */
const byRow = (page, { unit }) => async () => {
  await page.getByRole("searchbox").fill(unit);
  await page.getByTestId("transfers").locator("tbody tr", { hasText: unit }).locator("button").first().click();
};

/** Where the page's map has all of these pieces. */
async function fitTo(page, pieces) {
  const [lons, lats] = [0, 1].map((axis) => pieces.flatMap(({ ends }) => ends.map((end) => end[axis])));
  const box = [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
  await page.evaluate((box) => drawnMap.fitBounds(box, { padding: { top: 60, right: 440, bottom: 80, left: 60 }, animate: false }), box);
}

test("with WebGL a trail is painted by what its reports prove", async () => {
  const { page, log, close } = await visitor(drawn, { worker: false, width: 1200, height: 760 });
  await engineAtHand(page);
  await goTo(page);
  await mapIsDrawn(page);
  for (const [sealed, changed] of [[gapped, "gap"], [opened, "open"]]) {
    const all = await chosen(page, sealed.seal, byRow(page, sealed));
    const long = all.filter(({ ends: [[x, y], [toX, toY]] }) => Math.hypot(toX - x, toY - y) > 0.001);
    const change = long.findLastIndex(({ state }, i) => state === changed && long[i - 1]?.state === "signed");
    const pieces = long.slice(change - 1, change + 2);
    assert.deepEqual(new Set(pieces.map(({ state }) => state)), new Set(["signed", changed]), sealed.seal);
    // The flight waits for the hand to rest, and leads to where the seal was before what is missing.
    await page.waitForFunction((way) => way.some(([lon, lat]) => Math.hypot(drawnMap.getCenter().lng - lon, drawnMap.getCenter().lat - lat) < 0.01), all.map(({ ends }) => ends[1]));
    await fitTo(page, pieces);
    await until(page, (states) => states.every((state) => drawnMap.queryRenderedFeatures({ layers: [`trail-${state}`] }).length > 0), ["signed", changed]);
    await mapRests(page);
    const STEPS = 40;
    const way = pieces.flatMap(({ state, ends: [from, to] }) => Array.from({ length: STEPS }, (_, i) => ({ state, at: from.map((part, axis) => part + ((to[axis] - part) * i) / STEPS), by: [0, 0] })));
    const colours = await painted(page, way);
    for (const [state, other] of [["signed", changed], [changed, "signed"]]) {
      const seen = colours.filter((colour, i) => colour && way[i].state === state);
      const share = (like) => seen.filter((colour) => alike(colour, TRAILS[like])).length / seen.length;
      assert.ok(share(state) > 0.2 && share(state) > 2 * share(other), `${state}: ${share(state)} of ${seen.length} pixels, in the colour of ${other} ${share(other)}`);
    }
    await page.keyboard.press("Escape");
  }
  assert.deepEqual(log.errors, []);
  await close();
});

test("without WebGL a trail is drawn by what its reports prove, and a terminal's as unsigned", async () => {
  const { page, log, close } = await visitor(plain, { worker: false, width: 2560, height: 1600 });
  await goTo(page);
  const map = page.getByTestId("still-map");
  const byMark = () => map.locator(`[data-mark="${truck}"]`).click();
  for (const [id, choose, expected] of [
    [truck, byMark, ["unsigned"]],
    [gapped.seal, byRow(page, gapped), ["gap", "signed"]],
    [opened.seal, byRow(page, opened), ["open", "signed"]],
  ]) {
    const pieces = await chosen(page, id, choose);
    await page.waitForFunction((all) => [...document.querySelectorAll("[data-testid=still-map] [data-trail]")].map((way) => way.dataset.trail).sort().join() === all, expected.join());
    for (const state of expected) {
      const way = map.locator(`[data-trail=${state}]`);
      assert.equal(await way.getAttribute("stroke"), rgb(TRAILS[state]), state);
      assert.equal((await way.getAttribute("d")).match(/L/g).length, pieces.filter((piece) => piece.state === state).length, `${id}: ${state}`);
    }
    await page.keyboard.press("Escape");
  }
  assert.deepEqual(log.errors, []);
  await close();
});

/** Whether a place lies within a ring that turns one way only: on the same side of all its edges. */
function within(ring, { lon, lat }) {
  const sides = ring.slice(1).map(([bx, by], i) => (bx - ring[i][0]) * (lat - ring[i][1]) - (by - ring[i][1]) * (lon - ring[i][0]));
  return sides.every((side) => side > 0) || sides.every((side) => side < 0);
}

test("the way of a transfer by sea and rail is replayed over both: the leg and its corridor change when the seal comes into the port between", async () => {
  const { page, log, close } = await visitor(plain, { worker: false });
  await goTo(page);
  const answered = page.waitForResponse(/\/series\/points/);
  await open(page, `/transfers/${shipped.transfer}`, ways.address);
  const { points } = await (await answered).json();
  const ring = await page.evaluate(async () => (await (await fetch("/api/v1/places")).json()).features.find(({ properties }) => properties.id === "port-qingdao").geometry.coordinates[0]);
  const came = points.find((point) => point.lon != null && within(ring, point)).t;
  const moment = page.getByTestId("moment");
  await moment.getByText("Leg 2 of 2, Rail").waitFor();
  const corridors = () => page.getByTestId("still-map").locator("[data-corridor]").evaluateAll((paths) => paths.filter((path) => path.getAttribute("d")).map((path) => path.dataset.corridor));
  assert.deepEqual(await corridors(), ["rail"]);
  const slider = page.getByTestId("slider");
  await slider.press("Home");
  for (const [at, leg, mode] of [[points[0].t, "Leg 1 of 2, Sea", "sea"], [came - 1, "Leg 1 of 2, Sea", "sea"], [came, "Leg 2 of 2, Rail", "rail"]]) {
    await slider.evaluate((input, to) => {
      input.value = to;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, at);
    await moment.getByText(leg).waitFor();
    assert.deepEqual(await corridors(), [mode], leg);
  }
  await slider.press("End");
  await moment.getByText("Leg 2 of 2, Rail").waitFor();
  assert.deepEqual(log.errors, []);
  await close();
});

/** What the platform says of a seal at a moment: its newest report until then, and the newest that has a place. */
function saidAt(points, time) {
  const before = points.filter(({ t }) => t <= time);
  const [report, fix] = [before.at(-1), before.findLast(({ lon }) => lon != null)];
  const words = [
    fix && `${fix.lat.toFixed(4)}, ${fix.lon.toFixed(4)}`,
    report.speed_cm_s != null && `${Math.round(report.speed_cm_s * 0.036)} km/h`,
    report.battery != null && `${report.battery} %`,
    report.temperature != null && `${report.temperature.toFixed(1)} °C`,
  ];
  return { fix, words: words.filter(Boolean) };
}

/** The time of the slider, the words beside it, where the map's ring stands and where the place of a fix is, and whether the charts' line is there. */
function shownNow(fix) {
  const of = (id) => document.querySelector(`[data-testid=${id}]`);
  const { min, max, valueAsNumber: time } = of("slider");
  const [right, down, scale] = of("still-map").querySelector(".lines").getAttribute("transform").match(/-?[\d.]+(e-?\d+)?/g).map(Number);
  const plane = [fix.lon / 360 + 0.5, 0.5 - Math.log(Math.tan(Math.PI / 4 + (fix.lat * Math.PI) / 360)) / (2 * Math.PI)];
  const ring = of("chosen");
  const lined = [...of("curves").querySelectorAll(".uplot")].map((chart) => {
    const [canvas, over] = [chart.querySelector("canvas"), chart.querySelector(".u-over")];
    const [box, room] = [canvas.getBoundingClientRect(), over.getBoundingClientRect()];
    const left = Math.round(room.left - box.left + (room.width * (time - min)) / (max - min));
    const dark = (x) => [0.3, 0.5, 0.7, 0.9].filter((part) => {
      const [red, green, blue, alpha] = canvas.getContext("2d").getImageData(x, Math.round(room.top - box.top + room.height * part), 1, 1).data;
      return alpha > 120 && Math.max(red, green, blue) < 140;
    }).length;
    return Math.max(dark(left - 1), dark(left), dark(left + 1)) >= 3;
  });
  return { time, words: of("moment").innerText, ring: [Number(ring.getAttribute("cx")), Number(ring.getAttribute("cy"))], place: [right + plane[0] * 10_000 * scale, down + plane[1] * 10_000 * scale], lined };
}

test("slider, curves and keys of a transfer lead to one moment: what the platform says of it stands beside the slider, on the map and on the curves", async () => {
  const { page, log, close } = await visitor(plain, { worker: false });
  await goTo(page);
  // The parts of its time that a point stands for are others with each question.
  let answer;
  await page.route(/\/series\/points/, async (route) => route.fulfill({ response: await (answer ??= route.fetch()) }));
  const answered = page.waitForResponse(/\/series\/points/);
  await open(page, `/transfers/${dense.transfer}`, ways.address);
  const told = await (await answered).json();
  const map = page.getByTestId("still-map");
  await map.locator("[data-trail]").first().waitFor({ state: "attached" });
  const corridors = () => map.locator("[data-corridor]").evaluateAll((paths) => paths.map((path) => path.getAttribute("d")).filter(Boolean).length);
  assert.equal(await corridors(), 1, "the corridor of the leg");
  const charts = page.getByTestId("curves").locator(".u-over");
  await charts.nth(2).waitFor();
  const { points, thinned, reports } = told;
  assert.ok(thinned && points.length < reports, `${points.length} points for ${reports} reports`);
  assert.equal(await map.locator("[data-trail=gap]").count(), 0, "what a point stands for is not missing");
  const [first, last] = [points[0].t, points.at(-1).t];
  const slider = page.getByTestId("slider");
  const time = () => slider.evaluate((input) => input.valueAsNumber);

  /** All that is shown is what the platform says of the slider's time. */
  async function agrees(expected, within) {
    await page.waitForFunction(([at, off]) => Math.abs(document.querySelector("[data-testid=slider]").valueAsNumber - at) <= off, [expected, within]);
    const { fix, words } = saidAt(points, await time());
    const shown = await page.evaluate(shownNow, fix);
    for (const word of words) assert.ok(shown.words.includes(word), `${word} at ${shown.time}: ${shown.words}`);
    for (const axis of [0, 1]) assert.ok(Math.abs(shown.ring[axis] - shown.place[axis]) < 1, `the ring is at ${shown.ring}, the seal was at ${shown.place}`);
    assert.deepEqual(shown.lined, shown.lined.map(() => true), "the line of each chart");
  }
  const step = (last - first) / 240;

  await agrees(last, 0);
  const third = points[Math.floor(points.length / 3)];
  for (const at of [third.t, third.t - 1, first]) {
    await slider.evaluate((input, to) => {
      input.value = to;
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }, at);
    await agrees(at, 0);
  }
  for (const [i, part] of [[0, 0.5], [2, 0.8]]) {
    const { width } = await charts.nth(i).boundingBox();
    await charts.nth(i).click({ position: { x: width * part, y: 20 } });
    await agrees(first + (last - first) * part, (last - first) / width);
  }
  const clicked = await time();
  await page.evaluate(() => document.activeElement?.blur());
  for (const [key, to] of [["ArrowLeft", clicked - step], ["ArrowRight", clicked]]) {
    await page.keyboard.press(key);
    await agrees(to, 1);
  }
  await slider.press("Home");
  await agrees(first, 0);
  await slider.press("ArrowRight");
  await page.waitForFunction((then) => document.querySelector("[data-testid=slider]").valueAsNumber > then, first);
  await agrees(await time(), 0);
  assert.equal(await corridors(), 1);
  assert.deepEqual(log.errors, []);
  await close();
});
