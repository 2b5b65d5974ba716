"""The tables of a case file but for those of propagation and QM: their keys, defaults, bounds and help."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from .arms import ARMS, ArmTable
from .explain import toml_text
from .petsc import check_petsc
from .table import COUNT, HIGHEST, LENGTH, LEVEL, LONGEST, MOST, Table, key, required
from .version import ERROR_BUDGET, FACE_STRIP, K_STEP, K_TOLERANCE, ORDER

COVALENT = ("stillinger-weber", "holland-marder", "tersoff-t3", "kumagai")

BUILT_IN_POTENTIALS = ("lennard-jones", "morse", "toy-eam", "hexagonal-eam", *COVALENT)

MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9_+-]*$"

SYMBOL = 'a chemical symbol such as "Fe"'

CUTS = '"widest", "shuffle", "glide" or a whole number from 0'

BINARY = ("zincblende", "B2", "L1_2")
"""Structures of two species."""

Symbol = Annotated[str, Field(min_length=1)]
Index = Annotated[int, Field(ge=-99, le=99)]


class CrystalTable(Table):
    """Table [crystal]."""

    structure: Literal["fcc", "bcc", "diamond", "zincblende", "B2", "L1_2", "hcp", "hexagonal"] = required(
        '"fcc", "bcc", "diamond", "zincblende", "B2", "L1_2", "hcp" or "hexagonal"',
        "crystal structure; zincblende, B2 and L1_2 have two species; hexagonal is the 2-D triangular lattice",
    )
    element: str | None = key(
        None,
        SYMBOL,
        "species, as the potential names it; zincblende, B2 and L1_2 take crystal.elements instead",
        min_length=1,
    )
    elements: tuple[Symbol, ...] | None = key(
        None,
        'a list of chemical symbols such as ["Si", "C"]',
        "species of zincblende, B2 and L1_2: the first at the corners of the cube; the second a/4 [111] away, at its centre or on its "
        'faces (Ni3Al is ["Al", "Ni"])',
    )
    a: float | None = key(
        None,
        "a plain number from 0.1 to 1000 in A",
        "lattice constant, A; left out: the potential's equilibrium lattice constant",
        ge=0.1,
        le=1000.0,
    )
    c_over_a: float | None = key(
        None, LEVEL, "axial ratio of hcp; left out: the potential's at rest; Miller indices refer to a1, a2, c", gt=0, le=HIGHEST
    )

    @property
    def species(self) -> tuple[str, ...]:
        """Species, each once, in the order of the sublattices."""
        return self.elements if self.elements is not None else (self.element or "",)

    @model_validator(mode="after")
    def _check_species(self) -> CrystalTable:
        """One species, two different ones for compounds, named by one key."""
        binary, of = self.structure in BINARY, f'with crystal.structure = "{self.structure}"'
        wanted = 'crystal.elements must be two different chemical symbols such as ["Si", "C"]'
        wanted = f"{of} {wanted if binary else f'crystal.element must be {SYMBOL}'}"
        if self.element is None and self.elements is None:
            raise ValueError(f"crystal.{'elements' if binary else 'element'} is missing: {wanted}")
        if self.element is not None and (binary or self.elements is not None):
            raise ValueError(f"crystal.element = {toml_text(self.element)} is not allowed: {wanted}")
        if self.elements is not None and (not binary or len(set(self.elements)) != 2 or len(self.elements) != 2):
            raise ValueError(f"crystal.elements = {toml_text(self.elements)} is not allowed: {wanted}")
        if self.c_over_a is not None and self.structure != "hcp":
            raise ValueError(
                f"crystal.c_over_a = {self.c_over_a:g} is not allowed {of}: leave it out, only hcp has one"
            )
        return self


GRIFFITH = 1.0
"""Level that is tried first where nothing better is known: a crack that lattice trapping holds at all is held there."""

MethodName = Literal["atomistic", "continuum", "qce", "bqce", "bgfc", "bgrac", "bqcf"]

METHODS_OF_CASES: tuple[str, ...] = get_args(MethodName)


class PotentialTable(Table):
    """Table [potential]."""

    file: str | None = key(
        None,
        f'a file name or one of "{'", "'.join(BUILT_IN_POTENTIALS)}"',
        "potential file (setfl of eam/alloy, eam/fs or adp, funcfl of eam, .sw, .tersoff, .tersoff.mod, .snap, .snapcoeff, .yace, .ace, "
        ".edip, .uf3, .meam, each also as .gz), looked for beside the case file, in the working directory, in the folders of "
        "$QC_POTENTIALS and among the potentials of LAMMPS; or the name of a potential that is built in or that another package adds; "
        "this key or `model`",
        min_length=1,
    )
    model: str | None = key(
        None,
        "a name of letters, digits, -, + and _, which --model NAME=MODULE:FUNCTION, your own ~/.config/qc/potentials.toml or an "
        "installed package explains (no module and no path: a case file names no code)",
        "name of a model of your own, instead of `file`",
        pattern=MODEL_NAME,
    )
    elements: tuple[str, ...] | None = key(
        None, 'a list of chemical symbols such as ["Fe"]', "species to use, in this order; left out: all of the file's"
    )
    parameters: dict[str, float] | None = key(
        None, "a table of numbers", "parameters of a built-in potential, energies in eV and lengths in A, or of a model of your own"
    )

    twin: str | None = key(
        None,
        "a file name or the name of a built-in potential",
        "for a model that gives forces only (any calculator of ASE): a potential of sites with nearly the same lattice and elastic "
        "constants, from which second derivatives are taken; `qc match` makes one; looked for as `file`",
        min_length=1,
    )

    @property
    def name(self) -> str:
        """The file, or the name of the model."""
        return self.file or self.model or ""

    @property
    def named(self) -> str:
        """The key that names the potential, with its value."""
        return f"potential.file = {toml_text(self.file)}" if self.file is not None else f"potential.model = {toml_text(self.model)}"

    @model_validator(mode="after")
    def _check_names(self) -> PotentialTable:
        """A file or a model."""
        if self.file is None and self.model is None:
            raise ValueError(
                "potential.file is missing: it must be a file name or the name of a built-in potential (or potential.model that of a model)"
            )
        if self.file is not None and self.model is not None:
            raise ValueError(f"potential.model = {toml_text(self.model)} is not allowed with potential.file: leave one of them out")
        return self


class ModelTable(Table):
    """Table [model]."""

    method: MethodName = key(
        "bgrac",
        '"atomistic", "continuum", "qce", "bqce", "bgfc", "bgrac" or "bqcf"',
        "how atoms and elements are coupled; bgrac: blended energy with reconstructed stencils, no ghost force at any uniform strain; "
        "left out: bgrac where it holds (crystals with inversion symmetry, meshes of the code's own), else bgfc",
    )
    dimension: float = key(
        2.5, "2, 2.5 or 3", "2: sheet (hexagonal); 2.5: plane strain, three displacement components; 3: not for cracks"
    )
    front_periods: int = key(1, COUNT, "crystal periods along the crack front that the atoms fill", ge=1, le=MOST)
    core_radius: float | None = key(
        None,
        LENGTH,
        "radius of the atomistic region round the tip, A; left out: 5.7 neighbour distances, 2.5 cutoffs if that is more, "
        "or as much as keeps the crack faces out of each other's reach where they leave it at load.K_start",
        gt=0, le=LONGEST,
    )
    arms: tuple[ArmTable, ...] = key(
        (),
        ARMS,
        "arms of the atomistic region: each holds all points within half its width of a segment from the tip, so that a dislocation on "
        "that slip plane stays among atoms",
        max_length=12,
    )
    adapt: Literal["none", "arms"] = key(
        "none",
        '"none" or "arms"',
        "what is done where slip leaves the full atoms (qc run): nothing, and the ladder ends; or an arm is laid along the slip plane, as "
        "long as the dislocation needs to come to rest, and the step is repeated",
    )
    blend_width: float | None = key(
        None,
        LENGTH,
        "width of the handshake, A; left out: 4 neighbour distances, or 2 cutoffs if that is more (in version 1: 8 neighbour distances)",
        gt=0, le=LONGEST,
    )
    domain_radius: float | None = key(
        None,
        LENGTH,
        "radius beyond which the near-tip field is prescribed, A; left out: 160 neighbour distances, more where the crystal is not linear",
        gt=0, le=LONGEST,
    )
    blending: Literal["quintic", "cubic", "linear"] = key(
        "quintic", '"quintic", "cubic" or "linear"', "shape of the blending function across the handshake"
    )
    reference: Literal["predictor", "lattice", "far_field"] = key(
        "predictor",
        '"predictor", "lattice" or "far_field"',
        "state at which bgfc (and bgrac beside a slit) takes its dead load",
    )
    stencil_compression: float = key(
        0.06,
        "a number from 0 to 0.3",
        "compression of a bond up to which the stencils of bgrac hold all neighbours in the handshake",
        ge=0,
        le=0.3,
    )
    order: int = key(
        ORDER, "1 or 2", "polynomial order of the elements outside the lattice-resolved zone", ge=1, le=2
    )  # as Literal[1, 2] it would also be true, which equals 1
    face_strip: bool = key(
        FACE_STRIP,
        "true or false",
        "fully atomistic strips along both crack faces, out to the boundary, which qc propagate needs; else a slit in the mesh",
    )
    face_strip_thickness: float | None = key(
        None,
        LENGTH,
        "thickness of the strip on each side of the crack plane, A; left out: cutoff plus half a neighbour distance, or "
        "the stencil of bgrac if that is longer",
        gt=0, le=LONGEST,
    )
    mesh: str | None = key(
        None,
        'the name of a .msh file of gmsh such as "disc.msh"',
        "mesh of your own instead of a lattice-resolved one: triangles of first order in A, tip at the origin, cut open along "
        "negative x; needs face_strip = false; looked for beside the case file first; method atomistic does without it",
        pattern=r".\.msh$",
    )

    @model_validator(mode="after")
    def _check_mesh(self) -> ModelTable:
        if self.mesh is not None and self.face_strip:
            raise ValueError(
                f'model.face_strip = true is not allowed with model.mesh = "{self.mesh}": a mesh of your own carries the crack as '
                "a slit, so it must be false"
            )
        return self

    @model_validator(mode="after")
    def _check_adapt(self) -> ModelTable:
        if self.adapt == "arms" and self.mesh is not None:
            why = "an arm needs a new mesh"
            raise ValueError(f'model.adapt = "arms" is not allowed with model.mesh = "{self.mesh}": {why}, so it must be "none"')
        return self

    @model_validator(mode="after")
    def _check_dimension(self) -> ModelTable:
        if self.dimension not in (2, 2.5, 3):
            raise ValueError(f"model.dimension = {self.dimension:g} is not allowed: it must be 2, 2.5 or 3")
        if self.dimension == 3:
            raise ValueError("model.dimension = 3 is not allowed for a crack: use 2.5 with model.front_periods periods")
        if self.dimension == 2 and self.front_periods != 1:
            raise ValueError(
                f"model.front_periods = {self.front_periods} is not allowed in 2-D: leave it out, or use dimension 2.5"
            )
        return self

    @model_validator(mode="after")
    def _check_room(self) -> ModelTable:
        """The core and, where the method has one, its handshake lie inside the domain."""
        if self.core_radius is None or self.domain_radius is None:
            return self
        blended = self.method in ("bqce", "bgfc", "bgrac", "bqcf") and self.blend_width is not None
        width = self.blend_width if blended and self.blend_width is not None else 0.0
        if self.method != "atomistic" and self.core_radius + width >= self.domain_radius:
            handshake = f" + model.blend_width = {width:g} A" if width else ""
            raise ValueError(
                f"model.core_radius = {self.core_radius:g} A{handshake} does not fit: together with its handshake the core must "
                f"be smaller than model.domain_radius = {self.domain_radius:g} A"
            )
        return self


class CrackTable(Table):
    """Table [crack]."""

    plane: tuple[Index, Index, Index] | tuple[Index, Index] | None = key(
        None,
        "three whole numbers from -99 to 99 such as [1, 1, 0] (two for hexagonal)",
        "Miller indices of the cleavage plane; hexagonal: direction [h, k] along the crack, may be left out",
    )
    front: tuple[Index, Index, Index] | None = key(
        None,
        "three whole numbers from -99 to 99 such as [0, 0, 1]",
        "Miller indices of the crack front, which lies in the plane; left out for hexagonal",
    )
    cut: Literal["widest", "shuffle", "glide"] | Annotated[int, Field(ge=0)] = key(
        "widest",
        CUTS,
        "which gap between the atomic planes is opened: a whole number counts them from 0 by falling width; shuffle (the widest) "
        "and glide are those of diamond and zincblende {111}",
    )
    tip: tuple[float, float] = key(
        (0.0, 0.0),
        "two numbers in A",
        "centre of the near-tip field, A; [0, 0] lies half-way between two rows of sites, below a site of the upper one",
    )


class LoadTable(Table):
    """Table [load]."""

    K_start: Literal["auto"] | Annotated[float, Field(gt=0, le=HIGHEST)] = key(
        "auto",
        'a number > 0, at most 1000, or "auto"',
        "first load, in K_G (Griffith): a number is tried first, auto begins at 1; where the crack has then healed, run or been "
        "damaged, the ladder looks for a load that leaves the tip where it was put",
    )
    K_stop: float = key(2.0, LEVEL, "last load, in K_G", gt=0, le=HIGHEST)
    K_step: float = key(K_STEP, LEVEL, "step of the load, in K_G", gt=0, le=HIGHEST)
    K_tolerance: float | None = key(
        K_TOLERANCE,
        "a number from 1e-6 to 0.1",
        "relative width to which the brackets of K+ and K- are refined, by taking a step back in which the tip snaps and halving "
        "it; in version 1 there is no refinement where it is left out",
        ge=1e-6,
        le=0.1,
    )
    J_tolerance: float = key(
        0.05,
        "a number from 0.001 to 1",
        "how far J/G of the first state may be from 1 for the ladder to start from it; more than 0.05 is for tests",
        ge=1e-3,
        le=1.0,
    )
    mode: Literal["I", "II", "III"] | tuple[float, float, float] = key(
        "I", '"I", "II", "III" or three numbers', "mode of loading, or (K_I, K_II, K_III) of a load of 1"
    )
    T_stress: float = key(
        0.0,
        "a number",
        "stress along the crack, sigma_xx, imposed on the outer boundary besides the near-tip field, GPa; it does not change with the load",
        allow_inf_nan=False,
    )
    unload: bool = key(False, "true or false", "after the first advance, lower the load until the tip is back")
    error_budget: bool = key(
        ERROR_BUDGET,
        "true or false",
        "after the ladder, measure the error of K+: the outer boundary's part in a domain four times as large, the mesh's with "
        "cells of half the size, the seam's by the forces of another method; it takes some twice the time of the ladder",
    )
    stop_at: Literal["first_event", "first_advance", "K_stop"] = key(
        "first_event",
        '"first_event", "first_advance" or "K_stop"',
        "where the rising load ends: at an advance, a tip that blunts, or damage off the plane by a jump, such as a dislocation; at one of "
        "the first two only; or not before load.K_stop",
    )

    @property
    def first(self) -> float:
        """Level that is tried first."""
        return min(GRIFFITH, self.K_stop) if isinstance(self.K_start, str) else self.K_start

    @property
    def steps(self) -> int:
        """Steps under rising load that a ladder takes at most, but for those that it halves."""
        return round((self.K_stop - self.first) / self.K_step) + 1

    @model_validator(mode="after")
    def _check(self) -> LoadTable:
        if not isinstance(self.K_start, str) and self.K_start > self.K_stop:
            raise ValueError(
                f"load.K_start = {self.K_start:g} is not allowed: it must not be larger than load.K_stop = {self.K_stop:g}"
            )
        if (self.K_stop - self.first) / self.K_step > MOST:
            raise ValueError(
                f"load.K_step = {self.K_step:g} is not allowed: there would be more than {MOST} steps up to load.K_stop = {self.K_stop:g}"
            )
        if not isinstance(self.mode, str) and max(map(abs, self.mode)) > HIGHEST:
            raise ValueError(f"load.mode = {list(self.mode)} is not allowed: its numbers must be from -{HIGHEST:g} to {HIGHEST:g}")
        if not isinstance(self.mode, str) and any(self.mode) and max(map(abs, self.mode)) < 1 / HIGHEST:
            raise ValueError(f"load.mode = {list(self.mode)} is not allowed: one of its numbers must be {1 / HIGHEST:g} or more")
        if not isinstance(self.mode, str) and not any(self.mode):
            raise ValueError(
                "load.mode = [0, 0, 0] is not allowed: at least one of K_I, K_II, K_III must differ from 0"
            )
        if not isinstance(self.mode, str) and self.mode[0] < 0:
            raise ValueError(
                f"load.mode = {list(self.mode)} is not allowed: K_I must be >= 0, or the crack faces would overlap"
            )
        return self


class SolverTable(Table):
    """Table [solver]."""

    force_tolerance: float = key(
        1e-6, "a number from 1e-12 to 1 in eV/A", "largest force component of a converged state, eV/A", ge=1e-12, le=1.0
    )
    linear: Literal["mumps", "gamg", "factored"] = key(
        "mumps",
        '"mumps", "gamg" or "factored"',
        "direct linear solver; conjugate gradients with algebraic multigrid; or these without the matrix, for large models",
    )
    max_newton: int = key(8, COUNT, "iterations of plain Newton before the robust path takes over", ge=1, le=MOST)
    max_robust: int = key(300, COUNT, "iterations of the robust path", ge=1, le=MOST)
    step_cap: float = key(0.5, LENGTH, "largest displacement component in one robust step, A", gt=0, le=LONGEST)
    perturbation: float = key(
        1e-3,
        "a plain number from 0 to 1 in A",
        "amplitude of the displacement that breaks the symmetry of an unstable state, A",
        ge=0,
        le=1.0,
    )
    petsc: dict[str, str | bool | int | float] = key(
        {},
        "a table of text, numbers or true/false",
        "further PETSc options, without the prefix qc_: types, tolerances, counts and monitors of KSP, PC and SNES; those that load code, "
        "read files or write them are for the command line",
    )

    @model_validator(mode="after")
    def _check_petsc(self) -> SolverTable:
        check_petsc(self.petsc)
        return self
