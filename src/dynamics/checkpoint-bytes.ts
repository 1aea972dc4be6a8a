/**
 * A checkpoint as bytes: "PLMD", the length of a JSON header (u32, little endian), the header, spaces up to a multiple of 8 bytes, then
 * all numbers as f64 (little endian) in the order that the header gives. The header carries a digest of itself and of the numbers, so
 * that a damaged file is found out, and an identity, so that it is not taken for another run's.
 */
import type { Checkpoint } from "./checkpoint.js";

const MAGIC = "PLMD";
const VERSION = 1;
const FIXED = ["positions", "velocities", "forces", "cell", "stress", "variables", "random"] as const;

interface Content {
  readonly version: number;
  readonly identity: string;
  readonly ensemble: string;
  readonly step: number;
  /** Names and lengths of the arrays, in their order: "numbers" (time, energy), the fixed ones, species, then `extras/…`. */
  readonly arrays: readonly (readonly [string, number])[];
}

interface Header extends Content {
  readonly digest: number;
}

/** `identity`: names the run: its configuration, potential and structure. Only a run of the same identity takes it back. */
export function encodeCheckpoint(checkpoint: Checkpoint, identity: string): Uint8Array {
  const { ensemble, step, time, energy, species, extras } = checkpoint;
  const arrays: [string, Float64Array][] = [
    ["numbers", Float64Array.of(time, energy)],
    ...FIXED.map((name): [string, Float64Array] => [name, checkpoint[name]]),
    ["species", Float64Array.from(species)],
    ...Object.entries(extras).map(([name, values]): [string, Float64Array] => [`extras/${name}`, values]),
  ];
  const lengths = arrays.map(([name, values]) => [name, values.length] as const);
  const data = new Uint8Array(8 * lengths.reduce((sum, [, n]) => sum + n, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const [, values] of arrays)
    for (const value of values) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  const content: Content = { version: VERSION, identity, ensemble, step, arrays: lengths };
  return assemble({ ...content, digest: digestOf(content, data) }, data);
}

function assemble(header: Header, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 * Math.ceil((8 + json.length) / 8);
  const bytes = new Uint8Array(start + data.length).fill(0x20, 8, start);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(4, json.length, true);
  bytes.set(json, 8);
  bytes.set(data, start);
  return bytes;
}

/** The checkpoint, or why these bytes are none of this run. */
export function decodeCheckpoint(bytes: Uint8Array, identity: string): Checkpoint | string {
  if (bytes.length < 8 || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC) return "it is no checkpoint";
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  if (8 + length > bytes.length) return "it is cut off";
  const header = parseHeader(bytes.subarray(8, 8 + length));
  if (header === undefined) return "its content is damaged";
  const { digest, ...content } = header;
  if (header.version > VERSION) return `it was written by a newer version (format ${header.version})`;
  const data = bytes.subarray(8 * Math.ceil((8 + length) / 8));
  if (data.length !== 8 * header.arrays.reduce((sum, [, n]) => sum + n, 0)) return "it is cut off";
  if (digestOf(content, data) !== digest) return "its content is damaged";
  if (header.identity !== identity) return "it belongs to another run";
  return unpack(header, data);
}

function unpack(header: Header, data: Uint8Array): Checkpoint | string {
  const view = new DataView(data.buffer, data.byteOffset);
  const arrays = new Map<string, Float64Array>();
  let at = 0;
  for (const [name, count] of header.arrays) {
    arrays.set(
      name,
      Float64Array.from({ length: count }, (_, k) => view.getFloat64(at + 8 * k, true)),
    );
    at += 8 * count;
  }
  const [time, energy] = arrays.get("numbers") ?? [];
  const species = arrays.get("species");
  if (energy === undefined || species === undefined || FIXED.some((name) => !arrays.has(name)))
    return "its content is damaged";
  const fixed = Object.fromEntries(FIXED.map((name) => [name, arrays.get(name)])) as Pick<
    Checkpoint,
    (typeof FIXED)[number]
  >;
  const extras = [...arrays].filter(([name]) => name.startsWith("extras/"));
  return {
    ensemble: header.ensemble,
    step: header.step,
    time,
    energy,
    species: Uint8Array.from(species),
    ...fixed,
    extras: Object.fromEntries(extras.map(([name, values]) => [name.slice("extras/".length), values])),
  };
}

function parseHeader(json: Uint8Array): Header | undefined {
  try {
    const header = JSON.parse(new TextDecoder().decode(json)) as Partial<Header> | null;
    const { version, identity, ensemble, step, arrays, digest } = header ?? {};
    const numbers = [version, step, digest].every((x) => typeof x === "number");
    const texts = typeof identity === "string" && typeof ensemble === "string";
    const named = Array.isArray(arrays) && arrays.every((a) => typeof a[0] === "string" && Number.isInteger(a[1]));
    return numbers && texts && named ? (header as Header) : undefined;
  } catch {
    return undefined;
  }
}

/** FNV-1a over the bytes of the header without its digest, then of the numbers. */
function digestOf(content: Content, data: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const part of [new TextEncoder().encode(JSON.stringify(content)), data])
    for (const byte of part) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}
