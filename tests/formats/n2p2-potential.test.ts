/** n2p2's potentials: what is read, what is refused and how it is said, and that writing and reading give the same energies. */
import { describe, expect, it } from "vitest";
import type { SymmetryFunction } from "../../src/descriptors/definition.js";
import { referenceDescriptors } from "../../src/descriptors/reference.js";
import { affineOf } from "../../src/descriptors/scaling.js";
import { InputError } from "../../src/errors/index.js";
import {
  functionText,
  type N2p2Texts,
  parseInputNn,
  type ReadN2p2Options,
  readN2p2Potential,
  writeN2p2Potential,
} from "../../src/formats/n2p2-potential.js";
import { RandomStream } from "../../src/math/index.js";
import type { Network } from "../../src/networks/definition.js";
import { referenceNetwork } from "../../src/networks/reference.js";
import type { NetworkPotential } from "../../src/potentials/definition.js";
import { bohr, hartree, unitSystem } from "../../src/units/index.js";

const atomic = unitSystem("bohr", "hartree");

const INPUT = `
# A potential for tests.
number_of_elements 2
elements O H            ! out of order
cutoff_type 2 0.0
atom_energy O -75.0     # Hartree
atom_energy H -0.5
scale_symmetry_functions
center_symmetry_functions
scale_min_short -1
global_hidden_layers_short 1
global_nodes_short 2
global_activation_short t l
epochs 12
short_force_fraction 0.04
selection_mode 2 5 0
symfunction_short H 2 O 0.2 0.0 12.0
symfunction_short H 2 H 0.2 0.0 12.0
symfunction_short H 2 H 0.1 1.0 12.0
symfunction_short O 2 H 0.1 0.0 12.0
symfunction O 3 H H 0.01 1 4.0 12.0
symfunction_short O 20 H 0.0 8.0 p2a
`;
const SCALING = `# header
1 1 0.0 1.0 0.5 0.1
1 2 0.0 2.0 0.5 0.1
1 3 0.0 3.0 0.5 0.1
2 1 0.0 4.0 0.5 0.1
2 2 0.0 5.0 0.5 0.1
2 3 0.0 6.0 0.5 0.1
`;
const numbers = (n: number): string =>
  Array.from({ length: n }, (_, i) => `${Math.sin(i + 1).toExponential(16)} a ${i + 1}`).join("\n");

const texts = (change: Partial<N2p2Texts> = {}): N2p2Texts => ({
  inputNn: INPUT,
  scalingData: SCALING,
  weights: new Map([
    [1, numbers(11)],
    [8, numbers(11)],
  ]),
  ...change,
});

const edited = (from: string | RegExp, to: string): N2p2Texts => texts({ inputNn: INPUT.replace(from, to) });

function troubleOf(files: N2p2Texts, options?: ReadN2p2Options): InputError {
  try {
    readN2p2Potential(files, options);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return error as InputError;
  }
  throw new Error("Reading has not failed.");
}

describe("reading", () => {
  it("sorts elements by atomic number and functions in n2p2's order", () => {
    const { potential, warnings } = readN2p2Potential(texts());
    expect(potential.descriptors.map((d) => d.element)).toEqual([1, 8]);
    expect(potential.descriptors[0].functions.map((f) => functionText(1, f))).toEqual([
      "H 2 H 0.1 1 12",
      "H 2 H 0.2 0 12",
      "H 2 O 0.2 0 12",
    ]);
    expect(potential.descriptors[1].functions.map((f) => f.type)).toEqual([2, 3, 20]);
    expect(warnings).toEqual([]);
  });

  it("converts units: lengths, η by the inverse square, energies", () => {
    const { potential } = readN2p2Potential(texts(), { units: atomic });
    const first = potential.descriptors[0].functions[0];
    expect(first).toMatchObject({ rs: bohr, rc: 12 * bohr, eta: 0.1 / (bohr * bohr) });
    const [member] = potential.members;
    expect(member.energyScale).toBe(hartree);
    expect(member.referenceEnergies).toEqual([-0.5 * hartree, -75 * hartree]);
  });

  it("reads normalisation: mean_energy per atom, 1/conv_energy; conv_length changes nothing", () => {
    const { potential } = readN2p2Potential(edited("epochs 12", "mean_energy -2\nconv_energy 4\nconv_length 3"));
    expect(potential.members[0].energyScale).toBe(0.25);
    expect(potential.members[0].referenceEnergies).toEqual([-2.5, -77]);
    expect(potential.descriptors).toEqual(readN2p2Potential(texts()).potential.descriptors);
  });

  it("reads the scaling mode and range", () => {
    const { scaling } = readN2p2Potential(texts()).potential.members[0].elements[1];
    expect(scaling).toMatchObject({ mode: "scale-center", low: -1, high: 1 });
    expect([...scaling.max]).toEqual([4, 5, 6]);
    const mode = (from: string): string =>
      readN2p2Potential(texts({ inputNn: INPUT.replace(/(scale|center)_symmetry_functions\n/g, "").concat(from) }))
        .potential.members[0].elements[0].scaling.mode;
    expect(mode("")).toBe("none");
    expect(mode("scale_symmetry_functions")).toBe("scale");
    expect(mode("center_symmetry_functions")).toBe("center");
    expect(mode("scale_symmetry_functions_sigma")).toBe("scale-sigma");
  });

  it("accepts scaling data without header and sigma, and RuNNer's last row", () => {
    const old = SCALING.replace("# header\n", "")
      .replace(/ 0\.1$/gm, "")
      .concat("-1.5 2.5\n");
    expect(readN2p2Potential(texts({ scalingData: old })).warnings).toEqual([]);
  });

  it("accepts Windows line ends", () => {
    const files = texts({ inputNn: INPUT.replace(/\n/g, "\r\n"), scalingData: SCALING.replace(/\n/g, "\r\n") });
    expect(readN2p2Potential(files).potential).toEqual(readN2p2Potential(texts()).potential);
  });

  it("reads networks of an element's own, as a list or layer by layer", () => {
    const weights = new Map([
      [1, numbers(11)],
      [8, numbers(16)],
    ]);
    for (const line of ["element_nodes_short O 3", "element_nodes_short O 1 3"]) {
      const inputNn = `${INPUT}${line}\nelement_activation_short O s l`;
      const { elements } = readN2p2Potential(texts({ inputNn, weights })).potential.members[0];
      expect(elements.map(({ network }) => network.nodes)).toEqual([
        [3, 2, 1],
        [3, 3, 1],
      ]);
      expect(elements[1].network.activations).toEqual(["s", "l"]);
    }
  });

  it('evaluates "ea" as "e", as n2p2 does, in the order of "ea", and says so', () => {
    const files = edited("symfunction_short O 20 H 0.0 8.0 p2a", "symfunction_short O 20 H 0.0 8.0 ea");
    const { potential, warnings } = readN2p2Potential(files);
    expect(potential.descriptors[1].functions[2]).toMatchObject({ core: "e", asymmetric: false });
    expect(warnings.map((w) => w.code)).toEqual(["asymmetric-exponential"]);
  });

  it("reads training keywords under all their names, with lines and defaults", () => {
    const { training } = parseInputNn(INPUT);
    expect(training.epochs).toEqual({ value: 12, line: 14 });
    expect(training.force_fraction).toEqual({ value: 0.04, line: 15 });
    expect(training.selection_mode_force.value).toEqual([
      { epoch: 0, mode: 2 },
      { epoch: 5, mode: 0 },
    ]);
    expect(training.kalman_q0).toEqual({ value: 0.01, line: undefined });
    expect(training.use_short_forces.value).toBe(false);
    expect(training.force_energy_ratio.value).toBeUndefined();
  });

  it("warns of unknown and repeated keywords and goes on with the first", () => {
    const { warnings, settings } = readN2p2Potential(texts({ inputNn: `${INPUT}epochs 99\nepoch 3` }));
    expect(warnings.map((w) => [w.code, w.where?.line])).toEqual([
      ["repeated-keyword", 23],
      ["unknown-keyword", 24],
    ]);
    expect(settings.epochs.value).toBe(12);
  });
});

describe("errors say file, line and what to do", () => {
  const cases: [string, string, N2p2Texts, Partial<{ file: string; line: number }>, string][] = [
    ["a missing keyword", "missing-keyword", edited(/^elements.*$/m, ""), { file: "input.nn" }, '"elements"'],
    ["an unknown type", "unknown-function-type", edited("H 2 O", "H 4 O"), { line: 17 }, "type 4"],
    ["an unlisted element", "element-not-listed", edited("H 2 O", "H 2 N"), { line: 17 }, "N"],
    ["a missing argument", "missing-argument", edited("O 0.2 0.0 12.0", "O 0.2 0.0"), { line: 17 }, "Argument 6"],
    ["too many", "too-many-arguments", edited("O 0.2 0.0 12.0", "O 0.2 0.0 12.0 7"), { line: 17 }, "7 arguments"],
    ["a word for a number", "malformed-argument", edited("O 0.2", "O eta"), { line: 17 }, '"eta"'],
    ["a core", "malformed-argument", edited("p2a", "p5"), { line: 22 }, '"p5"'],
    ["no functions", "no-functions", edited(/^symfunction.* O (2|3|20).*$/gm, ""), { file: "input.nn" }, "O"],
    ["an activation", "malformed-argument", edited("short t l", "short x l"), { line: 13 }, '"x"'],
    ["a cutoff type", "malformed-argument", edited("cutoff_type 2", "cutoff_type 9"), { line: 5 }, '"9"'],
    ["charges", "unsupported-network-type", edited("epochs", "nnp_type 4G-HDNNP #"), { line: 14 }, "4G-HDNNP"],
    ["the count of elements", "elements-count", edited("elements 2", "elements 3"), { line: 4 }, "O H"],
    [
      "two scalings",
      "conflicting-scaling",
      edited("epochs", "scale_symmetry_functions_sigma #"),
      { line: 14 },
      "_sigma",
    ],
    [
      "short scaling",
      "scaling-length",
      texts({ scalingData: SCALING.slice(0, 49) }),
      { file: "scaling.data" },
      "rows for 6",
    ],
    [
      "other scaling",
      "scaling-order",
      texts({ scalingData: SCALING.replace("2 1", "2 2") }),
      { line: 5 },
      "function 2",
    ],
    ["NaN in scaling", "malformed-number", texts({ scalingData: SCALING.replace("4.0", "nan") }), { line: 5 }, "nan"],
  ];
  it.each(cases)("%s: %s", (_, code, files, where, text) => {
    const { trouble, message } = troubleOf(files);
    expect(trouble.code).toBe(code);
    expect(trouble.where).toMatchObject(where);
    expect(message).toContain(text);
  });

  it("weights of a wrong length: both counts and the file", () => {
    const weights = new Map([
      [1, numbers(11)],
      [8, numbers(9)],
    ]);
    const { trouble } = troubleOf(texts({ weights }), { names: { weights: (z) => `dir/weights.${z}` } });
    expect(trouble).toMatchObject({
      code: "weights-length",
      where: { file: "dir/weights.8" },
      problem: "The file has 9 numbers.",
      expected: "A network 3-2-1 has 11 weights and biases.",
    });
  });

  it("weights that are not there", () => {
    const { trouble } = troubleOf(texts({ weights: new Map([[1, numbers(11)]]) }));
    expect(trouble).toMatchObject({ code: "missing-weights", where: { file: "weights.008.data" } });
  });
});

describe("writing", () => {
  const random = new RandomStream(5, "environment");
  const environment = {
    species: Uint8Array.of(1, 8, 1, 1, 8),
    vectors: Float64Array.from({ length: 15 }, () => random.between(-2.5, 2.5)),
  };

  function atomicEnergies({ descriptors, members: [member] }: NetworkPotential): number[] {
    return descriptors.map(({ functions }, e) => {
      const { scaling, network } = member.elements[e];
      const { factor, shift, offset } = affineOf(scaling);
      const inputs = referenceDescriptors(functions, environment).values.map(
        (g, s) => factor[s] * (g - shift[s]) + offset[s],
      );
      return member.referenceEnergies[e] + member.energyScale * referenceNetwork(network, inputs).value;
    });
  }

  function expectSameEnergies(a: NetworkPotential, b: NetworkPotential): void {
    const expected = atomicEnergies(b);
    atomicEnergies(a).forEach((energy, i) => {
      expect(Math.abs(energy - expected[i])).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected[i])));
    });
  }

  const withMember = (potential: NetworkPotential, change: (network: Network) => Network): NetworkPotential => ({
    ...potential,
    members: potential.members.map((member) => ({
      ...member,
      elements: member.elements.map((element) => ({ ...element, network: change(element.network) })),
    })),
  });

  const { potential } = readN2p2Potential(edited("epochs 12", "mean_energy -2\nconv_energy 4"), { units: atomic });

  it.each([
    ["Å and eV", unitSystem()],
    ["Bohr and Hartree", atomic],
  ])("and reading again gives the same energies in %s", (_, units) => {
    const files = writeN2p2Potential(potential, { units, trainingKeywords: new Map([["epochs", "7"]]) });
    const again = readN2p2Potential(files, { units });
    expectSameEnergies(again.potential, potential);
    expect(again.settings.epochs.value).toBe(7);
    expect(again.warnings).toEqual([]);
    expect(files.inputNn).not.toContain("conv_energy");
  });

  it("numbers have 17 digits", () => {
    const files = writeN2p2Potential(potential);
    expect(files.weights.get(8)!.split("\n")[1]).toMatch(/^\s*-?\d\.\d{16}E[+-]\d\d a 1 0 1 1 1$/);
  });

  it("puts functions into n2p2's order, with their statistics and weights", () => {
    const [hydrogen, oxygen] = potential.descriptors;
    const reversed: NetworkPotential = {
      descriptors: [{ ...hydrogen, functions: hydrogen.functions.toReversed() }, oxygen],
      members: [
        {
          ...potential.members[0],
          elements: potential.members[0].elements.map(({ scaling, network }, e) => {
            if (e === 1) return { scaling, network };
            const swap = (x: Float64Array): Float64Array => x.toReversed();
            const w = network.parameters;
            const parameters = Float64Array.from([...w.slice(4, 6), ...w.slice(2, 4), ...w.slice(0, 2), ...w.slice(6)]);
            const { min, max, mean, sigma } = scaling;
            return {
              scaling: { ...scaling, min: swap(min), max: swap(max), mean: swap(mean), sigma: swap(sigma) },
              network: { ...network, parameters },
            };
          }),
        },
      ],
    };
    expectSameEnergies(reversed, potential);
    expect(writeN2p2Potential(reversed)).toEqual(writeN2p2Potential(potential));
  });

  it("replaces functions without range, by which n2p2 would divide", () => {
    const [member] = potential.members;
    const { scaling } = member.elements[0];
    const rangeless = { ...scaling, max: scaling.max.with(1, scaling.min[1]) };
    const flat = {
      ...potential,
      members: [{ ...member, elements: [{ ...member.elements[0], scaling: rangeless }, member.elements[1]] }],
    };
    const again = readN2p2Potential(writeN2p2Potential(flat)).potential;
    expectSameEnergies(again, flat);
    expect(again.members[0].elements[0].scaling.max[1]).toBeGreaterThan(scaling.min[1]);
  });

  it("writes aenet's mtanh as tanh, and refuses what n2p2 has not", () => {
    const mtanh = withMember(potential, (network) => ({ ...network, activations: ["m", "l"] }));
    expectSameEnergies(readN2p2Potential(writeN2p2Potential(mtanh)).potential, mtanh);
    const twist = withMember(potential, (network) => ({ ...network, activations: ["w", "l"] }));
    expect(() => writeN2p2Potential(twist)).toThrow("which n2p2 does not know");
  });

  it("keeps the scale as conv_energy where the output is not linear", () => {
    const bent = withMember(potential, (network) => ({ ...network, activations: ["t", "t"] }));
    const files = writeN2p2Potential(bent);
    expect(files.inputNn).toContain("conv_energy");
    expectSameEnergies(readN2p2Potential(files).potential, bent);
  });

  it("refuses a committee unless told which member", () => {
    const committee = { ...potential, members: [potential.members[0], potential.members[0]] };
    expect(() => writeN2p2Potential(committee)).toThrow("committee of 2");
    expect(writeN2p2Potential(committee, { member: 1 })).toEqual(writeN2p2Potential(potential));
  });

  it("every kind of function reads back as it was", () => {
    const gaussian = { eta: 0.1, rs: 0.5, rc: 6, cutoff: { type: 5, alpha: 0.2 } } as const;
    const compact = { rl: -1, rc: 5.5, core: "p3", asymmetric: true } as const;
    const power = { lambda: -1, zeta: 2.5 };
    const window = { angleLeft: -40, angleRight: 40 };
    const functions: SymmetryFunction[] = [
      { type: 2, neighbors: [8], ...gaussian },
      { type: 3, neighbors: [8, 8], ...gaussian, ...power },
      { type: 9, neighbors: [8, 8], ...gaussian, ...power, rs: 0 },
      { type: 12, neighbors: [], ...gaussian },
      { type: 13, neighbors: [], ...gaussian, ...power },
      { type: 20, neighbors: [8], ...compact },
      { type: 21, neighbors: [8, 8], ...compact, ...window },
      { type: 22, neighbors: [8, 8], ...compact, ...window },
      { type: 23, neighbors: [], ...compact },
      { type: 24, neighbors: [], ...compact, ...window },
      { type: 25, neighbors: [], ...compact, ...window },
    ];
    const lines = functions.map((f) => `symfunction_short ${functionText(8, f)}`);
    const { descriptors } = parseInputNn(`elements O\ncutoff_type 5 0.2\n${lines.toReversed().join("\n")}`);
    expect(descriptors[0].functions).toEqual(functions);
  });
});
