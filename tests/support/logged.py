"""What a test has logged, and a reader of logfmt."""

import json
import re
from dataclasses import dataclass
from io import StringIO

FIELD = re.compile(r'([a-z_][a-z0-9_]*)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?: |$)')


@dataclass(frozen=True)
class Logged:
    """The log so far, from DEBUG on."""

    stream: StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def lines(self, event: str) -> list[str]:
        """Return the lines of an event."""
        return [line for line in self.text.splitlines() if line.split(" ")[0] == event]

    def fields(self, event: str) -> list[dict[str, str]]:
        """Return the fields of each line of an event."""
        return [parse(line)[1] for line in self.lines(event)]


def parse(line: str) -> tuple[str, dict[str, str]]:
    """Read a line of logfmt: the event, and its fields as text."""
    event, _, rest = line.partition(" ")
    fields, at = {}, 0
    while at < len(rest):
        found = FIELD.match(rest, at)
        assert found, f"no field at {rest[at : at + 40]!r}"
        name, quoted, plain = found.groups()
        fields[name] = plain if quoted is None else json.loads(f'"{quoted}"', strict=False)
        at = found.end()
    return event, fields
