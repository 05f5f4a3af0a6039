// What the real thing looks like, where bytes alone would not come upon it: `seeds.mjs FOLDER [EVIDENCE...]` lays a folder for each target.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { inflateRawSync } from "node:zlib";

const ROOT = new URL("../../", import.meta.url);
const [folder, ...bundles] = process.argv.slice(2);
const text = (path) => readFileSync(new URL(path, ROOT), "utf8");

function lay(target, name, bytes) {
  mkdirSync(`${folder}/${target}`, { recursive: true });
  writeFileSync(`${folder}/${target}/seed-${name}`, bytes);
}

for (const file of ["valid", "invalid"]) {
  for (const [i, { kind, bytes }] of JSON.parse(text(`schemas/vectors/${file}.json`)).entries()) lay(kind, `${file}-${i}`, Buffer.from(bytes, "hex"));
}
for (const file of ["places", "corridors"]) {
  for (const feature of JSON.parse(text(`tracker/core/world/${file}.geojson`)).features) lay("geojson", feature.id, JSON.stringify(feature));
}
for (const file of readdirSync(new URL("schemas/ledger/", ROOT))) if (/^ledger\.(csv|json|xml)$/.test(file)) lay("ledger", file, text(`schemas/ledger/${file}`));
for (const [i, file] of bundles.entries()) lay("bundle", i, partOf(readFileSync(file), "bundle.cbor"));

/** One part of a zip file, by the file's own directory. */
function partOf(zip, name) {
  const CENTRAL = Buffer.from("PK\x01\x02", "latin1");
  for (let at = zip.indexOf(CENTRAL); at >= 0; at = zip.indexOf(CENTRAL, at + 4)) {
    if (zip.toString("utf8", at + 46, at + 46 + zip.readUInt16LE(at + 28)) !== name) continue;
    const [size, local] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)];
    const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    return inflateRawSync(zip.subarray(from, from + size));
  }
  throw new Error(`no ${name} in the file`);
}
