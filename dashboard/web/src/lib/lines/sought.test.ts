import { expect, test } from "vitest";
import type { MqttConnection } from "../../api/types";
import { sought, whoOf } from "./sought";

const seal: MqttConnection = { session: 3, device: "SL-0000017", peer: "10.0.0.7:4711", version: "5", tls: true, since: 1_000 };
const listener: MqttConnection = { session: 9, user: "wang-li", client_id: "desk", peer: "10.0.0.8:4712", version: "3.1.1", tls: false, since: 2_000 };

test("a connection is a device's or a listener's, and is found by its name or address, newest first", () => {
  expect([whoOf(seal), whoOf(listener)]).toEqual(["SL-0000017", "wang-li · desk"]);
  expect(sought([seal, listener], "").map(({ session }) => session)).toEqual([9, 3]);
  expect(sought([seal, listener], " sl-00000 ")).toEqual([seal]);
  expect(sought([seal, listener], "0.8:47")).toEqual([listener]);
  expect(sought([seal, listener], "nobody")).toEqual([]);
});
