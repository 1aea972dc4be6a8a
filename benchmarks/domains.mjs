/**
 * In and out of the domain: `node benchmarks/domains.mjs [distortion] [phases]` (after `npm run build`). Silicon by DFT; one network, dropout
 * and a committee are fitted to a part of it and tested on more of that part and on what they have never seen. Prints errors and how
 * far the spreads can be believed. What is in which set is said in README.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "../dist");
const source = join(here, "../../shared/data/silicon-qe-lda/silicon.extxyz.gz");
if (!existsSync(source)) throw new Error("the reference data are not there (../shared/data)");
const { readAllFrames, writeFrames } = await import(join(dist, "hosts/node/files.js"));
const { RandomStream } = await import(join(dist, "math/index.js"));
const scratch = mkdtempSync(join(tmpdir(), "potluck-domains-"));
const frames = await readAllFrames(source);

const phaseOf = (frame) => frame.info.get("phase");
const largestForce = (frame) => frame.forces.reduce((most, f) => Math.max(most, Math.abs(f)), 0);
const tetrahedral = new Set(["diamond", "lonsdaleite"]);
const cold = new Set(["tersoff-md-300K", "tersoff-md-900K"]);
const known = new Set(["diamond", "lonsdaleite", "beta-tin", "sc", "bcc", "hcp"]);

/** Which structures belong to the domain. */
const experiments = {
  // Fourfold coordinated and not far from equilibrium, against strong distortions of the same crystals and dynamics up to the melt.
  distortion: {
    concerns: (frame) => tetrahedral.has(phaseOf(frame)) || String(phaseOf(frame)).startsWith("tersoff"),
    inside: (frame) => cold.has(phaseOf(frame)) || (tetrahedral.has(phaseOf(frame)) && largestForce(frame) < 2.5),
  },
  // Six crystals, against three others and the melt.
  phases: { concerns: () => true, inside: (frame) => known.has(phaseOf(frame)) },
};

const variants = {
  network: ["--set", "committee.members=1"],
  dropout: ["--set", "network.dropout=0.1"],
  committee: ["--set", "committee.members=5"],
};

function potluck(...args) {
  const run = spawnSync(process.execPath, [join(dist, "cli/main.js"), ...args, "--json", "--quiet"], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

const number = (x, digits = 3) => (x === undefined || x === null ? "–" : Number(x).toPrecision(digits));

for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(experiments)) {
  const { concerns, inside } = experiments[name];
  const concerned = frames.filter(concerns);
  const domain = new RandomStream(1, name).shuffle(concerned.filter(inside));
  const held = Math.round(0.2 * domain.length);
  const sets = {
    train: domain.slice(held),
    inside: domain.slice(0, held),
    outside: concerned.filter((f) => !inside(f)),
  };
  const path = (set) => join(scratch, `${name}-${set}.extxyz`);
  for (const [set, list] of Object.entries(sets)) await writeFrames(path(set), list);
  console.log(
    `\n${name}: ${Object.entries(sets)
      .map(([set, { length }]) => `${length} ${set}`)
      .join(", ")}\n`,
  );
  console.log("| potential | tested | E, meV/atom | F, eV/Å | spread of | area | ENCE | NLL | ρ | AUROC | scale |");
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  for (const [variant, settings] of Object.entries(variants)) {
    const out = join(scratch, `${name}-${variant}`);
    potluck(
      "train",
      "--data",
      path("train"),
      "--test",
      path("inside"),
      "--out",
      out,
      "--set",
      "epochs=400",
      ...settings,
    );
    for (const set of ["inside", "outside"]) {
      const { errors, uncertainty } = potluck("evaluate", out, path(set));
      const { total } = errors;
      const head = [variant, set, number(total.energy.rmse), number(total.forces.rmse)];
      const spread = uncertainty?.committee ?? uncertainty?.dropout;
      const rows = ["energy", "forces"].flatMap((quantity) => {
        const q = spread?.[quantity];
        if (q === undefined) return [];
        const { reliability, ence, nll } = q.raw;
        return [
          [
            quantity,
            number(reliability.area),
            number(ence),
            number(nll),
            number(q.spearman),
            number(q.auroc),
            number(q.calibration?.scale),
          ],
        ];
      });
      if (rows.length === 0) rows.push(["–", "–", "–", "–", "–", "–", "–"]);
      rows.forEach((row, k) => {
        console.log(`| ${[...(k === 0 ? head : ["", "", "", ""]), ...row].join(" | ")} |`);
      });
    }
  }
}
