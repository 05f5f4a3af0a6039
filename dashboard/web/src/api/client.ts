// The one way to the API: same origin, session by cookie, every failure a `Failure` with a code that has a translation.
import { answers } from "../lib/outbox/kept.svelte";
import { attended } from "../lib/session/attention";
import { session } from "../lib/session/ended.svelte";
import { serverSays } from "../lib/time/clock.svelte";
import type {
  Alert,
  Arrow,
  Basemap,
  Chart,
  ChartField,
  CorridorFeature,
  Corridors,
  CorridorTest,
  Device,
  DeviceError,
  EnrolmentChallenge,
  EntryHead,
  Gateway,
  Growth,
  KeptReports,
  Kpis,
  LogState,
  Me,
  MovementState,
  MqttConnection,
  NewDevice,
  Page,
  Party,
  Photo,
  PlaceFeature,
  Places,
  PlannedVersion,
  Points,
  Problem,
  ProvedEntry,
  Receipt,
  Recorded,
  RecordKinds,
  SeriesState,
  Terminal,
  Time,
  Track,
  Transfer,
  User,
  Version,
} from "./types";

export const ROOT = "/api/v1";
const PAGE = 500;

/** Of a transfer's refused step: where it stands, the arrow that was asked for, and what it needs first. */
export interface RefusedStep {
  state: MovementState;
  arrow: Arrow;
  missing: readonly string[];
}

/** A refused or failed request. `code` is the API's, or `unreachable` when no answer came. */
export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
    readonly step: RefusedStep | null = null,
  ) {
    super(detail);
  }
}

interface Sending {
  method: string;
  /** As it goes over the wire. */
  body?: string;
  headers?: Readonly<Record<string, string>>;
}

export async function request(path: string, { method, body, headers = {} }: Sending = { method: "GET" }): Promise<Response> {
  const all: Record<string, string> = { accept: "application/json", ...headers };
  if (!attended()) all["sealway-unattended"] = "?1";
  if (body !== undefined) all["content-type"] ??= "application/json";
  if (method !== "GET") all["idempotency-key"] ??= freshKey();
  let response: Response;
  try {
    response = await fetch(path, { method, headers: all, body: body ?? null, credentials: "same-origin" });
  } catch (cause) {
    throw new Failure("unreachable", 0, String(cause));
  }
  serverSays(response.headers.get("date"));
  answers.heard(response.headers);
  if (response.ok) return response;
  const failure = failureOf(response.status, await response.text().catch(() => ""));
  if (failure.code === "not-authenticated") session.end();
  throw failure;
}

/** 128 random bits; `crypto.randomUUID` is missing where the page is served without TLS. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `answer`: the body as text; a proxy's is no problem of ours. */
export function failureOf(status: number, answer: string): Failure {
  const problem = parsed<Partial<Problem>>(answer) ?? {};
  return new Failure(problem.code ?? `http-${status}`, status, problem.detail ?? problem.title ?? "", stepOf(problem));
}

/** Nothing where a text is no JSON. */
export function parsed<Value>(text: string): Value | null {
  try {
    return JSON.parse(text) as Value;
  } catch {
    return null;
  }
}

function stepOf({ state, arrow, missing }: Partial<Problem>): RefusedStep | null {
  return state == null || arrow == null ? null : { state, arrow, missing: missing ?? [] };
}

export async function read<Answer>(path: string): Promise<Answer> {
  return (await request(ROOT + path)).json() as Promise<Answer>;
}

async function readAll<Row>(path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let after = "";
  for (;;) {
    const page = await read<Page<Row>>(`${path}${path.includes("?") ? "&" : "?"}limit=${PAGE}${after}`);
    rows.push(...page.items);
    if (page.next == null) return rows;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/** Of a list that is told newest first, what is not older than `since`. */
async function readSince<Row>(path: string, since: Time, atOf: (row: Row) => Time): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | number | null = null;
  do {
    const page: Page<Row> = await read(`${path}${asked({ limit: PAGE, after })}`);
    rows.push(...page.items.filter((row) => atOf(row) >= since));
    const oldest = page.items.at(-1);
    after = oldest === undefined || atOf(oldest) < since ? null : (page.next ?? null);
  } while (after !== null);
  return rows;
}

async function write<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
  return (await request(ROOT + path, { method, body: JSON.stringify(body) })).json() as Promise<Answer>;
}

export const post = <Answer>(path: string, body: unknown): Promise<Answer> => write("POST", path, body);

/** A query of what is there. */
function asked(parts: Readonly<Record<string, string | number | null | undefined>>): string {
  const given = Object.entries(parts).filter(([, value]) => value != null);
  return given.length === 0 ? "" : `?${given.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
}

const part = encodeURIComponent;

export interface Span {
  from: Time;
  to: Time;
}

export type Drawn = "places" | "corridors";

export const api = {
  me: (): Promise<Me> => read("/me"),
  users: (): Promise<User[]> => readAll("/users"),
  parties: (): Promise<Party[]> => readAll("/parties"),
  logState: (): Promise<LogState> => read("/log/state"),
  seriesState: (): Promise<SeriesState> => read("/series/state"),
  gateways: async (): Promise<Gateway[]> => (await read<{ items: Gateway[] }>("/gateways")).items,
  connections: (): Promise<MqttConnection[]> => readAll("/connections"),
  closeConnection: async (session: number): Promise<void> => void (await request(`${ROOT}/connections/${session}`, { method: "DELETE" })),
  basemap: (): Promise<Basemap> => read("/basemap"),
  places: (): Promise<Places> => read("/places"),
  corridors: (): Promise<Corridors> => read("/corridors"),
  devices: (): Promise<Device[]> => readAll("/devices"),
  terminals: async (): Promise<Terminal[]> => (await api.records("terminal")).map((record) => record.body),
  device: (id: string): Promise<Device> => read(`/devices/${part(id)}`),
  /** Why it was refused lately; the newest reason first. */
  deviceErrors: async (id: string): Promise<DeviceError[]> => (await read<Page<DeviceError>>(`/devices/${part(id)}/errors`)).items,
  transfers: (): Promise<Transfer[]> => readAll("/transfers"),
  transfer: (id: string): Promise<Transfer> => read(`/transfers/${part(id)}`),
  activeAlerts: (): Promise<Alert[]> => readAll("/alerts?state=active"),
  alert: (id: number): Promise<Alert> => read(`/alerts/${id}`),
  /** Newest first; active or not. */
  alerts: (which: { device?: string; transfer?: string; after?: number | string | null; limit?: number }): Promise<Page<Alert>> =>
    read(`/alerts${asked(which)}`),
  track: (device: string, which: Partial<Span> & { limit?: number } = {}): Promise<Track> => read(`/devices/${part(device)}/track${asked({ ...which })}`),
  points: (device: string, span: Span, points: number): Promise<Points> => read(`/devices/${part(device)}/series/points${asked({ ...span, points })}`),
  chart: (device: string, field: ChartField, span: Span, points: number): Promise<Chart> =>
    read(`/devices/${part(device)}/series/chart${asked({ field, ...span, points })}`),
  /** The reports with these counters as they lie in the log. */
  reports: (device: string, counters: readonly number[]): Promise<KeptReports> => read(`/devices/${part(device)}/reports${asked({ ctrs: counters.join(",") })}`),
  records: <Kind extends keyof RecordKinds>(kind: Kind, which: { transfer?: string } = {}): Promise<Recorded<RecordKinds[Kind]>[]> =>
    readAll(`/records/${kind}${asked(which)}`),
  /** The newest of a kind, at most `limit`. */
  newest: async <Kind extends keyof RecordKinds>(kind: Kind, limit: number): Promise<Recorded<RecordKinds[Kind]>[]> =>
    (await read<Page<Recorded<RecordKinds[Kind]>>>(`/records/${kind}${asked({ limit })}`)).items,
  passCardPath: (card: string): string => `${ROOT}/pass-cards/${part(card)}/svg`,
  recordsSince: <Kind extends keyof RecordKinds>(kind: Kind, since: Time): Promise<Recorded<RecordKinds[Kind]>[]> =>
    readSince<Recorded<RecordKinds[Kind]>>(`/records/${kind}`, since, (record) => record.at),
  /** Opened since then; active or not. */
  alertsSince: (since: Time): Promise<Alert[]> => readSince<Alert>("/alerts", since, (alert) => alert.opened_at),
  /** The photos that the transfer's incidents name, and whether they are here. */
  photos: (transfer: string): Promise<Photo[]> => read(`/transfers/${part(transfer)}/photos`),
  photoPath: (transfer: string, hash: string): string => `${ROOT}/transfers/${part(transfer)}/photos/${part(hash)}`,
  exportPath: (transfer: string, format: "epcis" | "eaeu"): string => `${ROOT}/transfers/${part(transfer)}/${format}`,
  evidencePath: (transfer: string): string => `${ROOT}/transfers/${part(transfer)}/evidence`,
  entries: (which: { after?: number | string | null; at?: Time; limit?: number }): Promise<Page<EntryHead>> => read(`/log/entries${asked(which)}`),
  provedEntry: (seq: number, size?: number): Promise<ProvedEntry> => read(`/log/entries/${seq}${asked({ size })}`),
  kpis: (which: { from?: Time; to?: Time; place?: string | null }): Promise<Kpis> => read(`/kpis${asked(which)}`),
  growth: (old: number, size: number): Promise<Growth> => read(`/log/growth${asked({ old, size })}`),
  checkpoint: async (): Promise<string> => (await request("/tlog/checkpoint", { method: "GET", headers: { accept: "text/plain" } })).text(),
  enrolmentChallenge: (): Promise<EnrolmentChallenge> => write("POST", "/devices/enrolment-challenges", {}),
  /** The same `key` again changes nothing. */
  enrolDevice: async (device: NewDevice, key: string): Promise<void> =>
    void (await request(`${ROOT}/devices`, { method: "POST", body: JSON.stringify(device), headers: { "idempotency-key": key } })),
  testCorridor: (feature: CorridorFeature, days: number): Promise<CorridorTest> =>
    write("POST", `/corridors/${part(feature.properties.id)}/test${asked({ days })}`, feature),
  /** Of a place or a corridor, the newest first. */
  versions: (kind: Drawn, id: string): Promise<Version[]> => readAll(`/${kind}/${part(id)}/versions`),
  version: (kind: Drawn, id: string, from: Time): Promise<CorridorFeature | PlaceFeature> => read(`/${kind}/${part(id)}/versions/${from}`),
  planned: async (): Promise<PlannedVersion[]> => (await read<Page<PlannedVersion>>("/planned-versions")).items,
  /** A command as it is written, signed or not. */
  command: async (body: string, headers: Readonly<Record<string, string>>): Promise<Receipt> =>
    (await request(`${ROOT}/commands`, { method: "POST", body, headers })).json() as Promise<Receipt>,
};

