"""From the tables of a case to the specs of what walks the load: solver, ladder, propagation and QM tip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from petsc4py import PETSc

from ..case.case import Case
from ..case.petsc import petsc_words
from ..case.qm import QMTable
from ..crack.folds import FoldSpec
from ..crack.ladder_state import LadderSpec
from ..crack.propagation_state import PropagationSpec
from ..crack.qm_tip import QMTipSpec
from ..crack.running_records import RunningSpec
from ..errors import InputError
from ..qm.build import QMSpec
from ..qm.engine.aliases import named_engine
from ..qm.engine.spec import EngineSpec
from ..solve.options import SolverOptions

OPTION_ERRORS = (62, 63, 86, 92)
"""PETSc's codes of a wrong argument, one out of range, an unknown type, a package that is not there."""


def ladder_spec(case: Case) -> LadderSpec:
    """What table [load] asks of a ladder."""
    load = case.load
    return LadderSpec(
        K_start=load.K_start,
        K_stop=load.K_stop,
        K_step=load.K_step,
        unload=load.unload,
        stop_at=load.stop_at,
        K_tolerance=load.K_tolerance,
        J_tolerance=load.J_tolerance,
    )


def fold_spec(case: Case, folds: int) -> FoldSpec:
    """What table [load] asks of a trace of ``folds`` folds."""
    return FoldSpec(start=case.load.K_start, folds=folds, J_tolerance=case.load.J_tolerance)


def running_spec(case: Case) -> RunningSpec:
    """What table [dynamics] asks for, which must be there."""
    assert case.dynamics is not None
    return RunningSpec(**case.dynamics.model_dump())


def propagation_spec(case: Case) -> PropagationSpec:
    """What tables [propagation] and [load] ask for."""
    p, load = case.propagation, case.load
    return PropagationSpec(
        bonds=p.bonds,
        K_start=load.K_start,
        K_stop=load.K_stop,
        J_tolerance=load.J_tolerance,
        dK=load.K_step if p.dK is None else p.dK,
        tolerance=p.tolerance,
        field=p.field,
        close=p.close,
        drift=p.drift,
    )


def engine_spec(table: QMTable) -> EngineSpec:
    """What the engine of table [qm] is told; InputError if its name is one that nobody knows."""
    return named_engine(
        table.engine,
        parameters=dict(table.parameters),
        charge=table.charge,
        spin=table.spin,
        time_limit=table.time_limit,
        retries=table.retries,
        threads=table.threads,
        start=table.start,
    )


def qm_tip_spec(case: Case) -> QMTipSpec | None:
    """The QM region of a case; it is None without a table [qm]."""
    t = case.qm
    if t is None:
        return None
    x, y = t.centre or case.crack.tip
    region = QMSpec(
        centre=(x, y, 0.0),
        radius=t.radius,
        mode=t.mode,
        buffer=t.buffer,
        engine=engine_spec(t),
        hessian=t.hessian,
        cleavage=0.0,
        caps=t.caps,
    )
    return QMTipSpec(region=region, follows=t.follow_tip)


def solver_options(case: Case, petsc_options: list[str]) -> SolverOptions:
    """Solver settings of the case, with PETSc options of the command line on top."""
    s = case.solver
    given = petsc_words(s.petsc)
    key = None
    for word in petsc_options:
        if word.startswith("-") and not _is_number(word):
            key = word.lstrip("-").removeprefix("qc_")
            given[key] = ""
        elif key is None:
            raise InputError(f"PETSc option {word!r} must follow a name that starts with '-'")
        else:
            given[key], key = word, None
    return SolverOptions(
        force_tolerance=s.force_tolerance,
        linear=s.linear,
        max_newton=s.max_newton,
        max_robust=s.max_robust,
        step_cap=s.step_cap,
        perturbation=s.perturbation,
        petsc=given,
    )


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def quiet_petsc(petsc_options: list[str] | None) -> None:
    """Without options of the user's own PETSc does not say at its end which options nobody has asked for."""
    if not petsc_options:
        PETSc.Options()["options_left"] = "no"


@contextmanager
def blaming_petsc_options(options: SolverOptions) -> Iterator[None]:
    """What PETSc refuses while its solvers are set up is an option of the user's, if there is one."""
    try:
        yield
    except PETSc.Error as error:
        if not options.petsc or error.ierr not in OPTION_ERRORS:
            raise
        reason = str(error).splitlines()[-1].split("] ", 1)[-1]
        given = " ".join(f"-{key} {value}".strip() for key, value in options.petsc.items())
        raise InputError(f"PETSc refuses one of the options {given!r}: {reason}") from error
