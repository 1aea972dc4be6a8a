"""Writes a database with ASE, and prints its rows (blobs in base64) and what ASE reads from it, as JSON."""
import base64
import json
import os
import sqlite3
import sys
import tempfile

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.db import connect

folder = tempfile.mkdtemp()
path = os.path.join(folder, "set.db")
with connect(path) as db:
    crystal = Atoms("SiGe", positions=[[0.125, 0, 0], [1.4, 1.35, 1.3]], cell=[[0, 2.7, 2.75], [2.7, 0.1, 2.7], [2.7, 2.7, 0]], pbc=[True, True, False])
    crystal.set_tags([1, 2])
    crystal.calc = SinglePointCalculator(
        crystal,
        energy=-9.5,
        free_energy=-9.625,
        forces=np.array([[0.1, -0.2, 0.3], [-0.1, 0.2, -0.3]]),
        stress=np.array([-0.01, 0.02, 0.03, -0.004, 0.005, 0.006]),
    )
    db.write(crystal, group="mixed", step=3, good=True)
    db.write(Atoms("OH2", positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]))
    broken = Atoms("H", positions=[[0, 0, 0]], cell=[5, 5, 5], pbc=True)
    broken.calc = SinglePointCalculator(broken, energy=-1.0, forces=np.array([[float("nan"), 0, 0]]))
    db.write(broken)
read = [row.toatoms() for row in connect(path).select(sort="id")]
tables = {}
connection = sqlite3.connect(path)
connection.row_factory = sqlite3.Row
for table in ("systems", "sqlite_master"):
    rows = []
    for row in connection.execute(f"SELECT * FROM {table}"):
        rows.append({key: {"base64": base64.b64encode(row[key]).decode()} if isinstance(row[key], bytes) else row[key] for key in row.keys()})
    tables[table] = rows
expected = [
    {"numbers": a.numbers.tolist(), "positions": a.positions.tolist(), "cell": a.cell[:].tolist(), "pbc": a.pbc.tolist(), "forces": a.calc.results["forces"].tolist() if a.calc else None}
    for a in read[:2]
]
json.dump({"tables": tables, "expected": expected}, sys.stdout, indent=1)
