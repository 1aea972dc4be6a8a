/** From the words of `potluck build` to a structure. */
import { InputError } from "../errors/index.js";
import {
  bcc,
  caesiumChloride,
  coreShell,
  diamond,
  fcc,
  hcp,
  primitiveCell,
  randomAlloy,
  replicate,
  rocksalt,
  type Structure,
  simpleCubic,
  slab,
  wulffParticle,
  zincblende,
} from "../structure/index.js";

export interface BuildChoices {
  readonly a?: number;
  readonly c?: number;
  readonly primitive?: true;
  readonly replicate?: readonly number[];
  readonly slab?: readonly number[];
  readonly layers?: number;
  readonly vacuum?: number;
  readonly energies?: Readonly<Record<string, number>>;
  readonly atoms?: number;
  readonly diameter?: number;
  readonly hollow?: true;
  readonly shell?: string;
  readonly shellLayers?: number;
  readonly shellShare?: number;
  readonly alloy?: Readonly<Record<string, number>>;
  readonly seed?: number;
}

type Pair = readonly [string, string];

const ofOne: Readonly<Record<string, (element: string, a: number) => Structure>> = {
  ...{ sc: simpleCubic, bcc, fcc, diamond },
};
const ofTwo: Readonly<Record<string, (elements: Pair, a: number) => Structure>> = {
  ...{ rocksalt, zincblende, "caesium-chloride": caesiumChloride },
};

export const shapes = [...Object.keys(ofOne), "hcp", ...Object.keys(ofTwo), "wulff"];

/** `crystal`: the structure of a file, in the place of a shape of ours. Throws InputError for what does not go together. */
export function builtStructure(
  shape: string,
  elements: readonly string[],
  { crystal, ...choices }: BuildChoices & { readonly crystal?: Structure | undefined },
): Structure {
  checkChoices(shape, choices);
  const bare =
    shape === "wulff" ? particle(elements, choices) : cut(crystal ?? crystalOf(shape, elements, choices), choices);
  const { alloy, seed = 0 } = choices;
  return alloy === undefined ? bare : randomAlloy(bare, { composition: alloy, seed });
}

function crystalOf(shape: string, elements: readonly string[], choices: BuildChoices): Structure {
  const a = needed(choices.a, "--a", "The lattice constant is missing.");
  const wanted = Object.hasOwn(ofTwo, shape) ? 2 : 1;
  if (elements.length !== wanted) throw elementCount(shape, { wanted, given: elements });
  const [first = "", second = ""] = elements;
  if (shape === "hcp") return hcp(first, a, choices.c);
  return wanted === 2 ? ofTwo[shape]!([first, second], a) : ofOne[shape]!(first, a);
}

/** Some planes of it, its primitive cell, or copies. */
function cut(crystal: Structure, choices: BuildChoices): Structure {
  const [x = 1, y = 1, z = 1] = choices.replicate ?? [];
  if (choices.slab === undefined)
    return replicate(choices.primitive === true ? primitiveCell(crystal) : crystal, [x, y, z]);
  const [h = 0, k = 0, l = 0] = choices.slab;
  if (z > 1) throw contradiction("--replicate", "A slab has copies in its plane only; its height is --layers.");
  const layers = needed(choices.layers, "--layers", "How many planes the slab has is missing.");
  const { vacuum } = choices;
  return slab(crystal, {
    ...{ miller: [h, k, l], layers, copies: [x, y] },
    ...(vacuum === undefined ? {} : { vacuum }),
  }).structure;
}

function particle(elements: readonly string[], choices: BuildChoices): Structure {
  const [element = ""] = elements;
  if (elements.length !== 1) throw elementCount("wulff", { wanted: 1, given: elements });
  const { atoms, diameter, hollow, shell, shellLayers, shellShare, seed = 0 } = choices;
  const { structure } = wulffParticle({
    ...{ element, latticeConstant: needed(choices.a, "--a", "The lattice constant is missing.") },
    surfaceEnergies: needed(choices.energies, "--energies", "The surface energies are missing."),
    ...(atoms === undefined ? {} : { atoms }),
    ...(diameter === undefined ? {} : { diameter }),
    centre: hollow === true ? "hollow" : "atom",
  });
  if (shell === undefined) return structure;
  return coreShell(structure, {
    ...{ core: element, shell, seed },
    ...(shellLayers === undefined ? {} : { layers: shellLayers }),
    ...(shellShare === undefined ? {} : { share: shellShare }),
  });
}

type Choice = keyof BuildChoices;

const ofParticles: readonly Choice[] = [
  "energies",
  "atoms",
  "diameter",
  "hollow",
  "shell",
  "shellLayers",
  "shellShare",
];
const ofCrystals: readonly Choice[] = ["c", "primitive", "replicate", "slab", "layers", "vacuum"];
const ofSlabs: readonly Choice[] = ["layers", "vacuum"];

/** Options that mean nothing beside the others. */
function checkChoices(shape: string, choices: BuildChoices): void {
  const given = (names: readonly Choice[]): Choice | undefined => names.find((name) => choices[name] !== undefined);
  const refuse = (name: Choice | undefined, why: string): void => {
    if (name !== undefined) throw contradiction(optionOf(name), why);
  };
  if (shape === "wulff") refuse(given(ofCrystals), "It means nothing for a particle.");
  else refuse(given(ofParticles), "It belongs to particles: the shape wulff.");
  if (choices.slab === undefined) refuse(given(ofSlabs), "It belongs to slabs: --slab h,k,l.");
  else if (choices.primitive === true) refuse("primitive", "A slab is cut from the whole crystal.");
  if (choices.c !== undefined && shape !== "hcp") refuse("c", "Only hcp has a second lattice constant.");
  if (choices.shell === undefined)
    refuse(given(["shellLayers", "shellShare"]), "Which element the shell is made of is missing: --shell.");
  if (choices.shell !== undefined && choices.alloy !== undefined)
    refuse("alloy", "The elements are those of core and shell.");
}

const optionOf = (name: Choice): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function needed<T>(value: T | undefined, option: string, problem: string): T {
  if (value !== undefined) return value;
  throw new InputError({ code: "missing-option", where: { file: option }, problem, remedy: `Give ${option}.` });
}

const contradiction = (option: string, problem: string): InputError =>
  new InputError({
    code: "contradiction",
    where: { file: option },
    problem,
    remedy: "Leave it out, or choose otherwise.",
  });

const elementCount = (shape: string, { wanted, given }: { wanted: number; given: readonly string[] }): InputError =>
  new InputError({
    code: "wrong-elements",
    problem: `${shape} is made of ${wanted === 1 ? "one element" : "two elements"}; given: ${given.join(" ") || "none"}.`,
    remedy: `Write for example potluck build ${shape} ${wanted === 1 ? "Si" : "Na Cl"} --a 5.43; --alloy mixes elements on its sites.`,
  });
