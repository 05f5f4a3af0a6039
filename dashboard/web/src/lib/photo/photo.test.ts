import { expect, test } from "vitest";
import { photoOf, within } from "./photo";

test("a picture is made to fit and never enlarged", () => {
  expect(within({ width: 8000, height: 6000 }, 2560)).toEqual({ width: 2560, height: 1920 });
  expect(within({ width: 600, height: 8000 }, 2560)).toEqual({ width: 192, height: 2560 });
  expect(within({ width: 640, height: 480 }, 2560)).toEqual({ width: 640, height: 480 });
  expect(within({ width: 1, height: 100_000 }, 2560)).toEqual({ width: 1, height: 2560 });
});

test("a small photo is sent as it is, under the hash of its bytes", async () => {
  const photo = await photoOf(new File(["abc"], "seal.jpg", { type: "image/jpeg" }));
  expect(photo.hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect([photo.name, photo.content.size, photo.content.type]).toEqual(["seal.jpg", 3, "image/jpeg"]);
});
