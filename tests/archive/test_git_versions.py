"""The versions of a file in a git repository."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from etl.errors import EtlError
from etl.store.directory import DirectoryStore
from tests.support.archives import bring, fill
from tests.support.runs import growing


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty one of git's."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def commit(folder: Path, name: str, body: bytes | None, day: int) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if body is None:
        path.unlink()
    else:
        path.write_bytes(body)
    git(folder, "add", "-A")
    moment = f"2021-01-{day:02}T10:00:00Z"
    environment = {"GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": "2022-01-01T00:00:00Z"}
    git(folder, "commit", "-q", "--allow-empty", "-m", "data", **environment)


def git(folder: Path, *arguments: str, **environment: str) -> None:
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    program = shutil.which("git")
    assert program
    variables = {**os.environ, **own, **environment}
    subprocess.run([program, *who, *arguments], cwd=folder, env=variables, check=True)


def test_every_version_in_a_git_history_is_a_snapshot_of_its_authors_time(
    store: DirectoryStore, repository: Path
) -> None:
    name = "v1/countries/stats.json"
    for day, body in ((20, growing(20)), (21, growing(21)), (22, None), (23, growing(23))):
        commit(repository, name, body, day)
    commit(repository, "README.md", b"of no interest", 24)
    for path in (repository / name, repository):
        taken = bring(store, path)
        assert [one.moment.isoformat() for one in taken] == [
            f"2021-01-{day}T10:00:00+00:00" for day in (20, 21, 23)
        ]
    assert [one.new for one in taken] == [False] * 3
    assert [one.origin[: len(name) + 11] for one in taken] == [f"{name} at commit "[:34]] * 3
    assert [day.rows for day in fill(store).days] == [60, 63, 69]


def test_a_bare_repository_and_a_file_that_is_gone_are_read_too(
    store: DirectoryStore, repository: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    commit(repository, "stats.json", growing(20), 20)
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    commit(repository, "stats.json", None, 21)
    commit(repository, "old.json", b"[]", 22)
    assert [one.new for one in bring(store, bare)] == [True]
    assert [one.new for one in bring(store, repository / "stats.json")] == [False]


def test_a_name_that_git_could_take_for_a_pattern_is_a_name(
    store: DirectoryStore, repository: Path
) -> None:
    commit(repository, "a.json", growing(20), 20)
    commit(repository, "-[a] ñ*.json", growing(21), 21)
    [one] = bring(store, repository / "-[a] ñ*.json")
    assert one.moment.day == 21


def test_a_repository_without_the_file_or_with_several_says_so(
    store: DirectoryStore, repository: Path
) -> None:
    with pytest.raises(EtlError, match=r"has no stats\.json"):
        bring(store, repository)
    commit(repository, "countries/stats.json", growing(20), 20)
    commit(repository, "regions/stats.json", growing(20), 20)
    with pytest.raises(
        EtlError, match=r"several: countries/stats\.json, regions/stats\.json; name"
    ):
        bring(store, repository)
    with pytest.raises(EtlError, match=r"git has no version of other\.json"):
        bring(store, repository / "other.json")


def test_without_git_it_says_what_is_missing(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EtlError, match="git is not installed"):
        bring(store, tmp_path / "stats.json")
