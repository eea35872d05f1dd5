"""Settings that can be read, but were hardly meant so: a warning each, never an error."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from etl import log
from etl.settings import aws, dotenv, retired
from etl.settings.groups import read_fields

VARIABLES = frozenset(origin.variable for _, _, origin in read_fields())
KNOWN = VARIABLES | {*aws.KEYS, *aws.OTHERS, *aws.CA_BUNDLES, *retired.VARIABLES}
ALIKE = 0.85  # S3_BUCKT is to S3_BUCKET 0.94; SOURCE_DIR to SOURCE_URL 0.8
WIPED = (
    "S3_BUCKET is not set, and a dyno's disk is wiped at least once a day: the published data "
    "would be lost"
)
SET_BUCKET = "create a bucket and set it: heroku config:set S3_BUCKET=..., and AWS's keys"


@dataclass(frozen=True)
class Doubt:
    """`where`: the variable, or the file and line; `what` is doubtful; `step`: what to do."""

    where: str
    what: str
    step: str


def doubts(environ: Mapping[str, str], path: Path = Path(".env")) -> list[Doubt]:
    """List what is doubtful in the environment and in `.env`. Values are not shown."""
    names = dotenv.names(path)
    given = {name: "the environment" for name in environ if name not in names}
    given |= {name: f"{path}, line {line}" for name, line in names.items()}
    found = [Doubt(given[name], *_meant(name, known)) for name, known in _alike(given)]
    found += [
        Doubt(f"{path}, line {line}", *fault) for line, *fault in dotenv.doubts(path, environ)
    ]
    for name in sorted(KNOWN & environ.keys()):
        if aws.is_quoted(environ[name]):
            found.append(Doubt(name, "its value begins and ends with a quote", aws.UNQUOTE))
    if (
        environ.get("S3_BUCKET")
        and environ.get("AWS_REGION")
        and not environ.get("AWS_DEFAULT_REGION")
    ):
        found.append(Doubt("AWS_REGION", "boto3 does not read it", "set AWS_DEFAULT_REGION too"))
    if wiped := on_wiped_disk(environ):
        found.append(wiped)
    return found


def on_wiped_disk(environ: Mapping[str, str], bucket: str | None = None) -> Doubt | None:
    """Return the doubt that Heroku runs this (it sets DYNO), and there is no bucket."""
    bucket = environ.get("S3_BUCKET", "").strip() if bucket is None else bucket
    return Doubt("S3_BUCKET", WIPED, SET_BUCKET) if environ.get("DYNO") and not bucket else None


def to_log(doubt: Doubt) -> None:
    """Log a warning."""
    log.warning("settings.doubtful", where=doubt.where, problem=doubt.what, step=doubt.step)


def warn(environ: Mapping[str, str], show: Callable[[Doubt], None] = to_log) -> None:
    """Show each doubt, and log one warning that lists the settings of earlier versions."""
    retired.warn(environ)
    for doubt in doubts(environ):
        show(doubt)


def _alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each unknown name that resembles a known one, and that one."""
    from difflib import get_close_matches

    for name in sorted(set(names) - KNOWN):
        if not name.startswith("AWS_ENDPOINT_URL_") and name.isascii():
            yield from ((name, known) for known in get_close_matches(name.upper(), KNOWN, 1, ALIKE))


def _meant(name: str, known: str) -> tuple[str, str]:
    return f"{name} is not a setting", f"if you mean {known}, correct the name"
