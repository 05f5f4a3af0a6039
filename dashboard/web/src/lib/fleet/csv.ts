// Rows of a CSV file (RFC 4180), by the names in its first line. Pure.

export interface CsvRow {
  /** Of the file, from 1. */
  line: number;
  /** Nothing where the row has not as many cells as the first line. */
  cells: Readonly<Record<string, string>> | null;
}

/** Nothing where a wanted column is not named. */
export function readCsv(text: string, wanted: readonly string[]): CsvRow[] | null {
  const lines = parse(text.replace(/^\uFEFF/, ""));
  const head = lines[0]?.cells.map((name) => name.trim().toLowerCase());
  if (head === undefined || !wanted.every((name) => head.includes(name))) return null;
  return lines.slice(1).map(({ line, cells }) => ({
    line,
    cells: cells.length === head.length ? Object.fromEntries(head.map((name, i) => [name, (cells[i] ?? "").trim()])) : null,
  }));
}

export function writeCsv(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // A cell that a spreadsheet would take for a formula is written as a text.
  const cell = (text: string): string => {
    const safe = /^[=+@\t]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}

function parse(text: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let [cells, cell, quoted, line, began]: [string[], string, boolean, number, number] = [[], "", false, 1, 1];
  const endRow = (): void => {
    if (cells.length > 0 || cell.trim() !== "") rows.push({ line: began, cells: [...cells, cell] });
    [cells, cell] = [[], ""];
  };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (sign === "\n") line += 1;
    if (quoted && sign === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (sign === '"' && (quoted || cell === "")) quoted = !quoted;
    else if (!quoted && sign === ",") {
      cells.push(cell);
      cell = "";
    } else if (!quoted && sign === "\n") {
      endRow();
      began = line;
    } else if (quoted || sign !== "\r") cell += sign;
  }
  endRow();
  return rows;
}
