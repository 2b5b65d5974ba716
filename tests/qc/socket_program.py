"""A program that speaks i-PI's protocol by ASE's own client: ``python socket_program.py HOW STRUCTURE SOCKET``; it is no part of ours.

HOW: ``answers``, ``silent`` never connects, ``dies`` ends at its second structure, ``leaves`` before it has connected. SOCKET is a
name or a port.
"""

import sys
import time
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.socketio import SocketClient


class Pairs(Calculator):
    """Morse bonds between all atoms, whatever they are."""

    implemented_properties: ClassVar = ["energy", "forces"]
    calls, mortal = 0, False

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        if self.mortal and self.calls > 1:
            print("last words of the program", flush=True)
            sys.exit(3)
        d = self.atoms.positions[:, None] - self.atoms.positions[None]
        r = np.linalg.norm(d, axis=2) + 100.0 * np.eye(len(d))
        x = np.exp(-1.4 * (r - 2.0))
        forces = ((2.8 * (x * x - x) / r)[:, :, None] * d).sum(1)
        self.results = {"energy": 0.5 * (x * x - 2 * x).sum(), "forces": forces}


def structure_of(file):
    """A structure in extended xyz, read without ASE's readers, which take a second to load."""
    with open(file) as text:
        rows = [line.split() for line in text.read().splitlines()[2:]]
    return Atoms([row[0] for row in rows], positions=[[float(x) for x in row[1:4]] for row in rows])


def main(how, structure, place):
    print(f"{how} of {structure}", flush=True)
    if how == "silent":
        time.sleep(3600)
    if how == "leaves":
        sys.exit("no licence")
    atoms = structure_of(structure)
    atoms.calc = Pairs()
    atoms.calc.mortal = how == "dies"
    where = {"port": int(place)} if place.isdigit() else {"unixsocket": place}
    SocketClient(host="localhost", **where).run(atoms, use_stress=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
