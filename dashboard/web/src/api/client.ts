// The one way to the API: same origin, session by cookie, every failure a `Failure` with a code that has a translation.
import { serverSays } from "../lib/time/clock.svelte";
import type { Alert, Corridors, Device, LogState, SeriesState, Me, Page, Places, Problem, Terminal, Track, Transfer } from "./types";

const ROOT = "/api/v1";
const PAGE = 500;

/** A refused or failed request. `code` is the API's, or `unreachable` when no answer came. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

async function request(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET") headers["idempotency-key"] = freshKey();
  let response: Response;
  try {
    const payload = body === undefined ? null : JSON.stringify(body);
    response = await fetch(ROOT + path, { method, headers, body: payload, credentials: "same-origin" });
  } catch (cause) {
    throw new Failure("unreachable", 0, String(cause));
  }
  serverSays(response.headers.get("date"));
  if (!response.ok) throw await failureOf(response);
  return response;
}

/** 128 random bits; `crypto.randomUUID` is missing where the page is served without TLS. */
function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function failureOf(response: Response): Promise<Failure> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  const code = problem.code ?? `http-${response.status}`;
  return new Failure(code, response.status, problem.detail ?? problem.title ?? response.statusText);
}

async function read<Answer>(path: string): Promise<Answer> {
  return (await request("GET", path)).json() as Promise<Answer>;
}

async function readAll<Row>(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let after = "";
  for (;;) {
    const page = await read<Page<Row>>(`${path}${path.includes("?") ? "&" : "?"}limit=${PAGE}${after}`);
    rows.push(...page.items);
    if (!page.next) return rows;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

export const api = {
  signIn: async (token: string): Promise<void> => void (await request("POST", "/session", { token })),
  signOut: async (): Promise<void> => void (await request("DELETE", "/session")),
  me: (): Promise<Me> => read("/me"),
  logState: (): Promise<LogState> => read("/log/state"),
  seriesState: (): Promise<SeriesState> => read("/series/state"),
  places: (): Promise<Places> => read("/places"),
  corridors: (): Promise<Corridors> => read("/corridors"),
  devices: (): Promise<Device[]> => readAll("/devices"),
  terminals: async (): Promise<Terminal[]> =>
    (await readAll<{ body: Terminal }>("/records/terminal")).map((record) => record.body),
  transfers: (): Promise<Transfer[]> => readAll("/transfers"),
  activeAlerts: (): Promise<Alert[]> => readAll("/alerts?state=active"),
  track: (device: string): Promise<Track> => read(`/devices/${encodeURIComponent(device)}/track`),
  acknowledge: async (alert: number): Promise<void> => void (await request("POST", `/alerts/${alert}/acknowledge`)),
};
