"""Settings, and the readers of their text. Pure.

A reader raises ValueError with what it expected.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, time, tzinfo
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Setting:
    """One line of the register in config.py. The value of a `secret` setting is never shown."""

    variable: str
    default: str
    meaning: str
    secret: bool = False


def text(value: str) -> str:
    return value


def location(value: str) -> str:
    """Read a URL or a path; it may contain a password, so it belongs to a `secret` Setting."""
    if re.match(r"[^/@]*:[^@]*@", value) and "://" not in value:
        raise ValueError("https:// in front of a user, a password and a host")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        for choice in choices:
            if value.lower() == choice.lower():
                return choice
        raise ValueError(f"one of {', '.join(choices)}")

    return read


def some_of(*choices: str, by_name: Sequence[str] = ()) -> Callable[[str], tuple[str, ...]]:
    """Read a list of choices, `all` or `none`; they are returned in their own order.

    `all` leaves out those in `by_name`, and may be followed by them.
    """

    def read(value: str) -> tuple[str, ...]:
        wanted = {name.lower() for name in names(value)}
        if wanted == {"none"}:
            return ()
        if "all" in wanted and wanted <= {"all", *by_name}:
            wanted = {*choices} - {*by_name} | wanted - {"all"}
        if not wanted <= set(choices):
            raise ValueError(f"all, none, or some of {', '.join(choices)}")
        return tuple(choice for choice in choices if choice in wanted)

    return read


def switch(value: str) -> bool:
    return one_of("off", "on")(value) == "on"


def number(least: float, most: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise ValueError(f"a number from {least:g} to {most:g}")
        return number

    return read


def minutes(least: float, most: float) -> Callable[[str], float]:
    """Read minutes, and return seconds."""
    return lambda value: 60 * number(least, most)(value)


def megabytes(least: int, most: int) -> Callable[[str], int]:
    """Read megabytes, and return bytes."""
    return lambda value: 10**6 * whole(least, most)(value)


def whole(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return read


def clock_time(value: str) -> time:
    if not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("HH:MM")
    hour, minute = value.split(":")
    return time(int(hour), int(minute))


def timezone(value: str) -> tzinfo:
    if value == "UTC":
        return UTC
    from zoneinfo import ZoneInfo  # takes half a megabyte of an idle worker

    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("a name such as UTC or Europe/Madrid") from None


def day(value: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("a date such as 2020-09-01") from None


def names(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))


def web_address(value: str) -> str:
    """Read an http(s) URL, or an empty text. A URL with a secret belongs to a `secret` Setting."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if value and (not fits or re.search(r"\s", value)):
        raise ValueError("a URL that begins with https://")
    return value


def folder_address(value: str) -> str:
    """Read the http(s) URL of a public folder, or an empty text; names of files follow it."""
    address = web_address(value).rstrip("/")
    of_file = address.lower().endswith((".html", ".json", ".xml"))
    # RFC 3986 allows none of these in a path; ? and # would swallow the names that follow
    if (
        "@" in urlsplit(address).netloc
        or of_file
        or re.search(r'[\x00-\x20\x7f?#"<>\\^`{|}]', value)
    ):
        raise ValueError("only the folder's address, such as https://data.example.org/covid")
    return address


def bucket(value: str) -> str:
    if value and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ValueError("only a bucket's name: 3 to 63 of a-z, 0-9, '.' and '-'")
    return value


def folder(value: str) -> str:
    folder = value.strip("/")
    parts = folder.split("/") if folder else []
    if any(part in ("", ".", "..") for part in parts) or not re.fullmatch(r"[\w!.*'()/-]*", folder):
        raise ValueError("a folder such as covid or data/covid")
    return folder
