// Records that were asked for, with those that were told live since. Pure.

interface Kept {
  id: string;
  at: number;
}

/** Newest first, one of each id: the told one unless what was asked for is newer, since a view may be later than the line. */
export function merged<Row extends Kept>(asked: readonly Row[], told: readonly Row[], limit = Infinity): Row[] {
  const rows = new Map(asked.map((row) => [row.id, row]));
  for (const row of told) if (row.at >= (rows.get(row.id)?.at ?? -Infinity)) rows.set(row.id, row);
  return [...rows.values()].sort((a, b) => b.at - a.at).slice(0, limit);
}
