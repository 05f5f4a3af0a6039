import { expect, test } from "vitest";
import { valid } from "../proof/vectors.fixture";
import { framesOf } from "./frames";

const named = (name: string) => {
  const vector = valid.find((candidate) => candidate.name === name);
  if (!vector) throw new Error(name);
  return vector;
};
const sealed = named("event sealed");
const periodic = named("event periodic");
const kept = (bytes: string, seq: number) => ({ seq, ctr: 42, received_at: 5, bytes });

test("a frame under the epoch key is good by the key that the sealing announced", async () => {
  const device = { id: "XA-7Q2K", public_key: sealed.public_key };
  const [frame] = await framesOf(device, { device: device.id, reports: [kept(periodic.bytes, 7)], sealings: [kept(sealed.bytes, 3)] });
  expect(frame).toMatchObject({ seq: 7, verdict: "good", signer: "epoch", report: { event: "periodic", battery: 87 } });
});

test("a frame by the identity key needs no sealing, and one under no key of the seal says so", async () => {
  const device = { id: "XA-7Q2K", public_key: sealed.public_key };
  const [own, foreign] = await framesOf(device, { device: device.id, reports: [kept(sealed.bytes, 3), kept(periodic.bytes, 7)], sealings: [] });
  expect(own).toMatchObject({ verdict: "good", signer: "identity" });
  expect(foreign).toMatchObject({ verdict: "unknown-key", signer: null });
});

test("a frame of another seal is not good, and bytes that are none are bad", async () => {
  const device = { id: "XA-OTHER", public_key: sealed.public_key };
  const [foreign, broken] = await framesOf(device, { device: device.id, reports: [kept(sealed.bytes, 3), kept("00", 4)], sealings: [] });
  expect(foreign?.verdict).toBe("bad");
  expect(broken).toMatchObject({ verdict: "bad", report: null });
});
