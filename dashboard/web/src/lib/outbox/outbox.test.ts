import { expect, test } from "vitest";
import { Failure } from "../../api/client";
import type { Command, Me, Receipt } from "../../api/types";
import type { Entry, Shelf } from "./entry";
import { Outbox } from "./outbox.svelte";

const me: Me = { user: "li", party: "station", role: "operator" };
const about = { name: "CSQU3054383", transfer: "T1" };
const arrival: Command = { type: "report-arrival", transfer: "T1", place: "depot" };
const handover: Command = { type: "hand-over", transfer: "T1", place: "depot" };
const receipt: Receipt = { id: "r", at: 1, repeated: false };

/** A shelf in memory, and a platform that answers as the test says. */
function desk(kept: Map<string, Entry> = new Map()) {
  const heard: Entry[] = [];
  const platform = { answer: async (_: Entry): Promise<Receipt> => receipt };
  const shelf: Shelf = {
    of: async (user) => [...kept.values()].filter((entry) => entry.user === user),
    put: async (entry) => void kept.set(entry.key, entry),
    drop: async (key) => void kept.delete(key),
  };
  const send = async (entry: Entry): Promise<Receipt> => {
    heard.push(entry);
    return platform.answer(entry);
  };
  return { outbox: new Outbox({ shelf, send }), heard, platform, kept };
}

const offline = async (): Promise<Receipt> => {
  throw new Failure("unreachable", 0, "no network");
};

test("with a way to the platform a decision is taken at once and nothing stays behind", async () => {
  const { outbox, kept } = desk();
  await outbox.open(me);
  expect(await outbox.ask(arrival, about, null)).toEqual({ stand: "taken", receipt });
  expect([outbox.entries.length, kept.size, outbox.sent.length]).toEqual([0, 0, 1]);
});

test("without a network decisions wait, and go out later in their order under the keys that they were signed with", async () => {
  const { outbox, heard, platform } = desk();
  await outbox.open(me);
  platform.answer = offline;
  const person = { keyId: "k", sign: async (key: string, body: string) => `${key}:${body}` };
  expect(await outbox.ask(arrival, about, person)).toEqual({ stand: "waiting" });
  expect(await outbox.ask(handover, about, person)).toEqual({ stand: "waiting" });
  const before = [...outbox.entries];
  platform.answer = async () => receipt;
  heard.length = 0;
  await outbox.flush();
  expect(heard).toEqual(before);
  expect(heard.map((entry) => entry.type)).toEqual(["report-arrival", "hand-over"]);
  expect(heard.every((entry) => entry.signature === `${entry.key}:${entry.body}`)).toBe(true);
  expect(outbox.entries).toEqual([]);
});

test("a decision outlives the page, and is its person's only", async () => {
  const first = desk();
  await first.outbox.open(me);
  first.platform.answer = offline;
  await first.outbox.ask(arrival, about, null);
  const second = desk(first.kept);
  await second.outbox.open({ ...me, user: "wang" });
  expect(second.outbox.entries).toEqual([]);
  await second.outbox.open(me);
  expect(second.outbox.waiting.map((entry) => entry.type)).toEqual(["report-arrival"]);
});

test("what the platform refuses stays with its word against it until it is read, and holds nothing up", async () => {
  const { outbox, platform, kept } = desk();
  await outbox.open(me);
  platform.answer = async (entry) => {
    if (entry.type === "report-arrival") throw new Failure("arrow-illegal", 409, "transfer T1: is arrived");
    return receipt;
  };
  expect(await outbox.ask(arrival, about, null)).toMatchObject({ stand: "refused" });
  expect((await outbox.ask(handover, about, null)).stand).toBe("taken");
  const [refused] = outbox.entries;
  expect(refused?.refused).toEqual({ code: "arrow-illegal", detail: "transfer T1: is arrived" });
  await outbox.dismiss(refused?.key ?? "");
  expect([outbox.entries.length, kept.size]).toEqual([0, 0]);
});

test("a server that is overloaded or a session that ended is no refusal", async () => {
  const { outbox, platform } = desk();
  await outbox.open(me);
  for (const status of [401, 429, 503]) {
    platform.answer = async () => {
      throw new Failure("later", status, "");
    };
    expect((await outbox.ask(arrival, about, null)).stand).toBe("waiting");
  }
  expect(outbox.waiting.length).toBe(3);
});

test("two flushes at once send nothing twice", async () => {
  const { outbox, platform, heard } = desk();
  await outbox.open(me);
  platform.answer = offline;
  await outbox.ask(arrival, about, null);
  platform.answer = async () => receipt;
  heard.length = 0;
  await Promise.all([outbox.flush(), outbox.flush()]);
  expect(heard.length).toBe(1);
});
