import { afterEach, expect, test, vi } from "vitest";
import { Failure } from "../../api/client";
import type { Command, Me, Receipt } from "../../api/types";
import type { Entry, Shelf } from "./entry";
import { ANSWER_MS } from "../port/question";
import { clock } from "../time/clock.svelte";
import { Outbox, QUESTIONS } from "./outbox.svelte";

const me: Me = { user: "li", party: "station", role: "operator" };
const about = { name: "CSQU3054383", transfer: "T1" };
const arrival: Command = { type: "report-arrival", transfer: "T1", place: "depot" };
const handover: Command = { type: "hand-over", transfer: "T1", place: "depot" };
const receipt: Receipt = { id: "r", at: 1, repeated: false };

/** A shelf in memory, and a platform that answers as the test says. */
function desk(kept: Map<string, Entry> = new Map()) {
  const heard: Entry[] = [];
  const asked: string[] = [];
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
  const askSeal = async (transfer: string): Promise<void> => void asked.push(transfer);
  return { outbox: new Outbox({ shelf, send, askSeal }), heard, asked, platform, kept };
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
  expect(await outbox.ask(arrival, about, person)).toEqual({ stand: "waiting", on: "network" });
  expect(await outbox.ask(handover, about, person)).toEqual({ stand: "waiting", on: "network" });
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
  expect(refused?.refused).toEqual({ code: "arrow-illegal", detail: "transfer T1: is arrived", step: null });
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

const unanswered = async (entry: Entry): Promise<Receipt> => {
  if (entry.type === "hand-over") throw new Failure("arrow-needs", 409, "", { state: "arrived", arrow: "hand-over", missing: ["fresh-answer"] });
  return receipt;
};

afterEach(() => vi.restoreAllMocks());

test("a handoff that was signed without a network asks the seal once there is one, and goes out as it was signed when it has answered", async () => {
  const { outbox, heard, asked, platform } = desk();
  await outbox.open(me);
  platform.answer = offline;
  await outbox.ask(arrival, about, null);
  await outbox.ask(handover, about, null);
  await outbox.ask(handover, { name: "MWCU6059784", transfer: "T2" }, null);
  const [, signed] = outbox.entries;
  platform.answer = unanswered;
  await outbox.flush();
  await outbox.flush();
  expect(asked, "each seal once while its question is open").toEqual(["T1", "T2"]);
  expect(outbox.waiting.map(({ transfer }) => transfer)).toEqual(["T1", "T2"]);
  expect(outbox.waitsFor("hand-over", "T1")).toBe(true);
  platform.answer = async () => receipt;
  heard.length = 0;
  await outbox.flush();
  expect(heard[0]).toEqual(signed);
  expect([outbox.entries.length, outbox.questions.size]).toEqual([0, 0]);
});

test("what rests on a handoff waits behind it, and what is about another transfer does not", async () => {
  const { outbox, platform } = desk();
  await outbox.open(me);
  platform.answer = offline;
  await outbox.ask(handover, about, null);
  await outbox.ask({ type: "ask-gate", question: {} } as unknown as Command, about, null);
  await outbox.ask({ type: "refuse-transfer", transfer: "T2", place: "depot", reason: "wet" }, { name: "B", transfer: "T2" }, null);
  platform.answer = unanswered;
  await outbox.flush();
  expect(outbox.waiting.map(({ type }) => type)).toEqual(["hand-over", "ask-gate"]);
});

test("a seal that never answers ends in a refusal that says so", async () => {
  const { outbox, asked, platform } = desk();
  await outbox.open(me);
  platform.answer = offline;
  await outbox.ask(handover, about, null);
  platform.answer = unanswered;
  let now = 0;
  vi.spyOn(clock, "read").mockImplementation(() => (now += ANSWER_MS));
  for (let tries = 0; tries < 2 * QUESTIONS && outbox.waiting.length > 0; tries += 1) await outbox.flush();
  expect(asked.length).toBe(QUESTIONS);
  expect(outbox.entries[0]?.refused?.step?.missing).toEqual(["fresh-answer"]);
});

test("who signs before the seal has answered is told so at once", async () => {
  const { outbox, asked, platform } = desk();
  await outbox.open(me);
  platform.answer = unanswered;
  expect((await outbox.ask(handover, about, null)).stand).toBe("refused");
  expect(asked).toEqual([]);
});
