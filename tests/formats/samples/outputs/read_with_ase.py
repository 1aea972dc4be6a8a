"""What ASE reads from outputs (arguments: file=format …), as JSON: a list of steps for each."""
import json
import sys

from ase.io import read

found = []
for argument in sys.argv[1:]:
    path, _, style = argument.rpartition("=")
    found.append(
        [
            {
                "numbers": atoms.numbers.tolist(),
                "energy": atoms.get_potential_energy(force_consistent=True),
                "forces": atoms.get_forces().tolist(),
                "stress": atoms.get_stress().tolist(),
                "positions": atoms.positions.tolist(),
                "cell": atoms.cell[:].tolist(),
            }
            for atoms in read(path, index=":", format=style)
        ]
    )
json.dump(found, sys.stdout)
