// The marks of a still map: seals that would cover one another are one mark with a number. Pure.
import { mercator } from "./camera";
import type { SealFeatures } from "./features";

type Feature = SealFeatures["features"][number];

export interface Group {
  /** The seal under whose place the mark stands: one of the worst. */
  id: string;
  members: readonly Feature[];
  /** Shares of the world's width. */
  at: [number, number];
  rank: number;
}

/** Pixels between two marks: a finger finds each. */
const APART = 30;

const harm = (a: Feature, b: Feature): number => b.properties.rank - a.properties.rank || (a.properties.id < b.properties.id ? -1 : 1);

/** Seals, worst first, each in the first group that is near; `together` false: each for itself. */
export function groupsOf({ features }: SealFeatures, scale: number, together: boolean): Group[] {
  const cells = new Map<string, (Group & { members: Feature[] })[]>();
  const groups: Group[] = [];
  const apart = APART / scale;
  for (const feature of features.toSorted(harm)) {
    const [lon = 0, lat = 0] = feature.geometry.coordinates;
    const at = mercator([lon, lat]);
    const cell = [Math.floor(at[0] / apart), Math.floor(at[1] / apart)] as const;
    const near = together ? nearest(cells, cell, at, apart) : undefined;
    if (near) {
      near.members.push(feature);
      continue;
    }
    const group = { id: feature.properties.id, members: [feature], at, rank: feature.properties.rank };
    groups.push(group);
    const key = cell.join();
    cells.set(key, [...(cells.get(key) ?? []), group]);
  }
  return groups;
}

function nearest<G extends Group>(cells: ReadonlyMap<string, G[]>, [column, row]: readonly [number, number], at: [number, number], apart: number): G | undefined {
  for (let x = column - 1; x <= column + 1; x += 1) {
    for (let y = row - 1; y <= row + 1; y += 1) {
      const found = cells.get(`${x},${y}`)?.find((group) => Math.hypot(group.at[0] - at[0], group.at[1] - at[1]) < apart);
      if (found) return found;
    }
  }
  return undefined;
}

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";
const TOWARDS: Readonly<Record<Arrow, readonly [number, number]>> = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/** The mark that an arrow key leads to: near, and rather ahead than aside. */
export function beside(groups: readonly Group[], from: Group, arrow: Arrow): Group | undefined {
  const [dx, dy] = TOWARDS[arrow];
  let [best, least]: [Group | undefined, number] = [undefined, Infinity];
  for (const group of groups) {
    const [x, y] = [group.at[0] - from.at[0], group.at[1] - from.at[1]];
    const ahead = x * dx + y * dy;
    const way = ahead + 2 * Math.abs(x * dy - y * dx);
    if (ahead <= 0 || way >= least) continue;
    [best, least] = [group, way];
  }
  return best;
}
