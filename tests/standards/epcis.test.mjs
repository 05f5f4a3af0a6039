// The documents that the API's own tests keep true are such that GS1's JSON Schema lets them pass, and the schema is one that can refuse.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import formats from "ajv-formats";

const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const dashboard = new URL("../../dashboard/", import.meta.url);
const exported = () => read(new URL("tests/api/epcis.json", dashboard));
const checker = new Ajv({ strict: false, allErrors: true });
formats.default(checker);
const valid = checker.compile(read(process.env.EPCIS_SCHEMA));

test("an exported transfer is an EPCIS 2.0 document", () => {
  assert.ok(valid(exported()), JSON.stringify(valid.errors, null, 1));
});

test("a whole life is an EPCIS 2.0 document", () => {
  assert.ok(valid(read(new URL("src/exchange/life.json", dashboard))), JSON.stringify(valid.errors, null, 1));
});

test("a word that GS1's vocabulary does not have is refused", () => {
  for (const [field, word] of [["bizStep", "sealing"], ["disposition", "sealed"], ["action", "SEAL"], ["eventTime", "yesterday"]]) {
    const changed = exported();
    changed.epcisBody.eventList[0][field] = word;
    assert.ok(!valid(changed), field);
  }
});
