"""Springs between nearest neighbours in the place of the atoms."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from fem.cauchy_born import CauchyBornMaterial
from qc.terms.springs import Bonds, Springs
from tests.qc.models import material
from tests.qc.terms.states import disturbed


@pytest.mark.parametrize("name", ["iron", "copper", "holland-marder", "toy"])
def test_springs_have_the_elastic_waves_of_the_crystal(name):
    """Least and largest stiffness of all waves within a factor; exactly right for a crystal that is made of springs."""
    crystal, potential = material(name)
    springs = Springs.fitted(crystal, CauchyBornMaterial(crystal, potential))
    assert springs.along > 0
    assert springs.across >= 0.05 * springs.along


def test_bonds_are_weighted_springs(monkeypatch):
    """Rows sum up to zero, energies of any displacement are positive, chunks do not matter, and a torn bond has none."""
    term, z, _ = disturbed("toy", "atomistic", MPI.COMM_SELF)["atoms"]
    bonds = Bonds(term)
    apply = bonds.hessian_product(z)
    assert np.abs(apply(np.ones_like(z))).max() < 1e-12
    v = np.random.default_rng(2).uniform(-1, 1, z.shape)
    assert np.vdot(v, apply(v)) > 0
    whole = len(list(bonds.pattern_chunks()))
    monkeypatch.setattr("qc.terms.springs.CHUNK", 50)
    assert len(list(bonds.pattern_chunks())) == len(list(bonds.hessian_chunks(z))) > whole
    alone = z.copy()
    alone[term.sites[0]] += 100.0
    push = np.zeros_like(z)
    push[term.sites[0]] = 1.0
    assert not bonds.hessian_product(alone)(push).any()
    assert apply(push).any()


def test_a_term_without_springs_is_refused():
    term, *_ = disturbed("toy", "atomistic", MPI.COMM_SELF)["atoms"]
    term.springs = replace(term.springs, along=1.0)
    assert term.near().name == "bonds"
    term.springs = None
    with pytest.raises(ValueError, match="no springs"):
        term.near()
