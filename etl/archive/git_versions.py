"""Read the versions of one file from a git repository, by the git command, without a checkout."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from etl.archive.folder_versions import DocumentVersion
from etl.errors import EtlError

SHOWN = 12  # digits of a commit
PIECE = 1 << 20
# git must not ask for a password, nor fetch what a partial clone lacks
ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}


@dataclass(frozen=True)
class Tracked:
    """A file in a repository: its path relative to the folder `root`."""

    root: Path
    name: str


class Commit(NamedTuple):
    """A commit that changed the file: the author's time (in s since 1970), and the content's id."""

    moment: int
    commit: str
    content: str


def find_tracked(path: Path, file_name: str) -> Tracked | None:
    """Find the tracked file at `path`, or the one named `file_name` in the repository at `path`.

    None if `path` is a folder that is no repository. Raises EtlError.
    """
    if not path.is_dir():
        # a file that was removed may still be in the history
        if path.parent.is_dir() and _said(path.parent, "rev-parse", "--git-dir") is not None:
            return Tracked(path.parent, path.name)
        if not path.exists():
            raise EtlError(f"{path} does not exist; name a folder with versions")
        raise EtlError(f"{path} is not in a git repository; name a folder with versions")
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
    if not bare and not (path / ".git").exists():
        return None
    names = (_said(path, "ls-tree", "-r", "-z", "--name-only", "HEAD") or "").split("\0")
    found = [name for name in names if PurePosixPath(name).name == file_name]
    if len(found) != 1:
        which = f"has several: {', '.join(found)}; name one" if found else f"has no {file_name}"
        raise EtlError(f"the repository {path} {which}")
    return Tracked(path, found[0])


def find_commits(file: Tracked) -> list[Commit]:
    """List the commits that changed the file, oldest first by the author's date.

    Raises EtlError if there are none.
    """
    commits = sorted(_commits(file))
    if not commits:
        raise EtlError(f"{file.root}: git has no version of {file.name}")
    return commits


def read_versions(
    file: Tracked, commits: Iterable[Commit], work: Path
) -> Iterator[DocumentVersion]:
    """Yield the version of each commit. Raises EtlError.

    All versions are written to the same file: read it before asking for the next one.
    """
    path = work / "version"
    with _started(file.root, "cat-file", "--batch") as git:
        questions, answers = cast("IO[bytes]", git.stdin), cast("IO[bytes]", git.stdout)
        for moment, commit, content in commits:
            questions.write(f"{content}\n".encode())
            questions.flush()
            origin = f"{file.name} at commit {commit[:SHOWN]}"
            if not _save(answers, path):
                raise EtlError(f"{file.root}: git does not have {origin}; is the clone complete?")
            yield DocumentVersion(path, datetime.fromtimestamp(moment, UTC), origin)
        questions.close()


def _commits(file: Tracked) -> Iterator[Commit]:
    options = ["--no-renames", "--raw", "--no-abbrev", "-z", "--diff-filter=AM"]
    form = "--format=%x01%at %H"
    log = _said(file.root, "--literal-pathspecs", "log", *options, form, "HEAD", "--", file.name)
    for entry in (log or "").split("\1")[1:]:
        head, _, change = entry.partition("\0")
        moment, commit = head.split()
        # :100644 100644 before after M
        yield Commit(int(moment), commit, change.split()[3])


def _save(answer: IO[bytes], path: Path) -> bool:
    """Save the content that `cat-file` sends next; False if git does not have it."""
    header = answer.readline().split()
    if len(header) != 3 or not header[2].isdigit():
        return False
    left = int(header[2])
    with path.open("wb") as file:
        while left and (piece := answer.read(min(left, PIECE))):
            file.write(piece)
            left -= len(piece)
    return not left and answer.read(1) == b"\n"


def _said(folder: Path, *arguments: str) -> str | None:
    """Run git and return what it prints; None if it fails."""
    with _started(folder, *arguments) as git:
        out, _ = git.communicate()
    return None if git.returncode else out.decode("utf-8", "replace")


def _started(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    program = shutil.which("git")
    if program is None:
        raise EtlError("git is not installed; reading a repository's history needs it")
    return subprocess.Popen(  # noqa: S603  git, and no shell
        [program, "-C", str(folder), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ENVIRONMENT},
    )
