"""Read `.env` into the environment; faulty and doubtful lines are reported by their number."""

import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import ConfigError

if TYPE_CHECKING:
    from dotenv.parser import Binding, Original

ENCODING = "utf-8-sig"  # Windows' editors begin a file with a mark, which is no part of a name
NOTEPAD = "save it as UTF-8 (Notepad: Save as, Encoding; PowerShell: Out-File -Encoding utf8)"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def load_dotenv(path: Path) -> None:
    """Set the file's variables that the environment lacks. Raises ConfigError with every fault."""
    bindings = _bindings(path)
    if broken := [b for b in bindings if b.error or (b.key and b.value is None)]:
        raise ConfigError([f"{path}, line {_line(b.original)}: {_fault(b)}" for b in broken])
    if bindings:
        import dotenv  # brings `logging`, which the idle worker would keep

        dotenv.load_dotenv(path, override=False, encoding=ENCODING)


def names(path: Path) -> dict[str, int]:
    """Return the names that the file sets, and the line of each. Raises ConfigError."""
    return {b.key: _line(b.original) for b in _bindings(path) if b.key}


def doubts(path: Path, environ: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Yield line, problem and step of each line that was hardly meant so. Raises ConfigError.

    `environ` is the environment after the file was loaded.
    """
    bindings = [b for b in _bindings(path) if b.key and b.value]
    in_file = {b.key: b.value for b in bindings}
    before: set[str | None] = set()
    for b in bindings:
        line, value = _line(b.original), b.value or ""
        for name in _expanded(value):
            outside = name in environ and environ[name] != in_file.get(name)
            if name not in before and not outside:
                what = f"${{{name}}} in {b.key} is replaced by nothing, because {name} is not set"
                yield line, what, f"set {name} above this line, or write the value itself"
        if swallowed := re.search(r"\n\s*(?:export\s+)?([A-Za-z_]\w*)=", value):
            what = f"the value of {b.key} continues on other lines, and contains {swallowed[1]}="
            yield line, what, "close the quote at the end of the line"
        before.add(b.key)


def _expanded(value: str) -> Iterator[str]:
    """Yield the names in `${name}`, which python-dotenv replaces in any kind of quotes."""
    yield from (found[1] for found in re.finditer(r"\$\{([^}:]*)\}", value))


def _bindings(path: Path) -> "list[Binding]":
    if not path.is_file():
        return []
    from dotenv.parser import parse_stream

    try:
        content = path.read_bytes()
        if content.startswith(UTF16_MARKS) or b"\0" in content:
            raise ConfigError(f"{path}: is in UTF-16; {NOTEPAD}")
        return list(parse_stream(io.StringIO(content.decode(ENCODING), newline=None)))
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise ConfigError(f"{path}, line {line}: is not in UTF-8; {NOTEPAD}") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: can't be read: {exc.strerror}") from exc


def _fault(broken: "Binding") -> str:
    if re.match(r"\s*(?:export\s+)?[^=\s]+\s*=\s*[\"']", broken.original.string):
        return "the quote is not closed"
    return "expected NAME=value"


def _line(original: "Original") -> int:
    """Return the line's number; the parser counts blank lines before it as part of it."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")
