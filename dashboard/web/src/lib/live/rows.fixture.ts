// Rows for the unit tests.
import type { Alert, Device, LastReport, Position, Terminal, TrackPoint, Transfer } from "../../api/types";

export function alert(given: Partial<Alert>): Alert {
  return {
    id: 1,
    kind: "deviation",
    severity: "amber",
    device: "ES-1",
    owner: "silk-road-rail",
    opened_at: 1000,
    respond_by: 301_000,
    happened_at: 1000,
    count: 1,
    evidence: [],
    facts: {},
    ...given,
  };
}

export function transfer(given: Partial<Transfer>): Transfer {
  return {
    id: "26CN0000000000015",
    carrier: "silk-road-rail",
    unit: "CSQU3054383",
    seal: "ES-1",
    origin: "port-qingdao",
    destination: "depot-xian-port-station",
    corridor: "rail-qingdao-zhengzhou-xian",
    state: "in-transit",
    state_since: 0,
    changed_by: "clock",
    declared_at: 0,
    progress_km: 10,
    length_km: 100,
    open_alerts: 0,
    leg: 0,
    legs: [],
    plan: [],
    holds: [],
    punctuality: "on-time",
    custody_held: false,
    ...given,
  };
}

export function device(given: Partial<Device>): Device {
  return {
    id: "ES-1",
    owner: "silk-road-rail",
    public_key: "00",
    enrolled_at: 0,
    quarantined: false,
    transfer: "26CN0000000000015",
    last: lastReport({}),
    ...given,
  };
}

export function lastReport(given: Partial<LastReport>): LastReport {
  return {
    ctr: 5,
    epoch: 1,
    t: 900,
    received_at: 1000,
    event: "periodic",
    status: 0,
    battery: 80,
    fix: { t: 900, lat: 34, lon: 109, speed_cm_s: 100, heading_ddeg: 0 },
    ...given,
  };
}

export function trackPoint(given: Partial<TrackPoint>): TrackPoint {
  return { ctr: 1, epoch: 1, t: 1, received_at: 1, event: "periodic", status: 0x187, ...given };
}

export function terminal(given: Partial<Terminal>): Terminal {
  return {
    id: "TRUCK-7",
    owner: "silk-road-rail",
    protocol: "jtt808",
    call_sign: "13912345678",
    used_as: "vehicle",
    grade: "unsigned",
    registered_at: 0,
    ...given,
  };
}

export function position(given: Partial<Position>): Position {
  return {
    device: "ES-1",
    grade: "signed",
    transfer: "26CN0000000000015",
    ctr: 6,
    t: 1900,
    received_at: 2000,
    lat: 35,
    lon: 110,
    speed_cm_s: 200,
    heading_ddeg: 0,
    battery: 79,
    progress_km: 12,
    ...given,
  };
}
