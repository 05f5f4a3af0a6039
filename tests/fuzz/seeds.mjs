// What the real thing looks like, where bytes alone would not come upon it: `seeds.mjs FOLDER [EVIDENCE...]` lays a folder for each target.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
for (const [i, file] of bundles.entries()) {
  lay("bundle", i, partOf(readFileSync(file), "bundle.cbor"));
  lay("evidence_file", i, readFileSync(file));
}

// MQTT: the first byte says in which version and in how long pieces.
const word = (value) => Buffer.from([value >> 8, value & 0xff]);
const named = (value) => Buffer.concat([word(Buffer.byteLength(value)), Buffer.from(value)]);
const packet = (first, ...parts) => Buffer.concat([Buffer.from([first, Buffer.concat(parts).length]), ...parts]);
for (const [five, level] of [[0, 4], [1, 5]]) {
  const none = Buffer.from(five ? [0] : []);
  const limits = Buffer.from(five ? [13, 0x21, 0, 20, 0x27, 0, 0, 2, 0, 0x11, 0, 0, 0, 9] : []);
  const head = (flags) => Buffer.concat([named("MQTT"), Buffer.from([level, flags, 0, 60])]);
  const words = Buffer.from(five ? [12, 1, 0, 3, 0, 1, 0x78, 0x26, 0, 1, 0x61, 0, 0] : []);
  const stream = {
    connect: packet(0x10, head(0xc2), limits, named("XA-7Q2K"), named("XA-7Q2K"), named("0oRD")),
    will: packet(0x10, head(0xc6), none, named("XA-7Q2K"), none, named("t"), named("m"), named("XA-7Q2K"), named("0oRD")),
    publish: packet(0x32, named("seal/v1/XA-7Q2K/up"), word(7), words, Buffer.from("report")),
    puback: packet(0x40, word(1), none),
    subscribe: packet(0x82, word(9), none, named("seal/v1/XA-7Q2K/down"), Buffer.from([1]), named("$share/g/#"), Buffer.from([0])),
    unsubscribe: packet(0xa2, word(9), none, named("seal/v1/XA-7Q2K/down")),
    ping: packet(0xc0),
    disconnect: packet(0xe0, Buffer.from(five ? [0, 5, 0x11, 0, 0, 0, 9] : [])),
  };
  for (const [name, bytes] of Object.entries({ ...stream, all: Buffer.concat(Object.values(stream)) })) {
    for (const size of [0, 40]) lay("mqtt", `${level}-${name}-${size}`, Buffer.concat([Buffer.from([(size << 1) | five]), bytes]));
  }
}

// A seal's frame through a reader: the worked one of the page for makers of seals, alone and between noise.
const [, frame] = text("schemas/README.md").match(/```hex frame\n([0-9a-f\n]+)```/);
lay("reader_frames", "worked", Buffer.from(frame.replaceAll("\n", ""), "hex"));
lay("reader_frames", "in-noise", Buffer.concat([Buffer.from("SW\x01"), Buffer.from(frame.replaceAll("\n", ""), "hex"), Buffer.from("SWSW")]));

// Receivers: an epoch, and the beginning of each recorded one.
const sentence = (content) => `$${content}*${[...Buffer.from(content)].reduce((sum, byte) => sum ^ byte, 0).toString(16).toUpperCase().padStart(2, "0")}\r\n`;
const GGA = "GNGGA,083005.00,3420.4942,N,10856.4105,E,1,09,1.2,400.0,M,0.0,M,,";
const RMC = "GNRMC,083005.00,A,3420.4942,N,10856.4105,E,20.0,90.0,010926,,,A";
const REST = ["GNGSA,A,3,03,17,,,,,,,,,,,2.0,1.2,1.6", "GPGSV,1,1,02,03,40,083,42,17,17,308,38", "GNZDA,083005.00,01,09,2026,00,00"];
lay("nmea", "epoch", [GGA, ...REST, RMC].map(sentence).join(""));
lay("nmea", "unsummed", [GGA, ...REST, RMC].join("\n"));
const traces = `${process.env.SEALWAY_SHARED ?? new URL("../shared", ROOT).pathname}/data/traces`;
if (existsSync(traces)) {
  for (const file of readdirSync(traces)) if (file.endsWith(".log")) lay("nmea", file, readFileSync(`${traces}/${file}`).subarray(0, 4096));
} else console.log(`left out: ${traces} is absent`);

// JT/T 808: the body of a location, of a batch of them, with the items that locks send.
const u32 = (value) => [value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff];
const LOCATION = [...u32(0), ...u32(2), ...u32(34_341_570), ...u32(108_940_175), 1, 0x95, 2, 0x58, 0, 180, 0x26, 9, 1, 0x16, 0x30, 5];
const ITEMS = [[], [0x31, 1, 9], [0x0b, 2, 0, 1], [0xd5, 4, 0, 0, 0, 1], [0x63, 6, 1, 2, 3, 4, 5, 6], [0x01, 4, ...u32(12_345), 0x30, 1, 20, 0xeb, 2, 0, 0]];
for (const [i, items] of ITEMS.entries()) lay("jtt808", `location-${i}`, Buffer.from([...LOCATION, ...items]));
lay("jtt808", "batch", Buffer.from([0, 2, 1, 0, 28, ...LOCATION, 0, 28, ...LOCATION]));
const HEADED = [0x02, 0x00, 0, 28, 1, 0x39, 0x12, 0x34, 0x56, 0x78, 0, 2, ...LOCATION];
lay("jtt808", "frame", Buffer.from([0x7e, ...HEADED, HEADED.reduce((sum, byte) => sum ^ byte, 0), 0x7e]));

// Jointech's locks: text and binary.
const LOCK = [0x24, 0x70, 0x10, 0x10, 0, 0x14, 0x19, 0x11, 0, 52, 1, 9, 0x26, 8, 0x30, 5, 0x34, 0x20, 0x49, 0x42, 0x10, 0x85, 0x64, 0x10, 0x57];
const binary = Buffer.from([...LOCK, 20, 45, 0, 0, 4, 0xd2, 9, 0, 0, 0, 0, 0x20, 0xc0, 85, ...Array(22).fill(0), 7]);
const unlocking = "(7010100014,P45,010926,083005,34.341570,N,108.940175,E,A,12.50,90,2,1,0002012104,0,0,3)";
lay("jointech", "binary", binary);
lay("jointech", "text", unlocking);
lay("jointech", "both", Buffer.concat([Buffer.from(`noise${unlocking}(7010100014,P22)`), binary, binary]));

// Certificates in DER, with as much in them as is looked at.
const der = (tag, ...parts) => {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 0x81, body.length]), body]);
};
const COMMON_NAME = der(6, [0x55, 4, 3]);
const ED25519 = der(6, [0x2b, 0x65, 0x70]);
const subject = (...names) => der(0x30, ...names.map((name) => der(0x31, der(0x30, COMMON_NAME, der(0x0c, name)))));
const certificate = (names, version) => {
  const key = der(0x30, der(0x30, ED25519), der(3, [0], Buffer.alloc(32, 7)));
  const rest = [der(2, [1]), der(0x30, ED25519), der(0x30), der(0x30, der(0x17, "260901000000Z"), der(0x17, "360901000000Z"))];
  return der(0x30, der(0x30, ...version, ...rest, subject(...names), key), der(0x30, ED25519), der(3, [0], Buffer.alloc(64)));
};
lay("certificate", "of-a-seal", certificate(["XA-7Q2K"], [der(0xa0, der(2, [2]))]));
lay("certificate", "without-version", certificate(["XA-7Q2K"], []));
lay("certificate", "of-two", certificate(["XA-7Q2K", "XA-7Q2L"], [der(0xa0, der(2, [2]))]));

// What was a bug once.
for (const target of readdirSync(new URL("regressions/", import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  mkdirSync(`${folder}/${target.name}`, { recursive: true });
  for (const file of readdirSync(new URL(`regressions/${target.name}/`, import.meta.url))) {
    copyFileSync(new URL(`regressions/${target.name}/${file}`, import.meta.url), `${folder}/${target.name}/regression-${file}`);
  }
}

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
