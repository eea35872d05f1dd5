"""Read `.env` into the environment; faulty lines are reported by their number."""

from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import ConfigError

if TYPE_CHECKING:
    from dotenv.parser import Binding, Original


def load_dotenv(path: Path) -> None:
    """Set the file's variables that the environment lacks. Raises ConfigError with every fault."""
    import dotenv
    from dotenv.parser import parse_stream

    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8") as lines:
            broken = [_line(b.original) for b in parse_stream(lines) if _is_broken(b)]
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: can't be read as text: {exc}") from exc
    if broken:
        raise ConfigError([f"{path}, line {n}: expected NAME=value" for n in broken])
    dotenv.load_dotenv(path, override=False, encoding="utf-8")


def _is_broken(binding: "Binding") -> bool:
    return binding.error or (binding.key is not None and binding.value is None)


def _line(original: "Original") -> int:
    """Return the line's number; the parser counts blank lines before it as part of it."""
    text = original.string
    return original.line + text[: len(text) - len(text.lstrip())].count("\n")
