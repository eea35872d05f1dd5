"""Make etl/report/page/shapes.json, the map's countries: python dev/tools/make_shapes.py

They are Natural Earth's (https://www.naturalearthdata.com/, public domain), Admin 0 countries at
1:110m, version 4.1.0, from the npm package world-atlas, which npm fetches. Here they are projected
(Equal Earth: areas on the map are proportional to real ones), rounded to whole units, and named by
their ISO code.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from etl.extract.countries import find

PACKAGE = "world-atlas@2.0.2"
MEMBER = "package/countries-110m.json"
SHA256 = "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8"
TARGET = Path(__file__).resolve().parents[2] / "etl" / "report" / "page" / "shapes.json"
ABOUT = "Natural Earth, Admin 0 countries 1:110m 4.1.0, public domain; made by tools/make_shapes.py"
WIDE = 2000  # units from the western to the eastern end of the equator
EQUATOR = 2 * 2.7066299836  # the same width in Equal Earth's own units
LEFT_OUT = {"Antarctica"}
# Natural Earth's names that countries.csv lacks -> its name there, or one to show without a code
NAMES = {
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Falkland Is.": "Falkland Islands",
    "Fr. S. Antarctic Lands": "French Southern Territories",
    "N. Cyprus": "Northern Cyprus",
    "Solomon Is.": "Solomon Islands",
}
SMALLEST = 6  # numbers: a triangle
Ring = list[tuple[float, float]]  # longitudes and latitudes


def download() -> dict[str, Any]:
    """Fetch the topology with npm."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", PACKAGE]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).iterdir()
        with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
            member = archive.extractfile(MEMBER)
            content = member.read() if member else b""
    if (found := hashlib.sha256(content).hexdigest()) != SHA256:
        sys.exit(f"{MEMBER} of {PACKAGE} is another one: its SHA-256 is {found}")
    topology: dict[str, Any] = json.loads(content)
    return topology


def project(longitude: float, latitude: float) -> tuple[int, int]:
    """Project to Equal Earth (Savric, Patterson and Jenny, 2018), in whole units."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = asin(sqrt(3) / 2 * sin(radians(latitude)))
    slope = a1 + 3 * a2 * theta**2 + 7 * a3 * theta**6 + 9 * a4 * theta**8
    x = 2 * sqrt(3) * radians(longitude) * cos(theta) / (3 * slope)
    y = theta * (a1 + a2 * theta**2 + a3 * theta**6 + a4 * theta**8)
    return round(x * WIDE / EQUATOR), round(y * WIDE / EQUATOR)


def arcs(topology: dict[str, Any]) -> list[Ring]:
    """Return every arc's points; the file has them as steps on a grid."""
    (wide, high), (left, bottom) = topology["transform"].values()
    found = []
    for steps in topology["arcs"]:
        points, x, y = Ring(), 0, 0
        for dx, dy in steps:
            x, y = x + dx, y + dy
            points.append((x * wide + left, y * high + bottom))
        found.append(points)
    return found


def ring(numbers: list[int], lines: list[Ring]) -> Ring:
    """Return a closed line; where it crosses the date line its longitudes exceed 180."""
    points = Ring()
    for number in numbers:
        line = lines[number] if number >= 0 else lines[~number][::-1]
        for longitude, latitude in line[1:]:
            if points:
                longitude += 360 * round((points[-1][0] - longitude) / 360)
            points.append((longitude, latitude))
    return points


def beside_180(points: Ring, side: int) -> Ring:
    """Return the part of a ring west (1) or east (-1) of the date line, within -180 to 180."""
    kept = Ring()
    for (x, y), (next_x, next_y) in zip(points, [*points[1:], points[0]], strict=True):
        here, there = (180 - x) * side, (180 - next_x) * side
        if here >= 0:
            kept.append((x, y))
        if here * there < 0:
            kept.append((180.0, y + (next_y - y) * (180 - x) / (next_x - x)))
    return kept if side == 1 else [(x - 360, y) for x, y in kept]


def steps(points: Ring) -> list[int]:
    """Encode a ring on the map as steps from point to point: x, y, dx, dy, dx, dy ..."""
    placed = [project(*point) for point in points]
    placed = [place for n, place in enumerate(placed) if place != placed[n - 1]]
    before = [(0, 0), *placed][: len(placed)]
    return [d for (x, y), (bx, by) in zip(placed, before, strict=True) for d in (x - bx, y - by)]


def shape(geometry: dict[str, Any], lines: list[Ring]) -> dict[str, Any]:
    """Return a country: code, name, and polygons, each an outer ring and its holes."""
    many = geometry["type"] == "MultiPolygon"
    polygons = []
    for numbered in geometry["arcs"] if many else [geometry["arcs"]]:
        rings = [ring(numbers, lines) for numbers in numbered]
        east = -360 if min(x for x, _ in rings[0]) < -180 else 0
        rings = [[(x - east, y) for x, y in points] for points in rings]
        for side in (1, -1):
            parts = [steps(beside_180(points, side)) for points in rings]
            # anything smaller than a unit has shrunk to a point or a line
            polygons.append([part for part in parts if len(part) >= SMALLEST])
    name = geometry["properties"]["name"]
    name = NAMES.get(name, name)
    country = find(name)
    return {
        "iso3": country.iso3 if country else None,
        "name": country.name if country else name,
        "polygons": [polygon for polygon in polygons if polygon],
    }


def main() -> None:
    topology = download()
    lines = arcs(topology)
    shapes = [
        shape(geometry, lines)
        for geometry in topology["objects"]["countries"]["geometries"]
        if geometry["properties"]["name"] not in LEFT_OUT
    ]
    shapes.sort(key=lambda country: str(country["name"]))
    written = [json.dumps(s, ensure_ascii=False, separators=(",", ":")) for s in shapes]
    text = f'{{"about":{json.dumps(ABOUT)},"countries":[\n' + ",\n".join(written) + "\n]}\n"
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(shapes)} countries, {len(text):,} bytes")


if __name__ == "__main__":
    main()
