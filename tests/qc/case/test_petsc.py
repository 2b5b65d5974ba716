"""PETSc options of a case file: what is allowed, what is refused, and that PETSc knows the names."""

import pytest
from petsc4py import PETSc

from qc.case.case import Case
from qc.case.petsc import KINDS, TYPES, check_petsc, petsc_words
from qc.errors import InputError
from tests.qc.commands.small import case

REFUSED = {
    "pc_type": "python",
    "trust_pc_type": "shell",
    "ksp_type": "nonsense",
    "mg_levels_ksp_type": "python",
    "snes_type": "python",
    "snes_linesearch_type": "shell",
    "pc_python_type": "/tmp/evil.py:Evil",
    "dll_append": "/tmp/evil.so",
    "options_file": "/tmp/evil",
    "ksp_view": "ascii:/tmp/canary",
    "snes_monitor": "ascii:/tmp/canary",
    "ksp_monitor": "draw",
    "snes_monitor_solution": "binary:/tmp/canary",
    "ksp_view_mat": "binary:/tmp/canary",
    "mat_mumps_icntl_1": 10,
    "mat_mumps_icntl_22": 1,
    "mat_mumps_ooc_tmpdir": "/tmp",
    "log_view": True,
    "info": "/tmp/canary",
    "viewer_binary_filename": "/tmp/canary",
    "start_in_debugger": True,
    "on_error_attach_debugger": "gdb",
    "prefix_push": "x",
    "ksp_rtol": True,
    "ksp_atol": "1e-3 -pc_type python",
    "ksp_max_it": 1.5,
    "snes_max_it": "many",
    "snes_stol": "inf",
    "ksp_divtol": 10**400,
    "pc_gamg_threshold": "0.1,x",
    "ksp_converged_reason": 1,
    "ksp_Rtol": 1e-3,
    "-ksp_rtol": 1e-3,
    "ksp_rtol ": 1e-3,
    "": 1,
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_a_case_file_may_not_set(key):
    """One sentence with key, value and what is expected, when the case is read: before anything is built."""
    plain = case().plain()
    with pytest.raises(InputError, match=r"solver\.petsc.*is not allowed: .*is for the command line, after --") as error:
        Case.from_dict(plain | {"solver": plain["solver"] | {"petsc": {"ksp_rtol": 1e-3, key: REFUSED[key]}}})
    assert str(error.value).isprintable()


def test_what_a_case_file_may_set():
    options = {
        "ksp_type": "cg", "pc_type": "gamg", "trust_pc_gamg_threshold": "0.02,0.01", "mg_levels_ksp_max_it": 3,
        "mg_levels_1_pc_type": "sor", "snes_linesearch_type": "basic", "snes_monitor": True, "ksp_monitor": False,
        "mat_mumps_icntl_14": "80", "ksp_error_if_not_converged": False, "snes_stol": 0, "ksp_rtol": 1e-9,
    }  # fmt: skip
    assert check_petsc(options) is options
    words = petsc_words(options)
    assert (words["snes_monitor"], words["ksp_error_if_not_converged"], words["snes_stol"]) == ("", "false", "0")
    assert "ksp_monitor" not in words


def test_petsc_knows_the_types():
    """A name that it does not know would pass the check and fail in the run."""
    for option, kind in {"ksp_type": PETSc.KSP, "pc_type": PETSc.PC, "snes_type": PETSc.SNES}.items():
        for name in TYPES[option].split():
            solver = kind().create(PETSc.COMM_SELF)
            solver.setType(name)
            solver.destroy()
    assert {*TYPES["snes_linesearch_type"].split()} < {
        v for v in vars(PETSc.SNESLineSearch.Type).values() if isinstance(v, str)
    }


def test_each_option_is_of_one_kind():
    names = [*TYPES, *(name for kind, _, _ in KINDS for name in kind)]
    assert len(names) == len(set(names))
    assert not [name for name in names if "python" in name or "view" in name or "file" in name]
