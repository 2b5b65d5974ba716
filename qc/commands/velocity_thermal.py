"""K_G and surface free energy over the temperature, of ``qc thermal``, for the loads of ``qc velocity``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..output.files import read_json

NAME = "thermal.json"
ALIKE = 0.03
"""Part by which K_G at 0 K may differ from that of the kinks: quanta and surfaces measured in another way make a few per mille."""


@dataclass(frozen=True, kw_only=True)
class WarmGriffith:
    """Griffith's load over the temperature.

    Attributes
    ----------
    source : Path or None
        The document of ``qc thermal``; None: everything is that of 0 K.
    temperature, K_G, gamma : tuple of float
        K, in rising order; MPa m^1/2; J/m^2. Empty without a source.
    warnings : tuple of str
        Of the source.
    """

    source: Path | None = None
    temperature: tuple[float, ...] = ()
    K_G: tuple[float, ...] = ()
    gamma: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()

    def at(self, T: float) -> tuple[float, float] | None:
        """(K_G, 2 gamma) at a temperature, linear between those that are known, MPa m^1/2 and J/m^2; None without a source."""
        if self.source is None:
            return None
        return float(np.interp(T, self.temperature, self.K_G)), 2.0 * float(np.interp(T, self.temperature, self.gamma))

    def statement(self, temperatures: list[float]) -> str:
        """What warming does to the loads of the velocities, a sentence for ``trust``."""
        if self.source is None:
            return (
                "loads are in K_G of 0 K, lattice and elastic constants are those of 0 K: what warming does to K_G, as qc thermal has it, "
                "is not in these velocities (--thermal)"
            )
        parts = ", ".join(f"{np.interp(T, self.temperature, self.K_G) / self.K_G[0]:.4f} at {T:g} K" for T in temperatures)
        return (
            f"loads are in K_G of their temperature ({parts} of that of 0 K, {self.source}), G is that of the warm crystal; barriers are "
            "those of 0 K at the same K / K_G"
        )


def read_thermal(path: Path, K_G: float, temperatures: list[float]) -> WarmGriffith:
    """The document of ``qc thermal`` in a directory, or itself.

    Parameters
    ----------
    path : Path
    K_G : float
        Of the kinks, at 0 K, MPa m^1/2.
    temperatures : list of float
        K; all of them must be among those of the document or between them.

    Raises
    ------
    InputError
        One sentence: no such document, another crystal, or temperatures beyond it.
    """
    path = path / NAME if path.is_dir() else path
    found = _parsed(path)
    cold, hot = found.temperature[0], found.temperature[-1]
    if cold != 0.0:
        raise InputError(f"{path}: begins at {cold:g} K, expected are rows from 0 K on, which tell whether it is the crystal of the kinks")
    ratio = found.K_G[0] / K_G
    if not abs(ratio - 1.0) <= ALIKE:
        raise InputError(
            f"{path}: K_G at 0 K is {found.K_G[0]:.4g} MPa m^1/2, that of kinks.json {K_G:.4g}: expected is the same potential, plane and "
            f"front, and K_G within {100 * ALIKE:g} %"
        )
    for T in temperatures:
        if hot < T:
            raise InputError(f"--temperature {T:g} is not allowed: {path} ends at {hot:g} K")
    return found


def _parsed(path: Path) -> WarmGriffith:
    if not path.is_file():
        raise InputError(f"--thermal {path}: there is no such file; expected is the directory of a finished qc thermal")
    document = read_json(path)
    try:
        rows = sorted(document["rows"], key=lambda row: float(row["temperature"]))
        columns = np.array([[row[name] for name in ("temperature", "K_G", "gamma")] for row in rows], dtype=float).T
        warnings = tuple(str(sentence) for sentence in document["warnings"])
        known = columns.size > 0 and bool(np.isfinite(columns).all()) and bool(columns.min() >= 0) and bool(columns[1:].min() > 0)
        if not known:
            raise ValueError("temperatures, K_G and gamma must be positive numbers")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: is not the document of a qc thermal of this version ({type(error).__name__}: {error})") from None
    T, K_G, gamma = (tuple(column.tolist()) for column in columns)
    return WarmGriffith(source=path, temperature=T, K_G=K_G, gamma=gamma, warnings=warnings)
