"""Readers of TABLES and TRANSFORM, for config.py. Pure but for the step's file; standard library.

Each raises ValueError with what it expected.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

NAME = r"[a-z][a-z0-9_]*"
OPTIONS = ("country", "date", "fill")
NO_DATE = "none"  # `#date=none`: no column of dates is a key
MAX_STEP_BYTES = 1_000_000


@dataclass(frozen=True)
class TableSpec:
    """One of TABLES. `country` and `date` name columns, `fill_days` how far values are carried.

    The URL may contain a password, so no repr shows it.
    """

    name: str
    url: str = field(repr=False)
    country: str = ""
    date: str = ""
    fill_days: int = 0


@dataclass(frozen=True)
class OwnStep:
    """The file that TRANSFORM names: its path, its source, and the digest of the source.

    It is sent to the workers of a cluster.
    """

    path: str
    source: str = field(repr=False)
    sha256: str

    @property
    def name(self) -> str:
        return Path(self.path).name

    @property
    def is_whole(self) -> bool:
        """Say whether the source is the one of the digest."""
        return digest(self.source) == self.sha256


def digest(source: str) -> str:
    """Return the SHA-256 of a step's source in UTF-8."""
    import hashlib  # loads OpenSSL, 3.5 MB, which the idle worker would keep

    return hashlib.sha256(source.encode()).hexdigest()


def tables(value: str) -> tuple[TableSpec, ...]:
    """Read `beds=https://example.org/beds.csv#country=ISO&date=none, other.xlsx`."""
    specs = tuple(_table(text) for text in re.split(r"[\s,]+", value) if text)
    names = [spec.name for spec in specs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"a different name for each table; {twice} is used twice")
    return specs


def _table(text: str) -> TableSpec:
    named = re.match(rf"({NAME})=(?=.)", text)
    location = text[named.end() :] if named else text
    url, _, fragment = location.partition("#")
    if "=" in url and "://" not in url:
        raise ValueError(f"names of tables that match {NAME}, before the first =")
    if "://" not in url:
        url = unquote(url)
    path = urlsplit(url).path if "://" in url else url.replace("\\", "/")
    name = named[1] if named else _name_of(PurePosixPath(unquote(path)).name)
    options = _options(fragment)
    days = options.get("fill", "0d")
    if not re.fullmatch(r"[0-9]{1,4}d", days):
        raise ValueError("#fill= with a number of days such as 7d")
    return TableSpec(name, url, options.get("country", ""), options.get("date", ""), int(days[:-1]))


def _options(fragment: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in fragment.split("&") if pair]
    options = {name: unquote(value) for name, _, value in pairs}
    if not options.keys() <= set(OPTIONS) or not all(options.values()):
        raise ValueError("options such as #country=COLUMN&date=COLUMN&fill=7d after a table")
    return options


def _name_of(file_name: str) -> str:
    """Make the name of a table from its file: `Hospital beds.csv.gz` -> `hospital_beds`."""
    stem = re.sub(r"(\.[A-Za-z0-9]{1,8}){1,2}$", "", file_name)
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not re.fullmatch(NAME, name):
        raise ValueError("a name before tables whose file's name has none, such as beds=URL")
    return name


def own_step(value: str) -> OwnStep | None:
    """Read the file of a step; None where there is none."""
    if not value:
        return None
    try:
        with Path(value).open("rb") as file:
            body = file.read(MAX_STEP_BYTES + 1)
        source = body.decode("utf-8-sig")
    except OSError as exc:
        raise ValueError(f"a Python file that can be read ({exc.strerror})") from exc
    except UnicodeDecodeError as exc:
        raise ValueError("a Python file in UTF-8") from exc
    if len(body) > MAX_STEP_BYTES:
        raise ValueError("a Python file of at most 1 MB")
    return OwnStep(value, source, digest(source))
