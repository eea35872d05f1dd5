"""Find the versions of a document in a folder, and when each was current."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from etl.errors import EtlError

# 2020-09-07, 20200907 or 2020_09_07 in a name, and maybe a time after it: T060003Z, 06:00, _0600
IN_NAME = re.compile(
    r"(?<!\d)(20\d\d)([-_.]?)(\d\d)\2(\d\d)"
    r"(?:[T_ -]?([01]\d|2[0-3])[:_-]?([0-5]\d)(?:[:_-]?([0-5]\d))?)?(?!\d)"
)


@dataclass(frozen=True)
class DocumentVersion:
    """A document on this machine.

    `moment`: when it was current. `guessed`: its name has no date, and `moment` is when the file
    was last modified. `origin`: where it was found, for people.
    """

    path: Path
    moment: datetime
    origin: str
    guessed: bool = False


def find_versions(
    folder: Path, suffix: str, at: Callable[[date], datetime]
) -> list[DocumentVersion]:
    """Find the files in a folder such as `stats-2020-09-07.json` or `.json.gz`, oldest first.

    `at` gives the moment of a day, for names without a time. Raises EtlError if there are no such
    files, or the folder can't be read.
    """
    found = []
    try:
        for path in sorted(folder.rglob("*")):
            if path.name.endswith((suffix, f"{suffix}.gz")) and path.is_file():
                # days may be folders: 2020-09-07/stats.json
                name = path.relative_to(folder).as_posix()
                moment = moment_in_name(name, at)
                changed = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
                found.append(DocumentVersion(path, moment or changed, name, guessed=moment is None))
    except OSError as exc:
        raise EtlError(f"{folder}: {exc.strerror}") from exc
    if not found:
        raise EtlError(f"{folder} has no *{suffix} and no *{suffix}.gz")
    return sorted(found, key=lambda version: version.moment)


def moment_in_name(name: str, at: Callable[[date], datetime]) -> datetime | None:
    """Return the last date in a name with its time in UTC, or `at(date)` if it has no time."""
    for year, _, month, day, hour, minute, second in reversed(IN_NAME.findall(name)):
        try:
            known = date(int(year), int(month), int(day))
        except ValueError:
            continue
        if not hour:
            return at(known)
        clock = time(int(hour), int(minute), int(second or 0), tzinfo=UTC)
        return datetime.combine(known, clock)
    return None
