"""Events of a front that follows a law to the last digit, as `qc kinks` would have measured them."""

from itertools import pairwise

import numpy as np

from qc.crack.front_law import ring
from qc.crack.front_theory import grip_energy, kink_energy
from qc.crack.kinks import KinkEvent, KinkLevel
from qc.drive.kmc import FrontLaw

STEP, PERIODS, CURVATURE, K_G, G_G = 3.3258, 8, 0.22, 0.75, 2.72


def level(K, near=(-0.15, 0.01), middle=0.25, bonds=4, frequency=8.0, drive=None):
    """A load (K / K_G), with a drive of a period of -2.1 (G / G_G - 1) eV unless it is given."""
    G = G_G * K**2
    drive = -2.1 * (K**2 - 1.0) if drive is None else drive
    unit, advance = 0.5 * kink_energy(G, STEP), drive + 0.5 * CURVATURE
    W = unit * ring(PERIODS)
    for d, more in enumerate(near, 1):
        W[[d - 1, PERIODS - d - 1]] += more
    energy = [0.0]
    for n in range(1, bonds + 1):
        pairs = sum(W[j - i - 1] for i in range(n) for j in range(n, PERIODS))
        energy.append(n * advance - grip_energy(CURVATURE, PERIODS, n) + pairs)
    law = FrontLaw(drive=drive, middle=middle, pair=np.zeros(1), frequency=frequency)
    saddles = [before + float(law.barrier(after - before)) for before, after in pairwise(energy)]
    events = [
        KinkEvent(
            ahead=n,
            period=n,
            before=energy[n],
            saddle=saddle,
            after=energy[n + 1],
            opening=0.6,
            residual=1e-8,
            factorisations=8,
            advance=[1] * (n + 1) + [0] * (PERIODS - n - 1),
            frequency=frequency,
        )
        for n, saddle in enumerate(saddles)
    ]
    return KinkLevel(K=K * K_G, K_over_KG=K, advance=advance, straight=None, events=events, G=G, curvature=CURVATURE)


def document(levels):
    """As kinks.json."""
    head = {"case": "law", "step": STEP, "front_periods": PERIODS, "K_G": K_G, "warnings": ["of the model"]}
    return head | {"levels": [one.plain() for one in levels]}
