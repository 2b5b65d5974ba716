"""
Through a fold: where an advance begins, and what it costs earlier
==================================================================

At K+ a stable state ends. It does not vanish into nothing: it meets a saddle, the state on the way to the next bond, in a fold of
the path of all equilibria. Followed by arc length the path goes through the fold, down the saddle and on to the next stable
state, with the tip a bond further. At one load between its folds it has three states, whose energies are the barrier of the
advance. ``qc folds`` does this from a case file.
"""

import matplotlib.pyplot as plt
import numpy as np

import qc
from atomistics import Crystal, load_potential
from qc.crack.folds import FoldSpec, fold_records, trace
from qc.drive.barriers import barrier, barriers, equal_load, passes, segments
from qc.drive.continuation import Path

# %%
# A disc of 15 A of silicon with all its atoms (any method with an energy will do), rim clamped in the near-tip field.

potential = load_potential("holland-marder")
crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
spec = qc.CrackSpec(method="atomistic", core_radius=11.0, domain_radius=15.0)
system = qc.CrackSystem(crystal, potential, spec)

# %%
# The path from a stable state at 1.2 K_G, through K+ on the way up and back to K- on the way down. The number of negative
# eigenvalues of the Hessian tells stable states (0) from saddles (1). LAMMPS, with the same atoms clamped, loses the stable state
# at 1.4517 K_G (docs/folds.md).

path = Path(system)
snake = trace(system, FoldSpec(start=1.2), path)
folds = fold_records(snake, system.K_G)
for fold in folds:
    print(f"{fold['kind']} at {fold['K_over_KG']:.4f} K_G: negative eigenvalues {fold['negative_eigenvalues']}")
K_plus = next(fold["K"] for fold in folds if fold["name"] == "K_plus")

# %%
# The barrier between two places of the tip, in eV for this length of the front. Close to a fold every barrier vanishes like the
# 3/2 power of the distance: energy and load near it are those of a cubic.

(three,) = passes(segments(snake.points))
climbs = barriers(path, three)
equal = equal_load(path, three, climbs) / system.K_G
distance = np.array([0.002, 0.004, 0.008, 0.016])
vanishing = np.array([barrier(path, three, K_plus * (1 - d)).forward for d in distance])
exponent = float(np.polyfit(np.log(distance), np.log(vanishing), 1)[0])
print(f"barrier ~ (1 - K / K+)^{exponent:.3f}; both states have the same energy at {equal:.3f} K_G")


def visualize():
    """The path, and the barriers of advance and closing."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
    level = np.array([row["K_over_KG"] for row in snake.rows])
    tip = np.array([row["tip_position"] for row in snake.rows])
    left.plot(level, tip, "0.7")
    stable = np.array([p.negative == 0 for p in snake.points])
    left.plot(level[stable], tip[stable], "C0.", label="stable")
    left.plot(level[~stable], tip[~stable], "C3.", label="saddle")
    left.set(xlabel="$K / K_G$", ylabel="tip (A)")
    left.legend()
    levels = [b.K / system.K_G for b in climbs]
    right.plot(levels, [b.forward for b in climbs], ".-", label="advance")
    right.plot(levels, [b.backward for b in climbs], ".-", label="closing")
    right.axvline(equal, color="0.6", ls="--")
    right.set(xlabel="$K / K_G$", ylabel=f"barrier (eV on {system.model.thickness:.2f} A)")
    right.legend()
    plt.show()


if __name__ == "__main__":
    visualize()
