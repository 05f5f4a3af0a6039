// What is told of topics is an AsyncAPI document, and the standard's own JSON Schema is one that can refuse.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { parse } from "yaml";

const schema = createRequire(import.meta.url)("@asyncapi/specs/schemas/3.0.0.json");
const told = () => parse(readFileSync(new URL("../../schemas/asyncapi.yaml", import.meta.url), "utf8"));
// The schema brings the one of schemas along.
const checker = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false });
formats.default(checker);
const valid = checker.compile(schema);

/** Every `$ref` of a document, with where it stands. */
function* references(node, path = "#") {
  if (typeof node !== "object" || node === null) return;
  if (typeof node.$ref === "string") yield [path, node.$ref];
  for (const [name, child] of Object.entries(node)) yield* references(child, `${path}/${name}`);
}

const found = (document, reference) => reference.slice(2).split("/").reduce((node, name) => node?.[name.replaceAll("~1", "/").replaceAll("~0", "~")], document);

test("what is told of topics is an AsyncAPI 3.0 document", () => {
  assert.ok(valid(told()), JSON.stringify(valid.errors, null, 1));
});

test("whatever the document refers to is in it", () => {
  const document = told();
  const all = [...references(document)];
  assert.ok(all.length > 5, `${all.length} references`);
  for (const [path, reference] of all) assert.notEqual(found(document, reference), undefined, `${path}: ${reference}`);
});

test("a document that AsyncAPI does not have is refused", () => {
  const changes = [(document) => (document.operations.report.action = "publish"), (document) => delete document.info.title, (document) => (document.channels.up.adress = "seal/v1/{device}/up")];
  for (const change of changes) {
    const changed = told();
    change(changed);
    assert.ok(!valid(changed), change.toString());
  }
});
