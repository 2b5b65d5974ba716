"""Run benchmarks by name: ``python -m benchmarks kernels hessian``; all of the short ones without a name.

Each prints a table and writes ``benchmarks/results/<name>.json``. The studies of hours (accuracy, lammps_disc, qm,
face_strips) have command lines of their own.
"""

from __future__ import annotations

import argparse
import importlib

import dolfinx_solver  # noqa: F401  brings its own MPI: first, LAMMPS and PETSc find it loaded

from benchmarks import kernels, scaling

BENCHMARKS = {
    "kernels": "energy and forces against LAMMPS, matscipy and ASE, one core",
    "neighbours": "neighbour lists against LAMMPS and matscipy, one core",
    "hessian": "second derivatives of atoms, in evaluations of energy and forces",
    "cauchy_born": "W, P and C of the Cauchy-Born material, a quadrature point",
    "snap": "SNAP against LAMMPS' pair snap: forces, Hessian, Cauchy-Born, one core",
    "many_body": "ADP, EDIP, MEAM, UF3 against LAMMPS: forces, Hessian, Cauchy-Born, one core",
    "opening": "two halves of a crystal drawn apart: how smooth the traction is, by potential",
    "ace": "ACE in units of LAMMPS' SNAP: forces, Hessian, Cauchy-Born, one core",
    "startup": "help, a small run, kernels compiled by one process and by several at once",
    "output_growth": "what a step costs to put on disk, up to 100,000 steps (an hour)",
    "memory": "resident memory over 1,000 steps of a ladder and 200 events of a propagation (minutes)",
    "solution": "one crack state: the blended model against LAMMPS and ASE, which relax every atom (an hour)",
    "dynamics": "a step of dynamics in evaluations of the gradient, and against LAMMPS' NVE of all atoms (minutes)",
    "conservation": "energy of a model in motion over 1,000 periods by the time step, and the way back (ten minutes)",
    "modes": "lowest frequencies of the coupled model against all atoms and the elastic disc (a minute)",
    "trajectory": "a disc of atoms in motion against LAMMPS' NVE, atom by atom (a minute)",
    "running": "cracks that run in the brittle sheet: speed by the load, beside all atoms (ten minutes)",
    "warm_crystals": "lattice and elastic constants, gamma and K_G of four crystals over the temperature (a minute)",
    "thermal": "a crystal at temperature against LAMMPS NPT and NVT: lattice and elastic constants (half an hour)",
    "warm_seam": "strain of a warm crystal by the seam: W, W_T, beta, dead load, by mean forces and by molecular dynamics (ten minutes)",
    "large": "vacancies in 3-D without a matrix: memory, time of a step, iterations against size (minutes)",
    "balance": "MPI: memory, sites and bytes sent a rank of one model on 1, 2, 4 and 8; the largest over the mean (minutes)",
    "scaling": "MPI: two ranks against two independent jobs; what a rank holds and sends on 1 to 64 (half an hour)",
}
LONG = {"output_growth", "memory", "solution", "dynamics", "conservation", "modes", "trajectory", "running"}
LONG |= {"thermal", "warm_crystals", "warm_seam", "large", "balance", "scaling"}
"""Only by name."""


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = "; ".join(f"{name}: {text}" for name, text in BENCHMARKS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=what)
    parser.add_argument("--repeats", type=int, default=7, help="medians of this many turns (default 7)")
    parser.add_argument("--quick", action="store_true", help="small systems, to see that it runs")
    parser.add_argument("--atoms", type=int, nargs="+", help="sizes for kernels, neighbours and scaling")
    parser.add_argument("--ranks", type=int, nargs="+", help="numbers of ranks for scaling")
    args = parser.parse_args()
    kernels.SIZES, scaling.SIZES = (tuple(args.atoms or module.SIZES) for module in (kernels, scaling))
    scaling.RANKS = tuple(args.ranks or scaling.RANKS)
    unknown = sorted(set(args.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}: there are {', '.join(BENCHMARKS)}")
    for name in args.names or [name for name in BENCHMARKS if name not in LONG]:
        importlib.import_module(f"benchmarks.{name}").run(args.repeats, args.quick).publish()


if __name__ == "__main__":
    main()
