"""Stencils of perfect sites: which crystals have one, how far it reaches, and which sites share multipliers."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from atomistics.stencil import paired_stencil


def test_crystals_without_the_inversion_are_refused() -> None:
    potential = load_potential("SiC.tersoff", ["Si", "C"])
    with pytest.raises(ValueError, match="zincblende has 2 atoms a cell of species Si, C: use bgfc"):
        paired_stencil(Crystal.zincblende("Si", "C", 4.32), potential, 0.06)
    atoms = Crystal.diamond("Si", 5.43).atoms()
    atoms.positions[1] += (0.3, 0.1, 0.0)  # eight atoms a cell
    with pytest.raises(ValueError, match="custom has 8 atoms a cell"):
        paired_stencil(Crystal.from_ase(atoms), load_potential("stillinger-weber"), 0.06)


def test_a_short_stencil_is_made_longer() -> None:
    """Four bonds are fixed by the strain and one shift: nothing would be left to reconstruct."""
    crystal = Crystal.diamond("Si", 5.43)
    assert len(crystal.stencil(load_potential("tersoff-t3").cutoff / 0.94)) == 4
    assert len(paired_stencil(crystal, load_potential("tersoff-t3"), 0.06).R) == 16


@pytest.mark.parametrize(
    ("crystal", "potential", "sets"),
    [
        (Crystal.fcc("Ni", 3.52), "NiAlH_jea.eam.alloy", 1),
        (Crystal.B2("Ni", "Al", 2.86), "NiAlH_jea.eam.alloy", 2),
        (Crystal.L1_2("Al", "Ni", 3.57), "NiAlH_jea.eam.alloy", 4),
        (Crystal.diamond("Si", 5.43), "tersoff-t3", 1),
    ],
)
def test_sublattices_of_centres_have_multipliers_of_their_own(crystal, potential, sets):
    """An opposite of each bond follows half a stencil later, and leads where it does; in diamond inversion exchanges the sublattices."""
    found = paired_stencil(crystal, load_potential(potential), 0.06)
    assert found.sets == sets
    assert found.exchanged == (crystal.structure == "diamond")
    assert found.column(np.arange(len(crystal.species))).tolist() == [k * found.pairs * (sets > 1) for k in range(len(crystal.species))]
    if not found.exchanged:
        first, opposite = np.split(found.G, 2)
        assert np.allclose(first[:, :3], -opposite[:, :3])
        assert np.array_equal(first[:, 3:], opposite[:, 3:])


def test_the_stencil_reaches_beyond_an_edge_by_the_width_of_a_cell():
    """A site of another sublattice may be that much further from the atoms that follow a vertex."""
    crystal = Crystal.L1_2("Al", "Ni", 3.57)
    found = paired_stencil(crystal, load_potential("NiAlH_jea.eam.alloy"), 0.06, least=5.05)
    assert 5.05 + 3.57 / np.sqrt(2) - 1.0 < found.radius <= 5.05 + 3.57 / np.sqrt(2) + 1e-6
