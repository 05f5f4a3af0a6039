// The lines between provinces, taken from a map of provinces in the packed form of ECharts 4: coordinates as zigzag differences
// of 1/1024 degree, one character each. A line belongs to two provinces when both have the same step in their rings.

const PACKED = 1024;
const ZERO = "@".charCodeAt(0);

function unpackRing(text, [startX, startY]) {
  const points = [];
  let [x, y] = [startX, startY];
  const step = (i) => {
    const zigzag = text.charCodeAt(i) - ZERO;
    return (zigzag >> 1) ^ -(zigzag & 1);
  };
  for (let i = 0; i + 1 < text.length; i += 2) {
    x += step(i);
    y += step(i + 1);
    points.push(`${x},${y}`);
  }
  return points;
}

function ringsOf({ type, coordinates, encodeOffsets }) {
  if (type === "Polygon") return coordinates.map((ring, i) => unpackRing(ring, encodeOffsets[i]));
  return coordinates.flatMap((rings, p) => rings.map((ring, i) => unpackRing(ring, encodeOffsets[p][i])));
}

/** Steps `a|b` that rings of two provinces have in common. */
function sharedSteps(provinces) {
  const owners = new Map();
  for (const { id, geometry } of provinces) {
    for (const ring of ringsOf(geometry)) {
      ring.forEach((point, i) => {
        const step = [point, ring[(i + 1) % ring.length]].sort().join("|");
        if (!owners.has(step)) owners.set(step, new Set());
        owners.get(step).add(id);
      });
    }
  }
  return [...owners].filter(([, ids]) => ids.size > 1).map(([step]) => step);
}

/** Joins steps into lines that end where three provinces meet or the border begins. */
function join(steps) {
  const neighbours = new Map();
  const link = (a, b) => neighbours.set(a, (neighbours.get(a) ?? new Set()).add(b));
  for (const step of steps) {
    const [a, b] = step.split("|");
    link(a, b);
    link(b, a);
  }
  const left = new Set(steps);
  const take = (a, b) => left.delete([a, b].sort().join("|"));
  const lines = [];
  const ends = [...neighbours.keys()].sort((a, b) => Number(neighbours.get(a).size === 2) - Number(neighbours.get(b).size === 2));
  for (const end of ends) {
    for (const first of neighbours.get(end)) {
      if (!take(end, first)) continue;
      const line = [end, first];
      for (let here = first; neighbours.get(here).size === 2; ) {
        const next = [...neighbours.get(here)].find((point) => take(here, point));
        if (next === undefined) break;
        line.push(next);
        here = next;
      }
      lines.push(line);
    }
  }
  return lines;
}

/** The shared lines in degrees. */
export function provinceLines(map) {
  if (!map.UTF8Encoding) throw new Error("echarts map/json/china.json: not packed, expected UTF8Encoding");
  return join(sharedSteps(map.features)).map((line) => line.map((point) => point.split(",").map((part) => Number(part) / PACKED)));
}
