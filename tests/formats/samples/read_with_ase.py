"""What ASE reads from a structure file, as JSON: read_with_ase.py FILE FORMAT [KEYWORD=VALUE …]"""
import json
import sys
import numpy as np
from ase.io import read


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value


def record(atoms):
    results = {} if atoms.calc is None else atoms.calc.results
    return {
        "numbers": atoms.numbers.tolist(), "positions": atoms.positions.tolist(), "cell": atoms.cell.tolist(),
        "pbc": atoms.pbc.tolist(), "info": {k: plain(v) for k, v in atoms.info.items()},
        "arrays": {k: plain(v) for k, v in atoms.arrays.items() if k not in ("numbers", "positions")},
        "results": {k: plain(v) for k, v in results.items()},
        "fixed": sorted({int(i) for c in atoms.constraints for i in np.atleast_1d(getattr(c, "index", getattr(c, "a", [])))}),
    }


def frames(path, format=None, **keywords):
    return [record(atoms) for atoms in read(path, ":", format=format, **keywords)]


def dump_json(path, target):
    with open(target, "w") as file:
        json.dump(frames(path), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    keywords = dict(word.split("=", 1) for word in sys.argv[3:])
    json.dump(frames(sys.argv[1], sys.argv[2], **keywords), sys.stdout)
