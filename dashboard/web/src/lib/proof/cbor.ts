// Deterministic CBOR (RFC 8949, 4.2.1) as the contract uses it: enough to read what a seal signed and what the log holds, and to
// write a leaf of the log anew. Reading is strict: what is not well formed throws.
import { joined, utf8 } from "./bytes";

export type Cbor = number | string | boolean | null | Uint8Array<ArrayBuffer> | Cbor[] | CborMap | Tagged;
export type CborMap = Map<Cbor, Cbor>;

export class Tagged {
  constructor(
    readonly tag: number,
    readonly value: Cbor,
  ) {}
}

export class NotCbor extends Error {}

/** The one value that the bytes are. */
export function decode(bytes: Uint8Array): Cbor {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.length) throw new NotCbor(`${bytes.length - reader.at} bytes behind the value, expected none`);
  return value;
}

const DEPTH = 8;

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): Cbor {
    if (depth > DEPTH) throw new NotCbor(`nested deeper than ${DEPTH}`);
    const first = this.#byte();
    const [major, info] = [first >> 5, first & 31];
    if (major === 7) return this.#simple(info);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return Uint8Array.from(this.#take(argument));
      case 3:
        return new TextDecoder("utf-8", { fatal: true }).decode(this.#take(argument));
      case 4:
        return Array.from({ length: this.#count(argument) }, () => this.value(depth + 1));
      case 5:
        return this.#map(this.#count(argument), depth);
      default:
        return new Tagged(argument, this.value(depth + 1));
    }
  }

  #map(count: number, depth: number): CborMap {
    const map: CborMap = new Map();
    for (let i = 0; i < count; i += 1) {
      const key = this.value(depth + 1);
      if (map.has(key)) throw new NotCbor("a key stands twice");
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  /** An item takes at least a byte: a count that cannot be true is not believed. */
  #count(argument: number): number {
    if (argument > this.#bytes.length - this.at) throw new NotCbor("more items than bytes");
    return argument;
  }

  #argument(info: number): number {
    if (info < 24) return info;
    const width = { 24: 1, 25: 2, 26: 4, 27: 8 }[info];
    if (width === undefined) throw new NotCbor(`length ${info}`);
    const from = this.#skip(width);
    if (width === 1) return this.#view.getUint8(from);
    if (width === 2) return this.#view.getUint16(from);
    if (width === 4) return this.#view.getUint32(from);
    const value = this.#view.getBigUint64(from);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new NotCbor(`${value}: above 2^53`);
    return Number(value);
  }

  #simple(info: number): Cbor {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info === 25) return half(this.#view.getUint16(this.#skip(2)));
    if (info === 26) return this.#view.getFloat32(this.#skip(4));
    if (info === 27) return this.#view.getFloat64(this.#skip(8));
    throw new NotCbor(`simple value ${info}`);
  }

  #byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  #take(length: number): Uint8Array {
    const from = this.#skip(length);
    return this.#bytes.subarray(from, from + length);
  }

  #skip(length: number): number {
    const from = this.at;
    if (length > this.#bytes.length - from) throw new NotCbor("cut short");
    this.at += length;
    return from;
  }
}

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function head(major: number, argument: number): Uint8Array<ArrayBuffer> {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const width = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : argument < 0x1_0000_0000 ? 4 : 8;
  const out = new Uint8Array(1 + width);
  out[0] = (major << 5) | (24 + Math.log2(width));
  let rest = argument;
  for (let i = width; i > 0; i -= 1) {
    out[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return out;
}

/** Unsigned numbers, texts, byte strings, lists, and maps in the order of their keys' insertion: what leaves and signatures need. */
export function encode(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return head(0, value);
  if (typeof value === "string") {
    const text = utf8(value);
    return joined(head(3, text.length), text);
  }
  if (value instanceof Uint8Array) return joined(head(2, value.length), value);
  if (Array.isArray(value)) return joined(head(4, value.length), ...value.map(encode));
  if (value instanceof Map) return joined(head(5, value.size), ...[...value].flatMap(([key, inside]) => [encode(key), encode(inside)]));
  throw new NotCbor("a value that is not written");
}
