/**
 * Messages of the i-PI protocol (Ceriotti, More and Manolopoulos, Comput. Phys. Commun. 185, 1019, 2014,
 * doi 10.1016/j.cpc.2013.10.027), as bytes and back. No sockets here.
 *
 * Every message begins with a word of 12 characters, padded with blanks. Numbers are in the byte order of the machine, which is
 * little-endian on all that we run on: integers of 4 bytes, reals of 8.
 *
 *   server → program   STATUS | INIT index length text | POSDATA h h⁻¹ n positions | GETFORCE | EXIT
 *   program → server   NEEDINIT | READY | HAVEDATA | FORCEREADY energy n forces virial length text
 *
 * On the wire: bohr and hartree; h has the lattice vectors as columns, so that it is the transpose of our cell, row-major; the
 * virial is −dE/dε, hartree, also transposed, so that our stress is −virial/V. Here, outside: Å, eV, rows.
 */
import { InputError } from "../errors/index.js";
import { inverseCell, volume } from "../structure/index.js";
import { bohr, hartree } from "../units/index.js";

const bareWords = ["STATUS", "GETFORCE", "EXIT", "NEEDINIT", "READY", "HAVEDATA"] as const;

export interface PositionData {
  /** Lattice vectors as rows, Å. */
  readonly cell: Float64Array;
  /** [atom, xyz], Å. */
  readonly positions: Float64Array;
}

export interface ForceData {
  /** eV */
  readonly energy: number;
  /** [atom, xyz], eV/Å */
  readonly forces: Float64Array;
  /** −dE/dε, [row, column], eV */
  readonly virial: Float64Array;
  /** Whatever else the program says. */
  readonly extra: string;
}

export type IpiMessage =
  | { readonly word: (typeof bareWords)[number] }
  | { readonly word: "INIT"; readonly index: number; readonly text: string }
  | ({ readonly word: "POSDATA" } & PositionData)
  | ({ readonly word: "FORCEREADY" } & ForceData);

/** A message as bytes. */
export function encodeMessage(message: IpiMessage): Uint8Array {
  const writer = new Writer();
  writer.word(message.word);
  if (message.word === "INIT") {
    writer.integer(message.index);
    // Some programs wait for ever for a text of no bytes.
    writer.text(message.text === "" ? " " : message.text);
  } else if (message.word === "POSDATA") writePositions(writer, message);
  else if (message.word === "FORCEREADY") writeForces(writer, message);
  return writer.bytes();
}

function writePositions(writer: Writer, { cell, positions }: PositionData): void {
  writer.reals(transposed(cell), 1 / bohr);
  writer.reals(transposed(inverseCell(cell)), bohr);
  writer.integer(positions.length / 3);
  writer.reals(positions, 1 / bohr);
}

function writeForces(writer: Writer, { energy, forces, virial, extra }: ForceData): void {
  writer.reals([energy], 1 / hartree);
  writer.integer(forces.length / 3);
  writer.reals(forces, bohr / hartree);
  writer.reals(transposed(virial), 1 / hartree);
  writer.text(extra === "" ? " " : extra);
}

const transposed = (m: ArrayLike<number>): Float64Array =>
  Float64Array.from({ length: 9 }, (_, i) => m[3 * (i % 3) + Math.floor(i / 3)]!);

/**
 * −virial/V as xx yy zz yz xz xy, eV/Å³. What is not symmetric in it (rounding, sampling) is averaged out; LAMMPS's `fix ipi`
 * fills one triangle only and leaves zeros in the other, which then does not count.
 */
export function stressOfVirial(virial: ArrayLike<number>, cell: Float64Array): Float64Array {
  const v = volume(cell);
  const [upper, lower] = [
    [1, 2, 5],
    [3, 6, 7],
  ].map((places) => places.every((k) => virial[k] === 0)) as [boolean, boolean];
  const parts = upper === lower ? 2 : 1;
  const shear = (i: number, j: number) => -(virial[3 * i + j]! + virial[3 * j + i]!) / (parts * v);
  const normal = (i: number) => -virial[4 * i]! / v;
  return Float64Array.of(normal(0), normal(1), normal(2), shear(1, 2), shear(0, 2), shear(0, 1));
}

/** −stress·V as a matrix, [row, column], eV; zeros where there is no stress, which the protocol cannot say otherwise. */
export function virialOfStress(stress: ArrayLike<number> | undefined, cell: Float64Array | undefined): Float64Array {
  if (stress === undefined || cell === undefined) return new Float64Array(9);
  const v = volume(cell);
  return Float64Array.from([0, 5, 4, 5, 1, 3, 4, 3, 2], (k) => -stress[k]! * v);
}

/** Bytes of one message. */
class Writer {
  private readonly parts: Uint8Array[] = [];

  word(word: string): void {
    this.parts.push(new TextEncoder().encode(word.padEnd(12)));
  }

  integer(value: number): void {
    const part = new DataView(new ArrayBuffer(4));
    part.setInt32(0, value, true);
    this.parts.push(new Uint8Array(part.buffer));
  }

  reals(values: ArrayLike<number>, factor: number): void {
    const part = new DataView(new ArrayBuffer(8 * values.length));
    for (let i = 0; i < values.length; i++) part.setFloat64(8 * i, values[i]! * factor, true);
    this.parts.push(new Uint8Array(part.buffer));
  }

  text(text: string): void {
    const part = new TextEncoder().encode(text);
    this.integer(part.length);
    this.parts.push(part);
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** A parser asks for a number of bytes, is given them, and at last returns a message. */
type Parsing = Generator<number, IpiMessage, DataView>;

/** Turns bytes, in pieces of any size, into messages. */
export class IpiDecoder {
  private pieces: Uint8Array[] = [];
  private size = 0;
  private parsing: Parsing = parseMessage();
  private wanted = 12;

  constructor() {
    this.restart();
  }

  /** The messages that are complete with this piece. Throws `InputError` ("bad-message") where the bytes are none. */
  push(piece: Uint8Array): IpiMessage[] {
    this.pieces.push(piece);
    this.size += piece.length;
    const messages: IpiMessage[] = [];
    while (this.size >= this.wanted) {
      const { value, done } = this.parsing.next(this.take(this.wanted));
      if (done === true) {
        messages.push(value);
        this.restart();
      } else this.wanted = value;
    }
    return messages;
  }

  /** Whether a message has begun and is not complete. */
  get inside(): boolean {
    return this.size > 0 || this.wanted !== 12;
  }

  private restart(): void {
    this.parsing = parseMessage();
    this.wanted = Number(this.parsing.next().value);
  }

  private take(count: number): DataView {
    const taken = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const piece = this.pieces[0]!;
      const part = piece.subarray(0, count - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === piece.length) this.pieces.shift();
      else this.pieces[0] = piece.subarray(part.length);
    }
    this.size -= count;
    return new DataView(taken.buffer);
  }
}

function* parseMessage(): Parsing {
  const word = textOf(yield 12).trimEnd();
  const bare = bareWords.find((known) => known === word);
  if (bare !== undefined) return { word: bare };
  if (word === "INIT") return { word, index: integerOf(yield 4), text: textOf(yield lengthOf(yield 4)).trim() };
  if (word === "POSDATA") {
    const cell = transposed(realsOf(yield 72, bohr));
    yield 72;
    return { word, cell, positions: realsOf(yield 24 * lengthOf(yield 4), bohr) };
  }
  if (word === "FORCEREADY") {
    const energy = realsOf(yield 8, hartree)[0]!;
    const forces = realsOf(yield 24 * lengthOf(yield 4), hartree / bohr);
    const virial = transposed(realsOf(yield 72, hartree));
    return { word, energy, forces, virial, extra: textOf(yield lengthOf(yield 4)).trim() };
  }
  throw badMessage(`The message begins with ${JSON.stringify(word)}.`);
}

const textOf = (view: DataView): string => new TextDecoder("latin1").decode(view);

const integerOf = (view: DataView): number => view.getInt32(0, true);

/** In the other byte order even one atom would be 2²⁴. */
const largest = 2 ** 24 - 1;

function lengthOf(view: DataView): number {
  const length = integerOf(view);
  if (length >= 0 && length <= largest) return length;
  throw badMessage(`The message announces ${length} atoms or characters.`);
}

function realsOf(view: DataView, factor: number): Float64Array {
  return Float64Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true) * factor);
}

const badMessage = (problem: string): InputError =>
  new InputError({
    code: "bad-message",
    problem,
    expected: "Expected a message of the i-PI protocol.",
    remedy: "Check that the program at the other end of the socket speaks i-PI.",
  });
