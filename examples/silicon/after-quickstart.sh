#!/usr/bin/env bash
# Every command that the README shows after the quick start, from the project's root.
set -euo pipefail
potluck="node dist/cli/main.js"
$potluck info runs/silicon
$potluck evaluate runs/silicon examples/silicon/silicon.extxyz.gz --report runs/silicon/evaluation.html
$potluck predict runs/silicon examples/silicon/bulk.poscar
$potluck predict runs/silicon examples/silicon/bulk.poscar --json | node -e '
  const prediction = JSON.parse(require("node:fs").readFileSync(0, "utf8").trim());
  if (prediction.forces.length !== 8 || !Number.isFinite(prediction.energy)) throw new Error("unexpected prediction");
  // Eight atoms of diamond at about -107.9 eV each (pw.x, LDA).
  if (Math.abs(prediction.energy / 8 + 107.9) > 0.3) throw new Error(`energy per atom ${prediction.energy / 8} eV`);
'
$potluck convert examples/silicon/bulk.poscar runs/silicon/bulk.extxyz
$potluck convert runs/silicon/potential.json runs/silicon/n2p2
$potluck info examples/silicon/silicon.extxyz.gz
$potluck train --data examples/silicon/silicon.extxyz.gz --out runs/silicon-one --members 1 --epochs 10
$potluck build wulff Cu --a 3.61 --energies 111=1.95,100=2.17 --atoms 500 --shell Au --shell-layers 1 -o runs/particle.extxyz
$potluck md examples/silicon/md.yaml --overwrite
$potluck mc examples/silicon/mc.yaml --overwrite --steps 400
$potluck info runs/silicon-mc
$potluck metadynamics examples/silicon/metadynamics.yaml --overwrite --set metasteps=6
$potluck relax runs/silicon examples/silicon/bulk.poscar -o runs/silicon/relaxed.extxyz --cell
$potluck analyze runs/silicon-md -o runs/silicon-md/report.html
$potluck rdf runs/silicon-md/trajectory.extxyz --plot runs/silicon-md/rdf.html
$potluck learn examples/learning/silicon.yaml --overwrite
$potluck label examples/silicon/bulk.poscar -o runs/labelled.extxyz --engine embedded --directory runs/bulk-label \
  --set 'potential={kind: published, name: silicon-stillinger-weber-1985}'
