/** Readers of LAMMPS's and DYNAMO's potential files: what they make of a file, and where they say its mistakes are. */
import { describe, expect, it } from "vitest";
import { InputError } from "../../src/errors/index.js";
import { readFuncfl, readSetfl } from "../../src/formats/eam.js";
import { readStillingerWeber } from "../../src/formats/stillinger-weber.js";
import { readTersoff } from "../../src/formats/tersoff.js";
import { classicalPotential, type EamRecord, siliconStillingerWeber } from "../../src/potentials/classical/index.js";
import { eamRecord } from "../physics/classical-records.js";

const refusal = (act: () => unknown): InputError => {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was refused");
};

const SW = `# DATE: 2007-06-11 UNITS: metal
# a comment

Si Si Si 2.1683  2.0951  1.80  21.0  1.20  -0.333333333333 # of 1985
         7.049556277  0.6022245584  4.0  0.0 0.0
Qq Qq Qq 1 1 1 1 1 1 1 1 1 1 1
`;
const file = "some.sw";

describe("Stillinger–Weber files", () => {
  it("entries over several lines, comments, names that are no elements", () => {
    const { triplets } = readStillingerWeber(SW, { file });
    expect(triplets).toEqual(siliconStillingerWeber.triplets);
  });

  it("units real: kcal/mol", () => {
    const [{ epsilon, sigma }] = readStillingerWeber(SW.replace("metal", "real"), { file }).triplets;
    expect(epsilon).toBeCloseTo(2.1683 * 0.0433641, 7);
    expect(sigma).toBe(2.0951);
    expect(refusal(() => readStillingerWeber(SW.replace("metal", "electron"), { file })).code).toBe("unknown-units");
  });

  it("an element under another name", () => {
    const text = SW.replaceAll("Qq", "Si").replace("Si Si Si 2.1683", "Si(1) Si(1) Si(1) 2.1683");
    const { triplets } = readStillingerWeber(text, { file, labels: { Si: "Si(1)" } });
    expect(triplets).toEqual(siliconStillingerWeber.triplets);
  });

  it.each<[string, string, number | undefined]>([
    ["malformed-number", SW.replace("1.80", "1.8O"), 4],
    ["wrong-length", SW.replace("7.049556277", ""), 4],
    ["wrong-length", `${SW}Si Si Si 1 2`, 7],
    ["bad-parameter", SW.replace("2.0951", "-2.0951"), 4],
    ["missing-element", SW.replace("Si Si Si", "Xx Xx Xx"), undefined],
    ["missing-triplet", SW.replaceAll("Qq", "Ge"), undefined],
    ["repeated-triplet", SW.replaceAll("Qq", "Si"), undefined],
  ])("%s, with file and line", (code, text, line) => {
    const { trouble } = refusal(() => readStillingerWeber(text, { file }));
    expect([trouble.code, trouble.where?.file, trouble.where?.line]).toEqual([code, file, line]);
  });

  it("a name that is not there", () => {
    const { code, message } = refusal(() => readStillingerWeber(SW, { file, labels: { Si: "Si(B)" } }));
    expect(code).toBe("missing-element");
    expect(message).toContain("Si(B)");
  });
});

describe("Tersoff files", () => {
  const text = `# UNITS: metal
Si Si Si 3.0 1.0 1.3258 4.8381 2.0417 0.0000 22.956
   0.33675 1.3258 95.373 3.0 0.2 3.2394 3264.7
`;

  it("numbers in LAMMPS's order", () => {
    const [entry] = readTersoff(text, { file: "Si.tersoff" }).triplets;
    expect(entry).toEqual({
      elements: ["Si", "Si", "Si"],
      ...{ m: 3, gamma: 1, lambda3: 1.3258, c: 4.8381, d: 2.0417, cosTheta0: 0, n: 22.956 },
      ...{ beta: 0.33675, lambda2: 1.3258, B: 95.373, R: 3, D: 0.2, lambda1: 3.2394, A: 3264.7 },
    });
  });

  it("m must be 1 or 3", () => {
    const { trouble } = refusal(() => readTersoff(text.replace("3.0 1.0", "2.0 1.0"), { file: "Si.tersoff" }));
    expect([trouble.code, trouble.where?.line]).toEqual(["bad-parameter", 2]);
  });
});

/** Numbers five a line, as these files have them. */
function table(values: ArrayLike<number>): string {
  const words = Array.from(values, String);
  return words
    .map((word, k) => (k % 5 === 4 || k === words.length - 1 ? `${word}\n` : `${word} `))
    .join("")
    .trimEnd();
}

/** The first points will do for what is read and not evaluated. */
function shortRecord(form: "alloy" | "fs"): EamRecord {
  const record = eamRecord(form);
  const short = new Map<ArrayLike<number>, Float64Array>();
  const beginning = (values: ArrayLike<number>): Float64Array => {
    const known = short.get(values) ?? Float64Array.from(Array.from(values).slice(0, 102));
    short.set(values, known);
    return known;
  };
  return {
    ...record,
    embedding: record.embedding.map(beginning),
    density: record.density.map((row) => row.map(beginning)),
    pair: record.pair.map((row) => row.map(beginning)),
  };
}

function setflText(record: EamRecord, form: "alloy" | "fs"): string {
  const { elements, embedding, density, pair, densityStep, radiusStep, cutoff } = record;
  const parts = elements.map((symbol, i) => {
    const densities = form === "fs" ? density[i] : [density[i][0]];
    return [`${symbol === "Cu" ? 29 : 47} 1.0 3.6 fcc`, table(embedding[i]), ...densities.map(table)].join("\n");
  });
  const grid = `${embedding[0].length} ${densityStep} ${density[0][0].length} ${radiusStep} ${cutoff}`;
  const heading = `one\ntwo\nthree\n${elements.length} ${elements.join(" ")}\n${grid}`;
  return `${[heading, ...parts, ...pair.flat().map(table)].join("\n")}\n`;
}

describe("setfl files", () => {
  it.each(["alloy", "fs"] as const)("eam/%s, recognised by its length", (form) => {
    const record = shortRecord(form);
    const { source, ...found } = readSetfl(setflText(record, form), { file: "CuAg" });
    expect(source).toBe("CuAg");
    expect(found).toEqual(record);
    expect(readSetfl(setflText(record, form), { file: "CuAg", form })).toEqual({ ...found, source });
  });

  it("units real: kcal/mol for F and rφ, not for ρ", () => {
    const record = shortRecord("alloy");
    const found = readSetfl(setflText(record, "alloy").replace("one", "UNITS: real"), { file: "CuAg" });
    expect(found.embedding[1][50]).toBeCloseTo(0.0433641043 * record.embedding[1][50], 12);
    expect(found.pair[1][0][50]).toBeCloseTo(0.0433641043 * record.pair[1][0][50], 12);
    expect(found.density).toEqual(record.density);
  });

  const good = setflText(shortRecord("alloy"), "alloy");
  it.each<[string, string, number]>([
    ["unknown-element", good.replace("2 Cu Ag", "2 Cu Qq"), 4],
    ["malformed-number", good.replace("2 Cu Ag", "two Cu Ag"), 4],
    ["malformed-number", good.replace("29 1.0", "x 1.0"), 6],
    ["truncated-file", good.slice(0, 3000).replace(/\S+$/, ""), 0],
  ])("%s, with file and line", (code, text, line) => {
    const { trouble } = refusal(() => readSetfl(text, { file: "CuAg" }));
    expect([trouble.code, trouble.where?.file]).toEqual([code, "CuAg"]);
    expect(trouble.where?.line).toBe(code === "truncated-file" ? text.trimEnd().split("\n").length : line);
  });
});

describe("funcfl files", () => {
  const z = (r: number): number => 3 - 0.5 * r + 0.02 * r ** 3;
  const rho = (r: number): number => 0.1 * (5 - r) ** 2;
  const F = (d: number): number => -2 * d + 0.3 * d ** 2;
  const along = (f: (x: number) => number, step: number, points: number): number[] =>
    Array.from({ length: points }, (_, k) => f(k * step));

  function text(atomic: number, { points, step, cutoff }: { points: number; step: number; cutoff: number }): string {
    return `title
 ${atomic} 1.0 4.0 FCC
 ${points} 0.01 ${points} ${step} ${cutoff}
${table(along(F, 0.01, points))}
${table(along(z, step, points))}
${table(along(rho, step, points)).replaceAll("e", "D")}
`;
  }
  const fine = { points: 501, step: 0.01, cutoff: 4.9 };
  const coarse = { points: 251, step: 0.02, cutoff: 4.8 };

  it("rφ is the product of the charges, with DYNAMO's 27.2 · 0.529; the last point is dropped", () => {
    const found = readFuncfl({ text: text(79, fine), file: "Au" });
    expect(found.elements).toEqual(["Au"]);
    expect([found.cutoff, found.radiusStep, found.pair[0][0].length]).toEqual([4.9, 0.01, 500]);
    expect(found.pair[0][0][100]).toBeCloseTo(27.2 * 0.529 * z(1) ** 2, 11);
    expect(found.density[0][0][300]).toBeCloseTo(rho(3), 13);
    expect(found.embedding[0][100]).toBeCloseTo(F(1), 13);
  });

  it("several are brought to the widest steps and the largest cutoff; the charges mix", () => {
    const found = readFuncfl({ text: text(79, fine), file: "Au" }, { text: text(29, coarse), file: "Cu" });
    expect(found.elements).toEqual(["Au", "Cu"]);
    expect([found.cutoff, found.radiusStep, found.pair[1][0].length]).toEqual([4.9, 0.02, 250]);
    // Lagrange's cubic is exact for a cubic.
    for (const pair of [found.pair[0][0], found.pair[1][0], found.pair[1][1]])
      expect(pair[100]).toBeCloseTo(27.2 * 0.529 * z(2) ** 2, 11);
    expect(classicalPotential(found).elements).toEqual([29, 79]);
  });

  it("an element twice, an atomic number that does not exist, a file of the other form", () => {
    const gold = { text: text(79, fine), file: "Au" };
    expect(refusal(() => readFuncfl(gold, gold)).code).toBe("repeated-element");
    expect(refusal(() => readFuncfl({ text: text(300, fine), file: "?" })).code).toBe("unknown-element");
    const setfl = { text: setflText(shortRecord("alloy"), "alloy"), file: "CuAg" };
    const { code, message } = refusal(() => readFuncfl(setfl));
    expect(code).toBe("malformed-number");
    expect(message).toContain("form");
    expect(refusal(() => readSetfl(gold.text, gold)).trouble.where?.line).toBeGreaterThan(3);
  });

  it("no file at all", () => expect(refusal(() => readFuncfl()).code).toBe("missing-file"));
});
