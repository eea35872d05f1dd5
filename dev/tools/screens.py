"""Make the pictures of docs/screens.md from what commands print: python dev/tools/screens.py

Each command runs on a terminal of 80 columns, in a folder of its own, on the made-up samples. Of a
run's bars, which vanish, the last one before its end is shown.
"""

import re
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.support.processes import in_colour

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
WIDTH = 80
TODAY, NEXT_DAY = "samples/stats.json.gz", "samples/stats-next-day.json.gz"
FACTS = "samples/InfoPaisosExtra.xlsx"
# a name of a picture (none: only what follows needs the run), the source, what is typed
TYPED = (
    ("", TODAY, "run"),
    ("", TODAY, "run"),
    ("run", NEXT_DAY, "run"),
    ("doctor", NEXT_DAY, "doctor"),
    ("status", NEXT_DAY, "status"),
    ("validate", TODAY, f"validate {TODAY}"),
    ("failure", TODAY, "run"),
    ("history", NEXT_DAY, "history"),
    ("changes", NEXT_DAY, "history --changes"),
)
FONT = re.compile(r"@font-face \{.*?\}", re.DOTALL)  # it would be fetched from another host


def main() -> None:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "samples").symlink_to(ROOT / "samples")
        for name, source, typed in TYPED:
            settings = {"SOURCE_URL": source, "COUNTRIES_URL": FACTS, "RUN_AT": "06:00"}
            _, shown = in_colour(*typed.split(), cwd=folder, COLUMNS=str(WIDTH), **settings)
            shown = shown.replace(str(folder.resolve()), "/home/me")
            if name:
                picture = DOCS / f"screen-{name}.svg"
                picture.write_text(drawn(typed, last_screen(shown)), encoding="utf-8")
                print(f"{picture.name}: {picture.stat().st_size:,} bytes")


def last_screen(shown: str) -> str:
    """Return the last bar that counts something, if any, and what comes after the bars."""
    *bars, text = re.split(r"\r|\x1b\[1A|\x1b\[2K|\x1b\[\?25[lh]", shown.replace("\r\n", "\n"))
    counted = [bar for bar in bars if re.search(r"[1-9][0-9]* of [0-9]+", bar)]
    before = f"{counted[len(counted) // 2].strip()}\n" if counted else ""
    return before + text.strip("\n")


def drawn(typed: str, shown: str) -> str:
    """Return a picture, as SVG, of a command and what it shows."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text(f"$ python app.py {typed}", "bold"))
    console.print(Text.from_ansi(shown))
    svg = console.export_svg(title="", theme=MONOKAI, unique_id="screen")
    return FONT.sub("", svg)


if __name__ == "__main__":
    main()
