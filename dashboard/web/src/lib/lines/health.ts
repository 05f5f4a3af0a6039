// What the state of a gateway means to whoever runs it. Pure.
import type { GatewayState } from "../../api/types";

export type Health = "well" | "waits" | "amiss";

const HEALTH: Readonly<Record<GatewayState, Health>> = {
  listening: "well",
  well: "well",
  starting: "waits",
  quiet: "waits",
  absent: "amiss",
  garbled: "amiss",
  unregistered: "amiss",
};

export const healthOf = (state: GatewayState): Health => HEALTH[state];
