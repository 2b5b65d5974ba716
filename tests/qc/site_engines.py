"""Engines of this code's own potentials for the tests, ``ase:tests.qc.site_engines.Class``; without a potential: `qm_engines`."""

from __future__ import annotations

import os

from atomistics.potentials.calculator import SiteCalculator
from atomistics.potentials.stillinger_weber import holland_marder, stillinger_weber


class SW(SiteCalculator):
    """Stillinger-Weber silicon, the model's own in the null tests."""

    elements = ("Si",)

    def __init__(self, **kwargs):
        super().__init__(stillinger_weber(), **kwargs)


class Stiff(SiteCalculator):
    """The brittle variant: another material, without link atoms."""

    elements = ("Si",)

    def __init__(self, **kwargs):
        super().__init__(holland_marder(), **kwargs)


class Tires(Stiff):
    """Dies in its tenth call, once: a file remembers how often it was asked."""

    def __init__(self, memory, **kwargs):
        super().__init__(**kwargs)
        self.memory = memory

    def calculate(self, *args, **kwargs):
        with open(self.memory, "a") as file:
            file.write("x")
        if os.path.getsize(self.memory) == 10:
            os.abort()
        super().calculate(*args, **kwargs)
