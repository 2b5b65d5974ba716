"""gmsh opened and closed."""

import numpy as np
import pytest

from fem.mesh.gmsh_session import gmsh_session


def disc():
    with gmsh_session(lambda x: 0.3 + 0.2 * x[:, 0] ** 2, 2) as gmsh:
        gmsh.model.occ.addDisk(0, 0, 0, 2, 2)
        gmsh.model.occ.synchronize()
        gmsh.model.mesh.generate(2)
        return gmsh.model.mesh.getNodes()[1]


def test_the_same_mesh_every_time():
    assert np.array_equal(disc(), disc())


def test_closed_whatever_happens():
    with pytest.raises(RuntimeError, match="on purpose"), gmsh_session() as gmsh:
        raise RuntimeError("on purpose")
    assert not gmsh.isInitialized()
