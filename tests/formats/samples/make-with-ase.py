"""Writes the samples in this folder with ASE (3.22 here), and beside each a JSON file with what ASE itself reads from it.

Run: /usr/bin/python3 tests/formats/samples/make-with-ase.py
"""
import os
import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from ase.io import write
from read_with_ase import dump_json

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)


def labelled(atoms, stress=True):
    results = dict(energy=float(rng.normal() * 100), forces=rng.normal(size=(len(atoms), 3)))
    if stress:
        results["stress"] = rng.normal(size=6) * 0.01
    atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


crystal = labelled(bulk("Si", cubic=True))
crystal.rattle(0.1, seed=3)
crystal.info.update(
    config_type="bulk", sentence='he said "hello", twice', braces="{a} [b]", count=12, ratio=0.1, large=1.5e30,
    flag=True, off=False, vector=np.array([1.0, 2.5, -3e-7]), integers=np.array([1, 2, 3]),
    flags=np.array([True, False]), matrix=np.arange(6).reshape(2, 3), nested={"a": 1}, words=["x", "y z"], uid="0123",
    virial=np.arange(9.0).reshape(3, 3),
)
crystal.arrays["tags"] = np.arange(8)
crystal.arrays["label"] = np.array([f"s{i}" for i in range(8)])
crystal.arrays["mask"] = np.arange(8) % 2 == 0
crystal.arrays["tensor"] = rng.normal(size=(8, 9))
water = labelled(molecule("H2O"), stress=False)
slab = labelled(Atoms("NaCl", [[0, 0, 0], [1, 2, 3]], cell=[[5, 0, 0], [1, 6, 0], [0, 0, 20]], pbc=(True, True, False)))
write(f"{here}/ase.extxyz", [crystal, water, slab], format="extxyz")
write(f"{here}/ase-plain.xyz", [molecule("CH4"), molecule("H2O")], format="xyz")

fixed = bulk("NaCl", "rocksalt", a=5.64) * (2, 1, 1)
fixed.set_constraint(FixAtoms([0, 2]))
write(f"{here}/ase-vasp5.POSCAR", fixed, format="vasp", direct=True)
write(f"{here}/ase-vasp4.POSCAR", fixed, format="vasp", vasp5=False)
write(f"{here}/ase.xsf", labelled(bulk("GaAs", "zincblende", a=5.65)), format="xsf")
write(f"{here}/ase-molecules.axsf", [molecule("H2O"), molecule("H2O")], format="xsf")

for name in ["ase.extxyz", "ase-plain.xyz", "ase-vasp5.POSCAR", "ase-vasp4.POSCAR", "ase.xsf", "ase-molecules.axsf"]:
    dump_json(f"{here}/{name}", f"{here}/{name}.json")
