import { afterEach, expect, test, vi } from "vitest";
import { api, Failure } from "../../api/client";
import { locale } from "../i18n/index.svelte";
import { Names } from "./names.svelte";

vi.hoisted(() => vi.stubGlobal("navigator", { language: "zh-CN" }));

vi.spyOn(api, "parties").mockResolvedValue([{ id: "silk", role: "carrier", name_zh: "丝路班列", name_en: "Silk Road Rail" }]);
const people = vi.spyOn(api, "users");
afterEach(() => locale.choose("zh"));

test("parties are called as the language has it, people by their name, and who is unknown by the id", async () => {
  people.mockResolvedValueOnce([{ id: "li.wei", name: "李伟", party: "xian", role: "customs" }]);
  const names = new Names();
  expect(names.party("silk")).toBe("silk");
  await names.load();
  expect([names.party("silk"), names.person("li.wei")]).toEqual(["丝路班列", "李伟"]);
  locale.choose("en");
  expect(names.party("silk")).toBe("Silk Road Rail");
  expect([names.party("donghai"), names.person("wang.fang")]).toEqual(["donghai", "wang.fang"]);
});

test("parties have their names even where the people could not be had", async () => {
  people.mockRejectedValueOnce(new Failure("unavailable", 503, ""));
  const names = new Names();
  await expect(names.load()).rejects.toThrow();
  expect(names.party("silk")).toBe("丝路班列");
});
