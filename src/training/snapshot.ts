/**
 * A member's snapshot as bytes: "PLCK", the length of a JSON header (u32, little endian), the header, padding to 8 bytes,
 * then all arrays as f64 in the order parameters, best, optimiser. The header carries a digest of itself and of the arrays' bytes,
 * so that a damaged file is found out.
 */
import type { MemberSnapshot } from "./member.js";

const MAGIC = "PLCK";
const VERSION = 1;

/** All of the header but the digest. */
interface Content {
  readonly version: number;
  /** Identifies plan and data: a snapshot of another fit must not be resumed. */
  readonly identity: string;
  readonly state: Omit<MemberSnapshot, "parameters" | "best" | "optimizer" | "bestLoss"> & {
    readonly bestLoss: number | null;
  };
  readonly lengths: readonly number[];
}

interface Header extends Content {
  readonly digest: number;
}

export function encodeSnapshot(snapshot: MemberSnapshot, identity: string): Uint8Array {
  const { parameters, best, optimizer, bestLoss, ...rest } = snapshot;
  const arrays = [parameters, best, ...optimizer];
  const data = new Float64Array(arrays.reduce((sum, a) => sum + a.length, 0));
  let at = 0;
  for (const array of arrays) {
    data.set(array, at);
    at += array.length;
  }
  const content: Content = {
    version: VERSION,
    identity,
    state: { ...rest, bestLoss: Number.isFinite(bestLoss) ? bestLoss : null },
    lengths: arrays.map((a) => a.length),
  };
  const header: Header = { ...content, digest: digestOf(content, new Uint8Array(data.buffer)) };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 * Math.ceil((8 + json.length) / 8);
  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(4, json.length, true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(data.buffer), start);
  return bytes;
}

/** The snapshot, or why these bytes are none. */
export function decodeSnapshot(bytes: Uint8Array, identity: string): MemberSnapshot | string {
  // Not slice: of Node's Buffer it is a view into a larger block.
  const copy = new Uint8Array(bytes);
  if (copy.length < 8 || new TextDecoder().decode(copy.subarray(0, 4)) !== MAGIC) return "it is no checkpoint";
  const length = new DataView(copy.buffer).getUint32(4, true);
  if (8 + length > copy.length) return "it is cut off";
  const header = parseHeader(copy.subarray(8, 8 + length));
  if (header === undefined) return "its content is damaged";
  const { digest, ...content } = header;
  if (header.version > VERSION) return `it was written by a newer version (format ${header.version})`;
  if (header.identity !== identity) return "it belongs to another configuration or other data";
  const start = 8 * Math.ceil((8 + length) / 8);
  const count = header.lengths.reduce((a, b) => a + b, 0);
  if (copy.length !== start + 8 * count) return "it is cut off";
  if (digestOf(content, copy.subarray(start)) !== digest) return "its content is damaged";
  const data = new Float64Array(copy.buffer, start, count);
  let at = 0;
  const [parameters, best, ...optimizer] = header.lengths.map((n) => {
    const part = data.slice(at, at + n);
    at += n;
    return part;
  });
  const { bestLoss, ...rest } = header.state;
  return { ...rest, bestLoss: bestLoss ?? Number.POSITIVE_INFINITY, parameters: parameters!, best: best!, optimizer };
}

function parseHeader(json: Uint8Array): Header | undefined {
  try {
    const header = JSON.parse(new TextDecoder().decode(json)) as Partial<Header> | null;
    const { version, identity, state, lengths, digest } = header ?? {};
    const whole = typeof version === "number" && typeof identity === "string" && typeof digest === "number";
    return whole && Array.isArray(lengths) && typeof state === "object" ? (header as Header) : undefined;
  } catch {
    return undefined;
  }
}

function digestOf(content: Content, arrays: Uint8Array): number {
  const json = new TextEncoder().encode(JSON.stringify(content));
  const padded = new Uint8Array(4 * Math.ceil(json.length / 4));
  padded.set(json);
  return digestWords(arrays, digestWords(padded, 0x811c9dc5));
}

/** FNV-1a over 32-bit words, going on from h. */
function digestWords(bytes: Uint8Array, h: number): number {
  for (const word of new Uint32Array(new Uint8Array(bytes).buffer)) h = Math.imul(h ^ word, 0x01000193);
  return h >>> 0;
}
