// A seal as the screens know it: the device's row, carried on by the positions that come after it.
import type { Device, Position, Terminal, Time } from "../../api/types";

export interface SealFix {
  t: Time;
  receivedAt: Time;
  lat: number;
  lon: number;
  speedCmS: number;
  headingDdeg: number;
}

export interface Seal {
  id: string;
  /** False: a terminal of another maker, whose word nobody signed. */
  signed: boolean;
  /** Not known for a seal that was first heard of by a position. */
  owner: string | null;
  quarantined: boolean;
  transfer: string | null;
  ctr: number;
  receivedAt: Time | null;
  battery: number | null;
  fix: SealFix | null;
}

export function sealOfDevice(device: Device): Seal {
  const last = device.last ?? null;
  const fix = last?.fix ?? null;
  return {
    id: device.id,
    signed: true,
    owner: device.owner,
    quarantined: device.quarantined,
    transfer: device.transfer ?? null,
    ctr: last?.ctr ?? -1,
    receivedAt: last?.received_at ?? null,
    battery: last?.battery ?? null,
    fix: last && fix ? fixOf(fix, last.received_at) : null,
  };
}

/** A terminal on the map: a marker, and never a seal's word. */
export function sealOfTerminal(terminal: Terminal): Seal {
  const last = terminal.last ?? null;
  return {
    id: terminal.id,
    signed: false,
    owner: terminal.owner,
    quarantined: false,
    transfer: null,
    ctr: last?.number ?? -1,
    receivedAt: last?.received_at ?? null,
    battery: last?.battery ?? null,
    fix: last?.fix ? fixOf(last.fix, last.received_at) : null,
  };
}

function fixOf(fix: Pick<Position, "t" | "lat" | "lon" | "speed_cm_s" | "heading_ddeg">, receivedAt: Time): SealFix {
  const { t, lat, lon } = fix;
  return { t, receivedAt, lat, lon, speedCmS: fix.speed_cm_s, headingDdeg: fix.heading_ddeg };
}

/** The seal after a position; a position behind the seal's counter changes nothing. */
export function moveSeal(seal: Seal | undefined, position: Position): Seal {
  if (seal && position.ctr <= seal.ctr) return seal;
  return {
    id: position.device,
    signed: position.grade === "signed",
    owner: seal?.owner ?? null,
    quarantined: seal?.quarantined ?? false,
    transfer: position.transfer ?? null,
    ctr: position.ctr,
    receivedAt: position.received_at,
    battery: position.battery ?? seal?.battery ?? null,
    fix: fixOf(position, position.received_at),
  };
}

/**
 * When the position was true, by the clock that the age is counted with. A device's clock that is ahead of the platform's must
 * not make an old position look fresh, nor a simulated one look like the future.
 */
export function positionTime(fix: SealFix): Time {
  return Math.min(fix.t, fix.receivedAt);
}
