"""The versions of one file in a git repository. Git itself is asked; nothing is checked out."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

from etl.archive.folder_versions import Version
from etl.errors import EtlError

SHOWN = 12  # digits of a commit
PIECE = 1 << 20
# no questions, no network: of a partial clone what is not here is not fetched
ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


@dataclass(frozen=True)
class Tracked:
    """A file in a repository, by its path from the folder `root`."""

    root: Path
    name: str


def tracked(path: Path, file_name: str) -> Tracked | None:
    """The file that a path means: itself, or the one of that name in the repository at the path.

    None: the path is a folder of files, and no repository. Raises EtlError.
    """
    if not path.is_dir():
        if not path.parent.is_dir() or _said(path.parent, "rev-parse", "--git-dir") is None:
            raise EtlError(f"{path} is in no git repository; name a folder that holds versions")
        return Tracked(path.parent, path.name)
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    if not bare and not (path / ".git").exists():
        return None
    names = (_said(path, "ls-tree", "-r", "-z", "--name-only", "HEAD") or "").split("\0")
    found = [name for name in names if PurePosixPath(name).name == file_name]
    if len(found) != 1:
        which = f"has several: {', '.join(found)}; name one" if found else f"has no {file_name}"
        raise EtlError(f"the repository {path} {which}")
    return Tracked(path, found[0])


def versions(file: Tracked, work: Path) -> Iterator[Version]:
    """Oldest first, by the author's date; each one's file is gone when the next is asked for.

    Raises EtlError.
    """
    commits = sorted(_commits(file))
    if not commits:
        raise EtlError(f"{file.root}: git knows no version of {file.name}")
    path = work / "version"
    with _started(file.root, "cat-file", "--batch") as git:
        assert git.stdin and git.stdout  # noqa: PT018, S101  for the type checker
        for moment, commit, content in commits:
            git.stdin.write(f"{content}\n".encode())
            git.stdin.flush()
            origin = f"{file.name} at commit {commit[:SHOWN]}"
            if not _save(git.stdout, path):
                raise EtlError(f"{file.root}: git does not have {origin}; is the clone whole?")
            yield Version(path, datetime.fromtimestamp(moment, UTC), origin)
        git.stdin.close()


def _commits(file: Tracked) -> Iterator[tuple[int, str, str]]:
    """Of each commit that changed the file: its author's time, its name, that of the content."""
    told = _said(
        file.root, "--literal-pathspecs", "log", "--no-renames", "--raw", "--no-abbrev", "-z",
        "--diff-filter=AM", "--format=%x01%at %H", "HEAD", "--", file.name,
    )  # fmt: skip
    for entry in (told or "").split("\1")[1:]:
        head, _, change = entry.partition("\0")
        moment, commit = head.split()
        yield int(moment), commit, change.split()[3]  # :100644 100644 before after M


def _save(answer: IO[bytes], path: Path) -> bool:
    """What `cat-file` sends next; False where it has not got it."""
    told = answer.readline().split()
    if len(told) != 3 or not told[2].isdigit():
        return False
    left = int(told[2])
    with path.open("wb") as file:
        while left and (piece := answer.read(min(left, PIECE))):
            file.write(piece)
            left -= len(piece)
    return not left and answer.read(1) == b"\n"


def _said(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails."""
    with _started(folder, *arguments) as git:
        out, _ = git.communicate()
    return None if git.returncode else out.decode("utf-8", "replace")


def _started(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    program = shutil.which("git")
    if program is None:
        raise EtlError("git is not installed, and it alone can read a repository's history")
    return subprocess.Popen(  # noqa: S603  git, and no shell
        [program, "-C", str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )
