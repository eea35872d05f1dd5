"""The colours of the chart's lines, as seen by people who are colour-blind.

Simulated after Machado, Oliveira and Fernandes (2009), at full severity; distances in Oklab.
"""

import math
import re
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from etl.report.page import assets

SEEN_AS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
Colour = NDArray[np.float64]


def linear(colour: str) -> Colour:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    found: Colour = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return found


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio."""
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (one, other))
    return float((light + 0.05) / (dark + 0.05))


def oklab(colour: str, eyes: str) -> Colour:
    seen = np.maximum(SEEN_AS[eyes] @ linear(colour), 0)
    found: Colour = TO_LAB @ np.cbrt(TO_LMS @ seen)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_lines_are_told_apart_by_all_eyes_and_stand_out(scheme: str) -> None:
    at = 0 if scheme == "light" else 1
    style = assets.style()
    palette = [re.findall(rf"--line-{n}: (#\w+)", style)[at] for n in range(7)]
    background = re.findall(r"--raised: (#\w+)", style)[at]
    assert min(contrast(colour, background) for colour in palette) >= 3
    for eyes in SEEN_AS:
        seen = [oklab(colour, eyes) for colour in palette]
        assert min(math.dist(a, b) for a, b in combinations(seen, 2)) > 0.065
