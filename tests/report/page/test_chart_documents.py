import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from etl.extract.sources import SAMPLES
from etl.report.page import chart_documents as figures


def test_the_charts_kept_are_what_their_script_makes_with_the_bokeh_installed() -> None:
    command = [sys.executable, "-m", "etl.report.page.chart_documents", "--print"]
    made = subprocess.run(command, cwd=SAMPLES.parent, capture_output=True, check=True, timeout=60)
    assert figures.KEPT.read_bytes() == made.stdout


def test_every_country_of_the_map_has_a_shape_within_it_and_a_code_of_its_own() -> None:
    shapes = json.loads((Path(figures.__file__).parent / "shapes.json").read_bytes())
    assert "public domain" in shapes["about"]
    codes = [c["iso3"] for c in shapes["countries"] if c["iso3"]]
    assert len(codes) == len(set(codes)) > 170
    assert {"FRA", "NOR", "XKX", "COD", "SSD", "PSE", "TWN", "GRL"} <= set(codes)
    assert {c["name"] for c in shapes["countries"] if not c["iso3"]} == {
        "Northern Cyprus",
        "Somaliland",
    }
    for shape in shapes["countries"]:
        rings = [ring for polygon in shape["polygons"] for ring in polygon]
        assert rings
        for ring in rings:
            xs, ys = (np.cumsum(ring[axis::2]) for axis in (0, 1))
            assert len(xs) == len(ys) >= 3
            assert -1000 < xs.min() < xs.max() < 1000
            assert -395 < ys.min() < ys.max() < 495
            assert xs.max() - xs.min() < 800  # nothing goes round the world behind the date line
