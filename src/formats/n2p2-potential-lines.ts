/**
 * The grammar of n2p2's `input.nn`: one `keyword arguments…` per line in any order; `#` and `!` begin a comment wherever
 * they stand. Unknown keywords and repeated ones are warnings, as in n2p2.
 */
import { InputError, type Place, type Trouble } from "../errors/index.js";
import { parseNumber } from "./line-reader.js";

export interface KeywordLine {
  /** n2p2's present name of the keyword. */
  readonly keyword: string;
  readonly args: readonly string[];
  /** 1-based. */
  readonly line: number;
}

/** All lines of an `input.nn` by keyword. */
export interface KeywordTable {
  readonly file: string;
  readonly lines: ReadonlyMap<string, readonly KeywordLine[]>;
  readonly warnings: readonly Trouble[];
}

/** Older and RuNNer's names → n2p2's. */
const aliases: Readonly<Record<string, string>> = {
  nnp_generation: "nnp_type",
  nnp_type_gen: "nnp_type",
  nnp_gen: "nnp_type",
  short_energy_error_threshold: "rmse_threshold_energy",
  short_force_error_threshold: "rmse_threshold_force",
  short_energy_fraction: "energy_fraction",
  short_force_fraction: "force_fraction",
  symfunction: "symfunction_short",
};

/** May be there several times, once per function or element. */
const repeatable: ReadonlySet<string> = new Set([
  "symfunction_short",
  "atom_energy",
  "element_nodes_short",
  "element_hidden_layers_short",
  "element_activation_short",
  "fixed_gausswidth",
  "initial_hardness",
]);

const known: ReadonlySet<string> = new Set(
  `number_of_elements elements atom_energy cutoff_type symfunction_short scale_symmetry_functions
  scale_symmetry_functions_sigma center_symmetry_functions scale_min_short scale_max_short global_hidden_layers_short
  global_nodes_short global_activation_short element_hidden_layers_short element_nodes_short element_activation_short
  global_hidden_layers_electrostatic global_nodes_electrostatic global_activation_electrostatic
  element_hidden_layers_electrostatic element_nodes_electrostatic element_activation_electrostatic normalize_nodes
  mean_energy conv_energy conv_length conv_charge nnp_type fixed_gausswidth ewald_truncation_error_method ewald_prec
  screen_electrostatics four_pi_epsilon random_seed test_fraction epochs normalize_data_set use_short_forces force_weight
  main_error_metric rmse_threshold rmse_threshold_energy rmse_threshold_force rmse_threshold_charge
  rmse_threshold_trials rmse_threshold_trials_energy rmse_threshold_trials_force rmse_threshold_trials_charge
  energy_fraction force_fraction force_energy_ratio charge_fraction use_old_weights_short use_old_weights_charge
  weights_min weights_max nguyen_widrow_weights_short nguyen_widrow_weights_charge precondition_weights initial_hardness
  updater_type parallel_mode jacobian_mode update_strategy selection_mode selection_mode_energy selection_mode_force
  selection_mode_charge task_batch_size_energy task_batch_size_force task_batch_size_charge repeated_energy_update
  memorize_symfunc_results gradient_type gradient_eta gradient_adam_eta gradient_adam_beta1 gradient_adam_beta2
  gradient_adam_epsilon kalman_type kalman_epsilon kalman_eta kalman_etatau kalman_etamax kalman_q0 kalman_qtau
  kalman_qmin kalman_lambda_short kalman_nue_short write_trainpoints write_trainforces write_traincharges
  write_weights_epoch write_neuronstats write_trainlog`.split(/\s+/),
);

/** The keyword lines of a text, in the order of the file. */
export function parseKeywordLines(text: string, file: string): KeywordTable {
  const lines = new Map<string, KeywordLine[]>();
  const warnings: Trouble[] = [];
  text.split(/\r?\n/).forEach((raw, index) => {
    const [written, ...args] = raw
      .replace(/[#!].*/, "")
      .split(/\s+/)
      .filter(Boolean);
    if (written === undefined) return;
    const keyword = aliases[written] ?? written;
    const entry = { keyword, args, line: index + 1 };
    const before = lines.get(keyword);
    const warning = doubtOf(entry, before?.[0], { file, written });
    if (warning !== undefined) warnings.push(warning);
    if (before === undefined) lines.set(keyword, [entry]);
    else before.push(entry);
  });
  return { file, lines, warnings };
}

function doubtOf(
  { keyword, line }: KeywordLine,
  first: KeywordLine | undefined,
  { file, written }: { file: string; written: string },
): Trouble | undefined {
  const where = { file, line };
  if (!known.has(keyword))
    return {
      code: "unknown-keyword",
      where,
      problem: `The keyword "${written}" is not one of n2p2's and is ignored.`,
      remedy: "Check its spelling, or comment the line out.",
    };
  if (first !== undefined && !repeatable.has(keyword))
    return {
      code: "repeated-keyword",
      where,
      problem: `The keyword "${written}" is already in line ${first.line}; that line counts.`,
      remedy: "Remove one of the two lines.",
    };
  return undefined;
}

/** The line that counts for a keyword: the first. */
export const lineOf = (table: KeywordTable, keyword: string): KeywordLine | undefined => table.lines.get(keyword)?.[0];
export const linesOf = (table: KeywordTable, keyword: string): readonly KeywordLine[] => table.lines.get(keyword) ?? [];
export const hasKeyword = (table: KeywordTable, keyword: string): boolean => table.lines.has(keyword);

export function requiredLine(table: KeywordTable, keyword: string): KeywordLine {
  const line = lineOf(table, keyword);
  if (line !== undefined) return line;
  throw new InputError({
    code: "missing-keyword",
    where: { file: table.file },
    problem: `The keyword "${keyword}" is missing.`,
    remedy: `Add a line "${keyword} …"; is this the input.nn that the potential was fitted with?`,
  });
}

/** Argument number `index` (0-based) as a finite number. */
export function realAt({ keyword, args, line }: KeywordLine, index: number, file: string): number {
  const value = args[index] === undefined ? undefined : parseNumber(args[index]);
  if (value !== undefined && Number.isFinite(value)) return value;
  throw badArgument({ file, line }, { keyword, index, found: args[index], expected: "a number" });
}

export function integerAt(entry: KeywordLine, index: number, file: string): number {
  const value = realAt(entry, index, file);
  if (Number.isInteger(value)) return value;
  const { keyword, args, line } = entry;
  throw badArgument({ file, line }, { keyword, index, found: args[index], expected: "a whole number" });
}

export interface BadArgument {
  readonly keyword: string;
  readonly index: number;
  readonly found: string | undefined;
  readonly expected: string;
}

export function badArgument(where: Place, { keyword, index, found, expected }: BadArgument): InputError {
  const what = `Argument ${index + 1} of "${keyword}"`;
  return new InputError({
    code: found === undefined ? "missing-argument" : "malformed-argument",
    where,
    problem: found === undefined ? `${what} is missing.` : `${what} is ${JSON.stringify(found)}.`,
    expected: `Expected ${expected}.`,
    remedy: "Correct the line.",
  });
}
