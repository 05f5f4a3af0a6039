// The rows and events of the API that the screens read, as `sealway_schemas::event` gives them. Times are unix ms.

export type Time = number;
export type Role = "customs" | "carrier" | "operator" | "auditor" | "admin";
export type Severity = "red" | "amber" | "grey";
export type MovementState =
  | "draft"
  | "declared"
  | "accepted"
  | "sealed"
  | "released"
  | "in-transit"
  | "incident"
  | "arrived"
  | "handed-over"
  | "unsealing-granted"
  | "unsealed"
  | "verified"
  | "written-off"
  | "cancelled";

export interface Me {
  user: string;
  party: string;
  role: Role;
}

/** How far the time series are. */
export interface SeriesState {
  backend: "embedded" | "influxdb";
  /** Entries of the log that are not looked at yet. */
  lag: number;
  cursor: number;
  dead_letters: number;
  failing_since?: Time | null;
  /** Told to administrators and auditors. */
  failing?: string | null;
}

/** How well the evidence is kept: counts of entries. */
export interface LogState {
  entries: number;
  checkpoint?: number | null;
  cosigned?: number | null;
  standby?: number | null;
  disk_full: boolean;
  scrub_faults: number;
}

export interface Page<Row> {
  items: Row[];
  next?: string | null;
}

export interface Fix {
  t: Time;
  lat: number;
  lon: number;
  speed_cm_s: number;
  heading_ddeg: number;
}

export interface LastReport {
  ctr: number;
  t: Time;
  received_at: Time;
  event: string;
  status: number;
  battery?: number | null;
  fix?: Fix | null;
}

export interface Device {
  id: string;
  owner: string;
  enrolled_at: Time;
  quarantined: boolean;
  transfer?: string | null;
  last?: LastReport | null;
}

export interface Transfer {
  id: string;
  carrier: string;
  unit: string;
  seal: string;
  origin: string;
  destination: string;
  corridor: string;
  state: MovementState;
  state_since: Time;
  declared_at: Time;
  progress_km?: number | null;
  length_km?: number | null;
  open_alerts: number;
  worst_severity?: Severity | null;
}

export interface Alert {
  id: number;
  /** Known kinds have a translation; an unknown one is shown as it is. */
  kind: string;
  severity: Severity;
  device: string;
  transfer?: string | null;
  opened_at: Time;
  happened_at: Time;
  cleared_at?: Time | null;
  acknowledged_at?: Time | null;
  acknowledged_by?: string | null;
  count?: number;
}

/** `unsigned`: a terminal of another maker said so, and nobody signed it. */
export type Grade = "signed" | "unsigned";

/** A terminal of another maker, as its record tells it. */
export interface Terminal {
  id: string;
  owner: string;
  revoked_at?: Time | null;
  last?: { number: number; received_at: Time; battery?: number | null; fix?: Fix | null } | null;
}

export interface Position {
  device: string;
  grade: Grade;
  transfer?: string | null;
  ctr: number;
  t: Time;
  received_at: Time;
  lat: number;
  lon: number;
  speed_cm_s: number;
  heading_ddeg: number;
  battery?: number | null;
  progress_km?: number | null;
}

export interface TrackPoint {
  ctr: number;
  t: Time;
  lat?: number | null;
  lon?: number | null;
}

export interface Track {
  device: string;
  points: TrackPoint[];
}

/** One change of what people see, as the event stream tells it. */
export type Change =
  | { kind: "position"; body: Position }
  | { kind: "movement"; body: Transfer }
  | { kind: "alert"; body: Alert }
  | { kind: "device"; body: Device };

/** RFC 9457. The screens translate `code`; `detail` is for whoever reads the console. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
}

export interface PlaceProperties {
  id: string;
  kind: "port" | "zone" | "depot" | "airport" | "border";
  name_en: string;
  name_zh: string;
  centre?: [number, number];
}

export interface CorridorProperties {
  id: string;
  mode: "rail" | "road" | "sea" | "air";
  from: string;
  to: string;
  width_m: number;
  length_km: number;
  name_en: string;
  name_zh: string;
}

export type Places = GeoJSON.FeatureCollection<GeoJSON.Polygon, PlaceProperties>;
export type Corridors = GeoJSON.FeatureCollection<GeoJSON.LineString, CorridorProperties>;
