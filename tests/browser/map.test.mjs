// What the map of the watch floor says of seals that stand together and of a seal's way, drawn with WebGL and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, mapIsDrawn, signIn, until, visitor } from "./floor.mjs";

let drawn, plain;
before(async () => ([drawn, plain] = await Promise.all([launch({ alone: true }), launch({ webgl: false })])));
after(() => Promise.all([drawn?.close(), plain?.close()]));

/** Colours as the legend has them, in the light theme. */
const RANKS = [[44, 93, 124], [111, 119, 128], [242, 169, 0], [196, 22, 42]];
const TRAILS = { signed: [20, 66, 95], open: RANKS[3], gap: RANKS[1], unsigned: RANKS[1] };
const SEVERITIES = ["grey", "amber", "red"];
const CLOSED = 0x187;
const OPENED = 0x83;

/**
 * A floor that stays as its lists were; gives the seals on its map, each with its rank. `drawnMap` of the page is the engine that WebGL has:
 * no element tells what it drew.
 */
async function stillFloor(browser, size) {
  const { page, log, close } = await visitor(browser, { worker: false, ...size });
  await page.addInitScript(() =>
    Object.defineProperty(Object.prototype, "_canvasContainer", {
      configurable: true,
      set(value) {
        Object.defineProperty(this, "_canvasContainer", { value, writable: true });
        globalThis.drawnMap = this;
      },
    }),
  );
  await page.route("**/api/v1/events", (route) => route.abort());
  const items = async (pattern) => (await (await page.waitForResponse(pattern)).json()).items;
  const lists = Promise.all([items(/api\/v1\/devices\?/), items(/api\/v1\/alerts\?state=active/), items(/api\/v1\/transfers\?/)]);
  await signIn(page);
  const [devices, alerts, transfers] = await lists;
  const seals = new Map();
  for (const { id, last } of devices) {
    const ranks = alerts.filter(({ device }) => device === id).map(({ severity }) => SEVERITIES.indexOf(severity) + 1);
    if (last?.fix) seals.set(id, { rank: Math.max(0, ...ranks), at: [last.fix.lon, last.fix.lat] });
  }
  return { page, log, close, seals, chosen: transfers.find(({ state, seal }) => state === "in-transit" && seals.has(seal) && transfers.filter((other) => other.seal === seal).length === 1).seal };
}

/** A track as it was not, to where the seal is: eight reports by a closed seal, three missing, six by an open one; or none that anybody signed. */
async function toldOtherwise(page, grade) {
  await page.route(/\/devices\/[^/]+\/track/, async (route) => {
    const track = await (await route.fetch()).json();
    const last = track.points.findLast(({ lon }) => lon != null);
    const points = Array.from({ length: 18 }, (_, i) => ({ ...last, ctr: i, lon: last.lon - (17 - i) * 0.03, lat: last.lat + (17 - i) * 0.01, status: i < 12 ? CLOSED : OPENED }));
    points.splice(8, 3);
    await route.fulfill({ json: { ...track, grade, points } });
  });
}

/** Pieces of a way between two reports, by what they prove. */
function piecesOf({ grade, points }) {
  const state = (i) => (grade === "unsigned" ? "unsigned" : points[i].ctr > points[i - 1].ctr + 1 ? "gap" : points[i].status === CLOSED ? "signed" : "open");
  return points.slice(1).map((_, i) => ({ state: state(i + 1), ends: [points[i], points[i + 1]].map(({ lon, lat }) => [lon, lat]) }));
}

/** Chooses a seal by its row, and gives the track that the page is told. */
async function chooseByRow(page, seal) {
  const track = page.waitForResponse((answer) => answer.url().includes(`/devices/${seal}/track`));
  await page.getByRole("searchbox").fill(seal);
  await page.waitForFunction(() => document.querySelectorAll("[data-testid=transfers] tbody tr").length === 1);
  await page.getByTestId("transfers").locator("tbody button").first().click();
  return (await track).json();
}

const mapRests = (page) => page.waitForFunction(() => drawnMap.loaded() && !drawnMap.isMoving());

/** The colours that the page has at places of the map that WebGL drew, each moved by some pixels; nothing where something lies over it. */
async function painted(page, places) {
  const picture = (await page.screenshot()).toString("base64");
  return page.evaluate(
    async ({ picture, places }) => {
      const image = new Image();
      image.src = `data:image/png;base64,${picture}`;
      await image.decode();
      const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
      pen.drawImage(image, 0, 0);
      const { left, top } = drawnMap.getCanvas().getBoundingClientRect();
      return places.map(({ at, by: [right, down] }) => {
        const { x, y } = drawnMap.project(at);
        const pixel = [Math.round(left + x + right), Math.round(top + y + down)];
        return document.elementFromPoint(...pixel) === drawnMap.getCanvas() ? [...pen.getImageData(...pixel, 1, 1).data.slice(0, 3)] : null;
      });
    },
    { picture, places },
  );
}

const alike = (a, b) => a.every((part, i) => Math.abs(part - b[i]) < 34);

test("with WebGL a cluster counts its seals in the colour of the worst and opens under a click, and a trail is painted by what its reports prove", async () => {
  const { page, log, close, seals, chosen } = await stillFloor(drawn, { width: 1200, height: 760 });
  await toldOtherwise(page, "signed");
  await mapIsDrawn(page);
  await until(page, () => drawnMap.queryRenderedFeatures({ layers: ["cluster-count"] }).length > 0);
  const clusters = await page.evaluate(() => {
    const shown = new Map(drawnMap.queryRenderedFeatures({ layers: ["cluster-count"] }).map((feature) => [feature.properties.cluster_id, feature]));
    return Promise.all([...shown].map(async ([id, { layer, geometry }]) => {
      const members = await drawnMap.getSource("seals").getClusterLeaves(id, Infinity, 0);
      return { count: String(layer.layout["text-field"]), members: members.map((member) => member.properties.id), at: geometry.coordinates, by: [-10, 0] };
    }));
  });
  const worst = ({ members }) => Math.max(...members.map((id) => seals.get(id).rank));
  for (const cluster of clusters) assert.equal(cluster.count, String(cluster.members.length));
  assert.ok(clusters.some((cluster) => worst(cluster) > 0) && clusters.some((cluster) => worst(cluster) === 0), "clusters with an alert and without");
  const discs = await painted(page, clusters);
  for (const [i, disc] of discs.entries()) if (disc) assert.ok(alike(disc, RANKS[worst(clusters[i])]), `${clusters[i].members}: rgb(${disc})`);

  const largest = clusters.filter((_, i) => discs[i]).sort((a, b) => b.members.length - a.members.length)[0];
  const [x, y] = await page.evaluate((at) => {
    const { left, top } = drawnMap.getCanvas().getBoundingClientRect();
    const { x, y } = drawnMap.project(at);
    return [left + x, top + y];
  }, largest.at);
  await page.mouse.click(x, y);
  await until(page, async (members) => {
    const groups = await Promise.all(
      drawnMap.queryRenderedFeatures({ layers: ["seals", "clusters"] }).map(({ properties: { id, cluster_id: cluster } }) =>
        cluster === undefined ? [id] : drawnMap.getSource("seals").getClusterLeaves(cluster, Infinity, 0).then((leaves) => leaves.map((leaf) => leaf.properties.id)),
      ),
    );
    const parts = groups.filter((group) => group.some((id) => members.includes(id)));
    return parts.length > 1 && parts.every((part) => part.length < members.length);
  }, largest.members);

  const pieces = piecesOf(await chooseByRow(page, chosen));
  // The flight to the seal waits for the hand to rest.
  await page.waitForFunction(([lon, lat]) => Math.hypot(drawnMap.getCenter().lng - lon, drawnMap.getCenter().lat - lat) < 0.01, seals.get(chosen).at);
  const [lons, lats] = [0, 1].map((axis) => pieces.flatMap(({ ends }) => ends.map((end) => end[axis])));
  await page.evaluate((box) => drawnMap.fitBounds(box, { padding: { top: 60, right: 440, bottom: 80, left: 60 }, animate: false }), [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)]);
  await until(page, () => ["signed", "open", "gap"].every((state) => drawnMap.queryRenderedFeatures({ layers: [`trail-${state}`] }).length > 0));
  await mapRests(page);
  const STEPS = 40;
  const way = pieces.flatMap(({ state, ends: [from, to] }) => Array.from({ length: STEPS }, (_, i) => ({ state, at: from.map((part, axis) => part + ((to[axis] - part) * i) / STEPS), by: [0, 0] })));
  const colours = await painted(page, way);
  for (const state of ["signed", "open", "gap"]) {
    const seen = colours.filter((colour, i) => colour && way[i].state === state);
    const share = (like) => seen.filter((colour) => alike(colour, TRAILS[like])).length / seen.length;
    const others = Math.max(...["signed", "open", "gap"].filter((other) => other !== state).map(share));
    assert.ok(share(state) > 0.25 && share(state) > 2 * others, `${state}: ${share(state)} of ${seen.length} pixels, another state's colour ${others}`);
  }
  assert.deepEqual(log.errors, []);
  await close();
});

const rgb = (colour) => `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

test("without WebGL a cluster counts its seals in the colour of the worst and opens under a click, and a trail is drawn by what its reports prove", async () => {
  const { page, log, close, seals, chosen } = await stillFloor(plain, { width: 2560, height: 1600 });
  const map = page.getByTestId("still-map");
  const marksNow = () => map.locator("[data-mark]").evaluateAll((all) => all.map((mark) => {
    const [x, y] = mark.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
    return { id: mark.dataset.mark, at: [x, y], count: mark.querySelector(".count")?.textContent ?? "1", disc: mark.querySelector(":scope > circle:not(.reach)")?.getAttribute("fill") };
  }));
  await map.locator("[data-mark] .count").first().waitFor();
  const marks = await marksNow();
  // Two marks that stand where their seals do give the scale, and so where every seal is on the picture.
  const [a, b] = [marks[0], marks.findLast((mark) => Math.hypot(mark.at[0] - marks[0].at[0], mark.at[1] - marks[0].at[1]) > 100)];
  const plane = ([lon, lat]) => [lon / 360, -Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI)];
  const [pa, pb] = [a, b].map((mark) => plane(seals.get(mark.id).at));
  const scale = Math.hypot(b.at[0] - a.at[0], b.at[1] - a.at[1]) / Math.hypot(pb[0] - pa[0], pb[1] - pa[1]);
  const pixelOf = (seal) => plane(seal.at).map((part, axis) => (part - pa[axis]) * scale + a.at[axis]);
  const apart = (one, other) => Math.hypot(one[0] - other[0], one[1] - other[1]);
  const counted = marks.reduce((sum, { count }) => sum + Number(count), 0);
  assert.equal(counted, seals.size, "every seal is on the map, alone or counted");
  // What stands 60 pixels from every other mark has all the seals within 30 and no other.
  const lonely = marks.filter((mark) => mark.disc && marks.every((other) => other === mark || apart(mark.at, other.at) > 60));
  assert.ok(lonely.length > 0, "a cluster apart from others");
  for (const { id, at, count, disc } of lonely) {
    const members = [...seals.values()].filter((seal) => apart(pixelOf(seal), at) < 30);
    assert.equal(Number(count), members.length, id);
    assert.equal(disc, rgb(RANKS[Math.max(...members.map(({ rank }) => rank))]), id);
  }

  const largest = lonely.toSorted((one, other) => other.count - one.count)[0];
  await map.locator(`[data-mark="${largest.id}"]`).click();
  await page.waitForFunction(({ id, count }) => Number(document.querySelector(`[data-testid=still-map] [data-mark="${id}"]`)?.dataset.seals) < count, largest);
  for (const grade of ["signed", "unsigned"]) {
    await toldOtherwise(page, grade);
    const pieces = piecesOf(await chooseByRow(page, chosen));
    const states = [...new Set(pieces.map(({ state }) => state))];
    await page.waitForFunction((all) => [...document.querySelectorAll("[data-testid=still-map] [data-trail]")].map((way) => way.dataset.trail).sort().join() === all, states.toSorted().join());
    for (const state of states) {
      const way = map.locator(`[data-trail=${state}]`);
      assert.equal(await way.getAttribute("stroke"), rgb(TRAILS[state]), state);
      assert.equal((await way.getAttribute("d")).match(/L/g).length, pieces.filter((piece) => piece.state === state).length, state);
    }
    await page.keyboard.press("Escape");
  }
  assert.deepEqual(log.errors, []);
  await close();
});
