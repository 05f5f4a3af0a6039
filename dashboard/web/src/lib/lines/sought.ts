// Finding connections among many. Pure.
import type { MqttConnection } from "../../api/types";

/** Whose it is: a device's, or a user's who listens under a client id. */
export const whoOf = ({ device, user, client_id }: MqttConnection): string => device ?? [user, client_id].filter((part) => part != null).join(" · ");

/** Those whose name or address has `words` in it, newest first. */
export function sought(connections: readonly MqttConnection[], words: string): MqttConnection[] {
  const wanted = words.trim().toLowerCase();
  return connections
    .filter((connection) => `${whoOf(connection)} ${connection.peer}`.toLowerCase().includes(wanted))
    .sort((a, b) => b.since - a.since || b.session - a.session);
}
