// What the map of the watch floor says of seals that stand together, drawn with WebGL and without.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alike, engineAtHand, painted, RANKS, rgb } from "./drawn.mjs";
import { launch, mapIsDrawn, signIn, until, visitor, waitForAlert } from "./floor.mjs";

let drawn, plain;
before(async () => {
  [drawn, plain] = await Promise.all([launch({ alone: true }), launch({ webgl: false })]);
  const { page, close } = await visitor(plain);
  await signIn(page);
  await waitForAlert(page);
  await close();
});
after(() => Promise.all([drawn?.close(), plain?.close()]));

const SEVERITIES = ["grey", "amber", "red"];

/** A floor that stays as its lists were; gives the seals on its map, each with its rank. */
async function stillFloor(browser, size) {
  const { page, log, close } = await visitor(browser, { worker: false, ...size });
  await engineAtHand(page);
  await page.route("**/api/v1/events", (route) => route.abort());
  const items = async (pattern) => (await (await page.waitForResponse(pattern)).json()).items;
  const lists = Promise.all([items(/api\/v1\/devices\?/), items(/api\/v1\/alerts\?state=active/)]);
  await signIn(page);
  const [devices, alerts] = await lists;
  const seals = new Map();
  for (const { id, last } of devices) {
    const ranks = alerts.filter(({ device }) => device === id).map(({ severity }) => SEVERITIES.indexOf(severity) + 1);
    if (last?.fix) seals.set(id, { rank: Math.max(0, ...ranks), at: [last.fix.lon, last.fix.lat] });
  }
  return { page, log, close, seals };
}

test("with WebGL a cluster counts its seals in the colour of the worst and opens under a click", async () => {
  const { page, log, close, seals } = await stillFloor(drawn, { width: 1200, height: 760 });
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
  assert.deepEqual(log.errors, []);
  await close();
});

test("without WebGL a cluster counts its seals in the colour of the worst and opens under a click", async () => {
  const { page, log, close, seals } = await stillFloor(plain, { width: 2560, height: 1600 });
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
  assert.deepEqual(log.errors, []);
  await close();
});
