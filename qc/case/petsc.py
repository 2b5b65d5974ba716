"""PETSc options that a case file may set: those that compute and do nothing else.

PETSc also has options that load and run code (types python and shell, dll_append), that read others from a file, and that write to one
(viewers, the streams of MUMPS). A case file is data: it gets none of them, by a list of what it may have and not of what it may not.
The command line, after ``--``, has them all.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from typing import Any

from .explain import toml_text

_PREFIX = re.compile(
    r"(?:(?:trust|inertia|stability|path|ase|reconstruction|mg_coarse|mg_levels(?:_\d{1,2})?|sub|redundant|pc_gamg_esteig)_)*"
)
"""Of solvers of ours beside Newton's (trust region, stability, path, multipliers), and of those inside a solver (levels, blocks)."""

TYPES: dict[str, str] = {
    "ksp_type": "none preonly richardson chebyshev cg fcg pipecg groppcg pipecr cr gcr minres symmlq gmres fgmres lgmres pgmres dgmres "
    "bcgs bcgsl fbcgs fbcgsr ibcgs cgs tfqmr tcqmr bicg lsqr stcg nash gltr qcg",
    "pc_type": "none jacobi pbjacobi vpbjacobi bjacobi sor eisenstat ilu icc lu cholesky qr svd asm gasm mg gamg redundant kaczmarz",
    "snes_type": "newtonls newtontr ksponly nrichardson qn ncg ngmres anderson",
    "snes_linesearch_type": "none basic bt secant cp nleqerr ncglinear bisection",
    "pc_factor_mat_solver_type": "petsc mumps superlu_dist",
    "pc_factor_mat_ordering_type": "natural nd 1wd rcm qmd rowlength",
    "pc_factor_shift_type": "none nonzero positive_definite inblocks",
    "ksp_norm_type": "none preconditioned unpreconditioned natural",
    "ksp_pc_side": "left right symmetric",
    "pc_jacobi_type": "diagonal rowl1 rowmax rowsum",
    "pc_asm_type": "basic restrict interpolate none",
    "pc_asm_local_type": "additive multiplicative",
    "pc_gamg_type": "agg classical",
    "pc_mg_type": "multiplicative additive full kaskade",
    "pc_mg_cycle_type": "v w",
    "snes_tr_fallback_type": "newton cauchy dogleg",
    "snes_qn_type": "lbfgs broyden badbroyden",
    "snes_ncg_type": "fr prp hs dy cd",
}
"""Names that PETSc gives a meaning to, by option."""
COUNTS = (
    "ksp_max_it ksp_min_it ksp_gmres_restart ksp_bcgsl_ell ksp_chebyshev_esteig_steps snes_max_it snes_max_funcs snes_max_fail "
    "snes_max_linear_solve_fail snes_lag_jacobian snes_lag_preconditioner snes_qn_m snes_linesearch_order snes_linesearch_max_it "
    "pc_factor_levels pc_sor_its pc_sor_lits pc_asm_overlap pc_asm_blocks pc_bjacobi_blocks pc_mg_levels pc_mg_multiplicative_cycles "
    "pc_gamg_agg_nsmooths pc_gamg_coarse_eq_limit pc_gamg_process_eq_limit pc_gamg_aggressive_coarsening eps_max_it eps_ncv"
)
ICNTL = (4, 6, 7, 8, 10, 11, 12, 13, 14, 20, 23, 24, 27, 28, 29, 35, 36, 37, 38, 48, 49, 56, 58)
"""Controls of MUMPS, without 1 to 3 and 22: its streams, and factors on disk."""
NUMBERS = (
    "ksp_rtol ksp_atol ksp_divtol ksp_richardson_scale snes_rtol snes_atol snes_stol snes_divergence_tolerance snes_linesearch_maxstep "
    "snes_linesearch_minlambda snes_linesearch_maxlambda snes_linesearch_damping snes_linesearch_rtol snes_linesearch_atol "
    "snes_linesearch_ltol snes_linesearch_alpha snes_tr_delta0 snes_tr_deltamax snes_tr_deltamin snes_tr_eta1 snes_tr_eta2 snes_tr_eta3 "
    "snes_tr_t1 snes_tr_t2 pc_factor_fill pc_factor_zeropivot pc_factor_shift_amount pc_sor_omega pc_gamg_threshold_scale eps_tol"
)
CNTL = (1, 2, 3, 4, 5, 7)
LISTS = "ksp_chebyshev_esteig ksp_chebyshev_eigenvalues pc_gamg_threshold"
"""Numbers with commas between them."""
MONITORS = (
    "ksp_monitor ksp_monitor_true_residual ksp_monitor_singular_value ksp_converged_reason snes_monitor snes_linesearch_monitor "
    "snes_converged_reason"
)
"""They write to the screen; a value would name a file."""
SWITCHES = (
    "ksp_error_if_not_converged ksp_initial_guess_nonzero ksp_diagonal_scale ksp_diagonal_scale_fix ksp_cg_single_reduction "
    "ksp_gmres_modifiedgramschmidt ksp_chebyshev_esteig_random snes_linesearch_keeplambda pc_factor_diagonal_fill pc_sor_symmetric "
    "pc_gamg_reuse_interpolation pc_gamg_repartition pc_gamg_aggressive_square_graph pc_gamg_recompute_esteig"
)

ELSEWHERE = "what loads code, reads files or writes them is for the command line, after --"


def check_petsc(options: dict[str, Any]) -> dict[str, Any]:
    """The options as they are; ValueError for the first one that a case file may not set, or not to that value."""
    for key, value in options.items():
        _check(key, value)
    return options


def petsc_words(options: dict[str, Any]) -> dict[str, str]:
    """The options as PETSc's database takes them: a switch that is on has no value, a monitor that is off is left out."""
    words = {}
    for key, value in options.items():
        if value is False and _base(key) in MONITORS.split():
            continue
        words[key] = "" if value is True else "false" if value is False else str(value)
    return words


def _check(key: str, value: Any) -> None:
    base, shown = _base(key), f"solver.petsc.{_shown_key(key)} = {toml_text(value)}"
    if base in TYPES:
        *types, last = TYPES[base].split()
        if value not in (*types, last):
            raise ValueError(f'{shown} is not allowed: it must be "{'", "'.join(types)}" or "{last}"; {ELSEWHERE}')
        return
    for names, holds, allowed in KINDS:
        if base in names:
            if not holds(value):
                raise ValueError(f"{shown} is not allowed: it must be {allowed}; {ELSEWHERE}")
            return
    close = difflib.get_close_matches(
        base, [*TYPES, *(name for names, _, _ in KINDS for name in names)], n=1, cutoff=0.85
    )
    meant = f"did you mean {close[0]}? " if close else ""
    raise ValueError(
        f"{shown} is not allowed: {meant}a case file may set types, tolerances, counts and monitors of KSP, PC and SNES "
        f"(docs/security.md); {ELSEWHERE}"
    )


def _base(key: str) -> str:
    """The option without the prefixes of the solver that it is for."""
    return key[match.end() :] if (match := _PREFIX.match(key)) else key


def _shown_key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else toml_text(key)


def _is_count(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[-+]?\d{1,10}", value, re.ASCII) is not None and _is_count(int(value))
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"[-+.\deE]{1,40}", value, re.ASCII) is not None and _finite(value)
    return isinstance(value, int | float) and not isinstance(value, bool) and _finite(value)


def _finite(value: str | float) -> bool:
    try:
        return math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def _are_numbers(value: Any) -> bool:
    return all(_is_number(part) for part in value.split(",")) if isinstance(value, str) else _is_number(value)


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool) or value == ""


KINDS: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    ((*COUNTS.split(), *(f"mat_mumps_icntl_{k}" for k in ICNTL)), _is_count, "a whole number"),
    ((*NUMBERS.split(), *(f"mat_mumps_cntl_{k}" for k in CNTL)), _is_number, "a number"),
    (tuple(LISTS.split()), _are_numbers, 'a number, or several such as "0,0.1,0,1.1"'),
    ((*MONITORS.split(), *SWITCHES.split()), _is_switch, "true or false"),
)
"""Options by kind, whether a value is of it, and what is allowed in words."""
