"""The register of the commands: where each is, and in which section the help lists it."""

from collections import UserDict
from importlib import import_module
from typing import Any

import click

# section -> command -> its module in this package
SECTIONS = {
    "Setup": {"setup": "setup"},
    "Runs": {
        "run": "run",
        "status": "status",
        "history": "run",
        "report": "report",
        "open": "status",
        "validate": "validate",
        "doctor": "doctor",
        "demo": "run",
        "record-failure": "run",
        "monthly-tasks": "run",
        "tell-pending": "run",
    },
    "Files": {
        "ls": "files",
        "head": "files",
        "get": "files",
        "put": "files",
        "rm": "files",
        "share": "share",
        "buckets": "buckets",
    },
    "Versions": {
        "diff": "changes",
        "vintage": "changes",
        "restore": "versions",
        "prune": "versions",
    },
    "Readers' letters": {"inbox": "inbox", "read-inbox": "inbox"},
    "Archive": {
        "import-archive": "archive",
        "backfill": "archive",
        "rebuild": "archive",
        "vintages": "archive",
    },
    "Alerts": {
        "subscribe": "subscribers",
        "subscribers": "subscribers",
        "unsubscribe": "subscribers",
        "topics": "topics",
        "notify": "notify",
    },
}


class Commands(UserDict[str, Any]):
    """The commands by name; a module is imported when one of its commands is looked up."""

    def __init__(self) -> None:
        super().__init__()
        for modules in SECTIONS.values():
            self.data |= modules

    def __getitem__(self, name: str) -> click.Command:
        found: click.Command | str = self.data[name]
        if isinstance(found, str):
            module = import_module(f"{__name__}.{found}")
            known = [one for one in vars(module).values() if isinstance(one, click.Command)]
            self.data[name] = found = next(one for one in known if one.name == name)
        return found
