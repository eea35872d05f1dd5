"""Make etl/report/page/shapes.json, the map's countries: python dev/tools/make_shapes.py

They are Natural Earth's (https://www.naturalearthdata.com/, public domain), Admin 0 countries at
1:110m, version 4.1.0, from the npm package world-atlas, which npm fetches. Here they are projected
(Equal Earth: areas on the map are proportional to real ones), rounded to whole units, named by
their ISO code, and written as paths of SVG. Countries that are too small for 1:110m become points:
the middle of their largest island at 1:10m.
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
COARSE, FINE = "package/countries-110m.json", "package/countries-10m.json"
SHA256 = {
    COARSE: "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8",
    FINE: "3bc6f1d367a9bcec479841bae0e76092f512838411d0cef124e92eec4db45f79",
}
TARGET = Path(__file__).resolve().parents[2] / "etl" / "report" / "page" / "shapes.json"
ABOUT = "Natural Earth, Admin 0 countries 4.1.0, public domain; made by dev/tools/make_shapes.py"
WIDE = 2000  # units from the western to the eastern end of the equator
EQUATOR = 2 * 2.7066299836  # the same width in Equal Earth's own units
LEFT_OUT = {"Antarctica"}
# Natural Earth's names that countries.csv lacks -> its name there, or one to show without a code
NAMES = {
    "Antigua and Barb.": "Antigua and Barbuda",
    "Bosnia and Herz.": "Bosnia and Herzegovina",
    "Br. Indian Ocean Ter.": "British Indian Ocean Territory",
    "British Virgin Is.": "British Virgin Islands",
    "Cayman Is.": "Cayman Islands",
    "Cook Is.": "Cook Islands",
    "Faeroe Is.": "Faroe Islands",
    "Falkland Is.": "Falkland Islands",
    "Fr. Polynesia": "French Polynesia",
    "Fr. S. Antarctic Lands": "French Southern Territories",
    "Marshall Is.": "Marshall Islands",
    "N. Cyprus": "Northern Cyprus",
    "N. Mariana Is.": "Northern Mariana Islands",
    "Pitcairn Is.": "Pitcairn Islands",
    "S. Geo. and the Is.": "South Georgia and the South Sandwich Islands",
    "Solomon Is.": "Solomon Islands",
    "St-Barthélemy": "Saint Barthelemy",
    "St-Martin": "Saint Martin",
    "St. Vin. and Gren.": "Saint Vincent and the Grenadines",
    "Turks and Caicos Is.": "Turks and Caicos Islands",
    "U.S. Virgin Is.": "United States Virgin Islands",
    "Wallis and Futuna Is.": "Wallis and Futuna",
}
# parts of other countries in Natural Earth that sources count apart: longitude and latitude
PARTS = {
    "Bonaire, Sint Eustatius and Saba": (-68.3, 12.2),
    "French Guiana": (-53.1, 3.9),
    "Guadeloupe": (-61.5, 16.2),
    "Martinique": (-61.0, 14.6),
    "Mayotte": (45.2, -12.8),
    "Reunion": (55.5, -21.1),
    "Tokelau": (-171.8, -9.2),
}
SMALLEST = 6  # numbers: a triangle
Ring = list[tuple[float, float]]  # longitudes and latitudes


def download() -> dict[str, dict[str, Any]]:
    """Fetch the topologies with npm."""
    with TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", PACKAGE]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).iterdir()
        with tarfile.open(fileobj=io.BytesIO(packed.read_bytes())) as archive:
            return {member: read_member(archive, member) for member in SHA256}


def read_member(archive: tarfile.TarFile, name: str) -> dict[str, Any]:
    member = archive.extractfile(name)
    content = member.read() if member else b""
    if (found := hashlib.sha256(content).hexdigest()) != SHA256[name]:
        sys.exit(f"{name} of {PACKAGE} is another one: its SHA-256 is {found}")
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
    """Return a ring on the map as steps from point to point: x, y, dx, dy, dx, dy ..."""
    placed = [project(*point) for point in points]
    placed = [place for n, place in enumerate(placed) if place != placed[n - 1]]
    before = [(0, 0), *placed][: len(placed)]
    return [d for (x, y), (bx, by) in zip(placed, before, strict=True) for d in (x - bx, y - by)]


def path(numbers: list[int]) -> str:
    """Write steps as a closed path of SVG, whose y points down: M336-269l4 1 2 1z."""
    turned = [-n if at % 2 else n for at, n in enumerate(numbers)]
    x, y, *rest = (str(n) for n in turned)
    return f"M{x} {y}l{' '.join(rest)}z".replace(" -", "-")


def rings_of(geometry: dict[str, Any], lines: list[Ring]) -> list[list[Ring]]:
    """Return the polygons of a country, each an outer ring and its holes."""
    many = geometry["type"] == "MultiPolygon"
    return [
        [ring(numbers, lines) for numbers in numbered]
        for numbered in (geometry["arcs"] if many else [geometry["arcs"]])
    ]


def shape(geometry: dict[str, Any], lines: list[Ring]) -> dict[str, Any]:
    """Return a country: code, name, and the path of its polygons."""
    parts = []
    for rings in rings_of(geometry, lines):
        east = -360 if min(x for x, _ in rings[0]) < -180 else 0
        moved = [[(x - east, y) for x, y in points] for points in rings]
        parts += [steps(beside_180(points, side)) for side in (1, -1) for points in moved]
    # anything smaller than a unit has shrunk to a point or a line
    paths = [path(part) for part in parts if len(part) >= SMALLEST]
    return {**named(geometry), "path": "".join(paths)}


def named(geometry: dict[str, Any]) -> dict[str, Any]:
    name = geometry["properties"]["name"]
    name = NAMES.get(name, name)
    country = find(name)
    return {
        "iso3": country.iso3 if country else None,
        "name": country.name if country else name,
    }


def point(geometry: dict[str, Any], lines: list[Ring]) -> dict[str, Any]:
    """Return a small country: code, name, and the middle of its largest island."""
    outer = max((rings[0] for rings in rings_of(geometry, lines)), key=extent)
    (left, right), (low, high) = ((min(axis), max(axis)) for axis in zip(*outer, strict=True))
    middle = (left + right) / 2
    return {**named(geometry), "at": at(middle - 360 * round(middle / 360), (low + high) / 2)}


def extent(points: Ring) -> float:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return (max(xs) - min(xs)) * (max(ys) - min(ys))


def at(longitude: float, latitude: float) -> list[int]:
    x, y = project(longitude, latitude)
    return [x, -y]


def geometries(topology: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = topology["objects"]["countries"]["geometries"]
    return [one for one in found if one["properties"]["name"] not in LEFT_OUT]


def main() -> None:
    topologies = download()
    coarse, fine = (topologies[member] for member in (COARSE, FINE))
    lines = arcs(coarse)
    shapes = [shape(geometry, lines) for geometry in geometries(coarse)]
    drawn = {one["iso3"] for one in shapes if one["path"]}
    lines = arcs(fine)
    points = [point(geometry, lines) for geometry in geometries(fine)]
    for name, place in PARTS.items():
        country = find(name)
        points.append({"iso3": country and country.iso3, "name": name, "at": at(*place)})
    points = [one for one in points if one["iso3"] and one["iso3"] not in drawn]
    countries = sorted([*shapes, *points], key=lambda country: str(country["name"]))
    written = [json.dumps(s, ensure_ascii=False, separators=(",", ":")) for s in countries]
    text = f'{{"about":{json.dumps(ABOUT)},"countries":[\n' + ",\n".join(written) + "\n]}\n"
    TARGET.write_text(text, encoding="utf-8")
    print(f"{TARGET}: {len(shapes)} shapes, {len(points)} points, {len(text):,} bytes")


if __name__ == "__main__":
    main()
