#!/usr/bin/env node
/**
 * Pretends to be VASP: reads POSCAR, INCAR, KPOINTS and POTCAR, writes OUTCAR and vasprun.xml in their documented layouts, with
 * the energies of a pair potential. `FAKE_VASP` makes it fail: unconverged, cut, crash, hang, memory.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { determinant, inverse, pairEnergy, times } from "./pair-energy.mjs";

const mode = process.env.FAKE_VASP ?? "";
const kilobar = 1602.1766208;

if (mode === "hang") {
  // A child that hangs too: the whole family must go.
  spawn(
    process.execPath,
    ["-e", "require('fs').writeFileSync('child', String(process.pid)); setInterval(() => {}, 1000)"],
    {
      stdio: "ignore",
    },
  );
  setInterval(() => {}, 1000);
} else if (mode === "memory") {
  const kept = [];
  setInterval(() => kept.push(Buffer.alloc(40_000_000, 1)), 30);
} else if (mode === "crash") {
  console.error("forrtl: severe (174): SIGSEGV, segmentation fault occurred");
  process.exit(174);
} else run();

function run() {
  for (const name of ["POSCAR", "INCAR", "POTCAR", "KPOINTS"]) {
    if (name === "KPOINTS" && /KSPACING/.test(readFileSync("INCAR", "utf8"))) continue;
    if (!existsSync(name)) {
      console.log(` ERROR: no ${name}`);
      process.exit(1);
    }
  }
  const tags = new Map(
    readFileSync("INCAR", "utf8")
      .split(/[\n;]/)
      .map((line) => line.replace(/[#!].*/, "").split("="))
      .filter((parts) => parts.length === 2)
      .map(([key, value]) => [key.trim().toUpperCase(), value.trim()]),
  );
  const titles = [...readFileSync("POTCAR", "utf8").matchAll(/TITEL\s*=\s*(.*)/g)].map(([, title]) => title.trim());
  const poscar = readPoscar();
  const nelm = Number(tags.get("NELM") ?? 60);
  const count = Math.max(1, Number(tags.get("NSW") ?? 0));
  const steps = [];
  for (let step = 0; step < count; step++) {
    const result = pairEnergy(poscar.cell, poscar.positions);
    const reached = !(mode === "unconverged" && step === count - 1);
    steps.push({ ...result, cell: poscar.cell, positions: poscar.positions, reached, iterations: reached ? 4 : nelm });
    poscar.positions = poscar.positions.map((r, i) => r.map((x, k) => x + 0.01 * result.forces[i][k]));
  }
  const job = { titles, nelm, symbols: poscar.symbols, counts: poscar.counts, steps };
  const [outcar, vasprun] = [outcarOf(job), vasprunOf(job)];
  const part = mode === "cut" ? 0.93 : 1;
  writeFileSync("OUTCAR", outcar.slice(0, part * outcar.length));
  writeFileSync("vasprun.xml", vasprun.slice(0, part * vasprun.length));
  console.log(" running on    1 total cores\n vasp.6.4.2 (synthetic)\n writing wavefunctions");
}

function readPoscar() {
  const lines = readFileSync("POSCAR", "utf8").split("\n");
  const numbers = (line) => line.trim().split(/\s+/).map(Number);
  const scale = Number(lines[1]);
  const cell = [2, 3, 4].map((i) => numbers(lines[i]).map((x) => x * scale));
  const symbols = lines[5].trim().split(/\s+/);
  const counts = numbers(lines[6]);
  const rows = lines.slice(8, 8 + counts.reduce((a, b) => a + b)).map((line) => numbers(line).slice(0, 3));
  const positions = /^d/i.test(lines[7].trim())
    ? rows.map((f) => times(f, cell))
    : rows.map((r) => r.map((x) => x * scale));
  return { cell, symbols, counts, positions };
}

/** VASP's stress: kB, positive under compression. */
function pressureTensor({ strain, cell }) {
  return strain.map((row) => row.map((x) => (-x / Math.abs(determinant(cell))) * kilobar));
}

/** The energy without entropy and the one extrapolated to no smearing, made up but apart. */
function energiesOf({ energy }) {
  return { free: energy, without: energy + 0.02, zero: energy + 0.01 };
}

function outcarOf({ titles, nelm, counts, steps }) {
  const fixed = (x, width, digits) => x.toFixed(digits).padStart(width);
  const atoms = counts.reduce((a, b) => a + b);
  const dashes = ` ${"-".repeat(83)}`;
  const lines = [" vasp.6.4.2 20Jul23 (synthetic, not by VASP) complex", " "];
  for (const title of titles) lines.push(` POTCAR:    ${title}`);
  for (const title of titles) lines.push(`   VRHFIN =${title.split(" ")[1]}: s2p2`, `   TITEL  = ${title}`);
  for (const title of titles) lines.push(` POTCAR:    ${title}`);
  lines.push(
    `   k-points           NKPTS =      1   k-points in BZ     NKDIM =      1   number of bands    NBANDS=      8`,
  );
  lines.push(`   number of dos      NEDOS =    301   number of ions     NIONS = ${String(atoms).padStart(6)}`);
  lines.push(`   ions per type =      ${counts.map((n) => String(n).padStart(12)).join("")}`);
  lines.push(
    " k-points in reciprocal lattice and weights: Automatic mesh",
    "   0.00000000  0.00000000  0.00000000       1.000",
    "",
  );
  lines.push("   ISPIN  =      1    spin polarized calculation?");
  lines.push(`   NELM   = ${String(nelm).padStart(6)};   NELMIN=  2; NELMDL= -5     # of ELM steps`);
  for (const [s, step] of steps.entries()) {
    const { free, without, zero } = energiesOf(step);
    for (let i = 1; i <= step.iterations; i++) {
      const at = `Iteration ${String(s + 1).padStart(6)}(${String(i).padStart(4)})`;
      lines.push("", `--------------------------------------- ${at}  ---------------------------------------`, "");
      lines.push(
        "Free energy of the ion-electron system (eV)",
        "  ---------------------------------------------------",
      );
      lines.push(`  free energy    TOTEN  =  ${fixed(free + 10 ** -i, 18, 8)} eV`, "");
      lines.push(`  energy without entropy = ${fixed(without, 18, 8)}  energy(sigma->0) = ${fixed(zero, 18, 8)}`);
    }
    const end = step.reached
      ? "aborting loop because EDIFF is reached"
      : "aborting loop EDIFF was not reached (unconverged)";
    lines.push("", `------------------------ ${end} ----------------------------------------`, "");
    const p = pressureTensor(step);
    const six = [p[0][0], p[1][1], p[2][2], p[0][1], p[1][2], p[2][0]];
    lines.push("  FORCE on cell =-STRESS in cart. coord.  units (eV):");
    lines.push("  Direction    XX          YY          ZZ          XY          YZ          ZX");
    lines.push(`  in kB  ${six.map((x) => fixed(x, 12, 5)).join("")}`);
    lines.push(
      `  external pressure = ${fixed((p[0][0] + p[1][1] + p[2][2]) / 3, 12, 2)} kB  Pullay stress =        0.00 kB`,
    );
    const reciprocal = inverse(step.cell);
    lines.push(
      "",
      " VOLUME and BASIS-vectors are now :",
      `      volume of cell : ${fixed(Math.abs(determinant(step.cell)), 10, 2)}`,
    );
    lines.push("      direct lattice vectors                 reciprocal lattice vectors");
    for (let i = 0; i < 3; i++) {
      const right = [0, 1, 2].map((k) => fixed(reciprocal[k][i], 13, 9)).join("");
      lines.push(`   ${step.cell[i].map((x) => fixed(x, 13, 9)).join("")}   ${right}`);
    }
    lines.push("", " POSITION                                       TOTAL-FORCE (eV/Angst)", dashes);
    for (const [i, r] of step.positions.entries()) {
      const force = step.forces[i].map((x) => fixed(x, 14, 6)).join("");
      lines.push(` ${r.map((x) => fixed(x, 13, 5)).join("")}   ${force}`);
    }
    lines.push(dashes, "    total drift:                                0.000000      0.000000      0.000000", "");
    lines.push(
      "  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)",
      "  ---------------------------------------------------",
    );
    lines.push(`  free  energy   TOTEN  =  ${fixed(free, 18, 8)} eV`, "");
    lines.push(`  energy  without entropy=${fixed(without, 18, 8)}  energy(sigma->0) =${fixed(zero, 18, 8)}`, "");
  }
  lines.push(
    " General timing and accounting informations for this job:",
    "                  Total CPU time used (sec):        1.500",
  );
  return `${lines.join("\n")}\n`;
}

function vasprunOf({ titles, nelm, symbols, counts, steps }) {
  const row = (values, digits = 8) => `<v>${values.map((x) => x.toFixed(digits).padStart(17)).join("")} </v>`;
  const varray = (name, rows, digits) => [`<varray name="${name}" >`, ...rows.map((r) => row(r, digits)), "</varray>"];
  const energyLines = ({ free, without, zero }) => [
    "<energy>",
    `<i name="e_fr_energy">${free.toFixed(8).padStart(17)} </i>`,
    `<i name="e_wo_entrp">${without.toFixed(8).padStart(17)} </i>`,
    `<i name="e_0_energy">${zero.toFixed(8).padStart(17)} </i>`,
    "</energy>",
  ];
  const structure = ({ cell, positions }, name) => [
    name === undefined ? "<structure>" : `<structure name="${name}" >`,
    "<crystal>",
    ...varray("basis", cell),
    `<i name="volume">${Math.abs(determinant(cell)).toFixed(8)} </i>`,
    ...varray("rec_basis", inverse(cell)),
    "</crystal>",
    ...varray(
      "positions",
      positions.map((r) => times(r, inverse(cell))),
      12,
    ),
    "</structure>",
  ];
  const atoms = symbols.flatMap((symbol, t) =>
    new Array(counts[t]).fill(`<rc><c>${symbol.padEnd(2)}</c><c>   ${t + 1}</c></rc>`),
  );
  const types = symbols.map(
    (symbol, t) =>
      `<rc><c>   ${counts[t]}</c><c>${symbol.padEnd(2)}</c><c>  28.0850</c><c>   4.0000</c><c>  ${titles[t]} </c></rc>`,
  );
  return `${[
    '<?xml version="1.0" encoding="ISO-8859-1"?>',
    "<!-- synthetic: the layout is VASP's, the numbers are not -->",
    "<modeling>",
    '<generator><i name="program" type="string">vasp </i><i name="version" type="string">6.4.2  </i></generator>',
    "<kpoints>",
    ...varray("kpointlist", [[0, 0, 0]]),
    ...varray("weights", [[1]]),
    "</kpoints>",
    "<parameters>",
    '<separator name="electronic" ><i type="int" name="ISPIN">     1</i>',
    `<separator name="electronic convergence" ><i type="int" name="NELM">${nelm}</i><i name="EDIFF">      0.00000100</i></separator>`,
    "</separator>",
    "</parameters>",
    "<atominfo>",
    `<atoms>   ${atoms.length} </atoms><types>   ${symbols.length} </types>`,
    '<array name="atoms" ><dimension dim="1">ion</dimension><field type="string">element</field><field type="int">atomtype</field><set>',
    ...atoms,
    "</set></array>",
    '<array name="atomtypes" ><dimension dim="1">type</dimension><field type="int">atomspertype</field><set>',
    ...types,
    "</set></array>",
    "</atominfo>",
    ...structure(steps[0], "initialpos"),
    ...steps.flatMap((step) => [
      "<calculation>",
      ...Array.from({ length: step.iterations }, () => [
        "<scstep>",
        ...energyLines(energiesOf(step)),
        "</scstep>",
      ]).flat(),
      ...structure(step),
      ...varray("forces", step.forces),
      ...varray("stress", pressureTensor(step)),
      // As several versions do, the step's own block has the same number twice.
      ...energyLines({ ...energiesOf(step), zero: energiesOf(step).free }),
      "</calculation>",
    ]),
    ...structure(steps.at(-1), "finalpos"),
    "</modeling>",
  ].join("\n")}\n`;
}
