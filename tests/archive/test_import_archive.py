"""Archives that exist already: a folder of versions, a file's git history, and what is neither."""

import gzip
import os
import shutil
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.archive.cluster import Progress
from etl.archive.folder_versions import moment_in_name
from etl.archive.import_versions import ImportOutcome, import_archive
from etl.errors import ConfigError, EtlError
from etl.history import catalogue
from etl.store.directory import DirectoryStore
from tests.support.archives import DAY, LATER, fill, live, restating
from tests.support.runs import NOW, contents, growing, settings

NOON = time(12, tzinfo=UTC)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    folder = tmp_path / "versions"
    folder.mkdir()
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty one of git's."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def bring(
    store: DirectoryStore, path: Path, now: datetime = LATER, **variables: str
) -> list[ImportOutcome]:
    wanted = settings("unused", OUTPUT_DIR=str(store.root), **variables)
    return import_archive(wanted, store, path, now, Progress())


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


# ---- a folder


def test_a_folder_of_versions_becomes_snapshots_as_if_fetched_then(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "stats-2021-01-22.json").write_bytes(growing(20))
    (versions / "2021").mkdir()
    (versions / "2021" / "20210123T0400.json.gz").write_bytes(gzip.compress(growing(21)))
    (versions / "2021-01-24").mkdir()
    (versions / "2021-01-24" / "stats.json").write_bytes(growing(22))
    (versions / "README.md").write_text("not one of them")
    taken = bring(store, versions)
    assert [one.run_id and one.run_id[:18] for one in taken] == [
        "2021-01-22T060000Z", "2021-01-23T040000Z", "2021-01-24T060000Z",
    ]  # fmt: skip
    listed = catalogue.read(store).imported
    assert [one.slot for one in listed] == [date(2021, 1, day) for day in (22, 22, 24)]
    assert listed[1].origin == "2021/20210123T0400.json.gz"
    kept = store.read(listed[1].statistics[0].key)
    assert kept
    assert gzip.decompress(kept.body) == growing(21)
    assert [day.outcome for day in fill(store).days] == ["made"] * 3


def test_a_name_without_a_date_is_as_old_as_its_file_and_that_is_told(
    store: DirectoryStore, versions: Path
) -> None:
    path = versions / "latest.json"
    path.write_bytes(growing(20))
    moment = datetime(2021, 1, 23, 9, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    [one] = bring(store, versions)
    assert (one.moment, one.guessed, one.new) == (moment, True, True)


def test_the_same_content_next_to_each_other_is_one_snapshot_and_its_return_another(
    store: DirectoryStore, versions: Path
) -> None:
    for day, days in ((20, 20), (21, 20), (22, 21), (23, 20)):
        (versions / f"2021-01-{day}.json").write_bytes(growing(days))
    (versions / "2021-01-22.json.gz").write_bytes(gzip.compress(growing(21)))
    taken = bring(store, versions)
    assert [one.new for one in taken] == [True, False, True, False, True]
    assert len({one.run_id for one in taken}) == 3


def test_to_say_it_again_does_nothing_and_daily_snapshots_are_not_doubled(
    store: DirectoryStore, versions: Path, tmp_path: Path
) -> None:
    live(store, tmp_path / "stats.json", restating(2))  # of the 25th and 26th
    (versions / "2021-01-24.json").write_bytes(growing(19))
    (versions / "2021-01-25.json").write_bytes(restating(2)[0])
    (versions / "2021-01-26T0800.json").write_bytes(restating(2)[1])
    assert [one.new for one in bring(store, versions)] == [True, False, False]
    before = contents(store)
    assert [one.new for one in bring(store, versions)] == [False, False, False]
    assert contents(store) == before


def test_an_import_that_broke_off_is_finished_by_the_next(
    store: DirectoryStore, versions: Path
) -> None:
    for day in (20, 21, 22):
        (versions / f"2021-01-{day}.json").write_bytes(growing(day))
    bring(store, versions)
    whole = contents(store)
    store.delete("catalogue.json")
    store.delete(next(key for key in whole if key.startswith("raw/2021-01-22")))
    bring(store, versions)
    assert contents(store) == whole


def test_what_can_not_be_unpacked_or_is_too_large_is_left_out_and_told(
    store: DirectoryStore, versions: Path
) -> None:
    packed = gzip.compress(growing(20))
    (versions / "2021-01-20.json.gz").write_bytes(packed[:-9])
    (versions / "2021-01-21.json.gz").write_bytes(packed[:40] + b"\0" * 99)
    (versions / "2021-01-22.json").write_bytes(b"[" + b" " * 2_000_000)
    (versions / "2021-01-23.json").write_bytes(b"")
    (versions / "2027-01-01.json").write_bytes(growing(20))
    taken = bring(store, versions, MAX_SOURCE_MB="1")
    assert [one.why[:61] for one in taken] == [
        "a gzip that ends too early",
        "a gzip that can't be unpacked (Error -3 while decompressing d",
        "larger than MAX_SOURCE_MB allows (1 MB)",
        "",  # whole, if of no use: the backfill says so
        "its moment lies in the future",
    ]
    [day] = fill(store).days
    assert day.failure
    assert day.failure.message == "the source is empty; expected a JSON array"


def test_a_path_that_holds_no_versions_is_one_clear_line(
    store: DirectoryStore, versions: Path, tmp_path: Path
) -> None:
    with pytest.raises(EtlError, match=r"versions holds no \*\.json and no \*\.json\.gz"):
        bring(store, versions)
    with pytest.raises(EtlError, match="is in no git repository; name a folder"):
        bring(store, tmp_path / "nowhere.json")
    with pytest.raises(ConfigError, match="a snapshot of jhu has 3 documents"):
        bring(store, versions, SOURCE="jhu")
    assert contents(store) == {}


def test_a_folder_of_another_sources_files_is_looked_through_for_those(
    store: DirectoryStore, versions: Path
) -> None:
    (versions / "who-2021-01-20.csv").write_text("Date_reported\n")
    (versions / "2021-01-20.json").write_bytes(growing(20))
    [one] = bring(store, versions, SOURCE="who")
    assert one.origin == "who-2021-01-20.csv"
    [entry] = catalogue.read(store).imported
    assert entry.statistics[0].key.endswith("/WHO-COVID-19-global-daily-data.csv.gz")


@given(st.integers(0, 10 * 365 * 86_400), st.sampled_from("-_ T"))
def test_a_moment_in_a_name_is_read_however_it_is_written(seconds: int, between: str) -> None:
    moment = datetime(2019, 12, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    def at(day: date) -> datetime:
        return datetime.combine(day, NOON)

    for form in ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d"):
        day = f"{moment:{form}}"
        assert moment_in_name(f"stats-{day}.json", at) == at(moment.date())
        assert moment_in_name(f"{day}{between}{moment:%H%M%S}Z.json.gz", at) == moment
        assert moment_in_name(f"2019-13-40/{day}/stats.json", at) == at(moment.date())
    assert moment_in_name(f"{moment:%Y%m%d}99.json", at) is None
    assert moment_in_name("stats.json", at) is None


# ---- a git history


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
    with pytest.raises(EtlError, match=r"git knows no version of other\.json"):
        bring(store, repository / "other.json")


def test_without_git_it_says_what_is_missing(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EtlError, match="git is not installed"):
        bring(store, tmp_path / "stats.json")


def test_real_snapshots_go_in_and_become_runs(store: DirectoryStore, real_data: Path) -> None:
    folder = store.root.parent / "versions"
    folder.mkdir()
    for day in ("06", "07"):
        shutil.copy(real_data / f"countries-2020-09-{day}.json.gz", folder)
    assert [one.new for one in bring(store, folder, NOW + 30 * DAY)] == [True, True]
    done = fill(store, COUNTRIES_URL=str(real_data / "InfoPaisosExtra.xlsx"))
    assert [(day.outcome, day.rows) for day in done.days] == [("made", 35_044), ("made", 35_232)]
