"""The children of the worker, and what they are handed."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.worker.children import Children
from etl.worker.handover import Handover
from etl.worker.signals import Signals


def test_a_child_that_cannot_be_started_is_a_failure_and_no_end_of_the_loop(
    lines: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "not-here"))
    worker = children()
    assert worker.run(date(2026, 1, 1)) is False
    (line,) = lines("worker.run_lost")
    assert "no process could be started" in line
    assert "and again" in lines("history.not_written")[0]


def children(**over: Any) -> Children:
    return Children("coviddata", Signals(), **{"limit_s": 60.0, **over})


@pytest.fixture
def pretender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[list[str]]]:
    """A script instead of Python: it notes its arguments, and fails while `down` exists.

    While `waits` exists, it notes that an alert waits; while `tasks` exists, that tasks are due.
    """
    noted, script = tmp_path / "noted", tmp_path / "python"
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$@" >> {noted}\n'
        f'echo "$CLOUD_ETL_WORKER" >> {tmp_path}/handed\n'
        'cd "$TMPDIR/notes" || exit 9\n'
        f"[ -e {tmp_path}/waits ] && touch waiting\n"
        f"[ -e {tmp_path}/tasks ] && touch tasks\n"
        f"[ -e {tmp_path}/down ] && touch failed && exit 1\n"
        "touch succeeded\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    return lambda: [line.split()[1:] for line in noted.read_text().splitlines()]


def handed(folder: Path) -> list[Handover]:
    """What each child of `pretender` was handed."""
    lines = (folder / "handed").read_text().splitlines()
    return [Handover.received({"CLOUD_ETL_WORKER": line}) for line in lines]


def test_a_child_hears_how_many_runs_have_failed_in_a_row_and_since_when(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children()
    (tmp_path / "down").touch()
    began = datetime.now(UTC).replace(microsecond=0)
    for day in (1, 1, 2):
        assert not worker.run(date(2026, 1, day))
    (tmp_path / "down").unlink()
    assert worker.run(date(2026, 1, 2))
    assert worker.run(date(2026, 1, 3))
    assert pretender() == [["run", "--if-due"]] * 5
    first, *failing, fifth = handed(tmp_path)
    assert [one.failures for one in (first, *failing, fifth)] == [0, 1, 2, 3, 0]
    assert first.failing_since is fifth.failing_since is None
    for one in failing:
        assert one.failing_since
        assert began <= one.failing_since <= datetime.now(UTC)


def test_a_handover_is_read_as_it_was_written_and_a_person_hands_nothing_over() -> None:
    since = datetime(2026, 1, 1, 6, 0, 1, tzinfo=UTC)
    for one in (Handover(), Handover(2, since, Path("/tmp/a b/notes"))):  # noqa: S108  not made
        assert Handover.received(one.environ()) == one
    assert Handover.received({}) == Handover()


def test_what_waits_to_be_told_is_tried_again_until_it_is_told(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children()
    worker.at_heartbeat()
    (tmp_path / "waits").touch()
    assert worker.run(date(2026, 1, 1))
    worker.at_heartbeat()
    (tmp_path / "waits").unlink()
    (tmp_path / "down").touch()
    worker.at_heartbeat()  # it could not even look
    (tmp_path / "down").unlink()
    worker.at_heartbeat()
    worker.at_heartbeat()
    assert pretender() == [
        ["run", "--if-due"],
        ["tell-pending"],
        ["tell-pending"],
        ["tell-pending"],
    ]


def test_with_an_inbox_each_heartbeat_reads_it_and_sends_what_waits_too(
    pretender: Callable[[], list[list[str]]], tmp_path: Path
) -> None:
    worker = children(inbox=True)
    (tmp_path / "waits").touch()
    worker.at_heartbeat()
    (tmp_path / "down").touch()
    worker.at_heartbeat()
    assert pretender() == [["read-inbox"], ["read-inbox"]]


def test_an_inbox_that_hangs_is_ended_and_that_is_said(
    lines: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexec sleep 60\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    children(inbox=True, inbox_limit_s=0.2).at_heartbeat()
    (line,) = lines("inbox.failed")
    assert "killed: still running after 0.2 s" in line


def ends_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> Path:
    """Replace Python by a script that ends so in `run`, and otherwise notes its arguments."""
    script, noted = tmp_path / "python", tmp_path / "noted"
    noted.touch()
    script.write_text(
        "#!/bin/sh\n"
        f'printf "%s\\n" "$2 $8" >> {noted}\n'
        f'[ "$2" = run ] || exit 0\n'
        'cd "$TMPDIR/notes" || exit 9\n'
        f"{how}\n"
    )
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    return noted


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("exit 1", "ended with status 1"),
        ("exit 134", "ended with status 134"),
        ("exit 0", "ended with status 0"),
        ("kill -ABRT $$", "died of SIGABRT"),
        ("kill -KILL $$", "killed by the system"),
        ("touch succeeded; kill -SEGV $$", "died of SIGSEGV"),
        ("exit 143", "ended with status 143"),
    ],
)
def test_a_run_that_ends_without_a_record_is_recorded_whatever_its_status(
    how: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("etl.worker.children.STOP_ARRIVES_S", 0.01)
    noted = ends_with(tmp_path, monkeypatch, how)
    assert children().run(date(2026, 1, 1)) is False
    first, second = noted.read_text().splitlines()
    assert first.strip() == "run"
    assert second.startswith(f"record-failure {why}")


@pytest.mark.parametrize("how", ["touch failed; exit 1", "touch failed; kill -KILL $$"])
def test_a_failure_that_the_run_recorded_itself_is_not_recorded_twice(
    how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    noted = ends_with(tmp_path, monkeypatch, how)
    assert children().run(date(2026, 1, 1)) is False
    assert noted.read_text().split() == ["run"]


def test_without_room_for_a_temporary_folder_the_failure_is_recorded_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    noted = ends_with(tmp_path, monkeypatch, "touch succeeded")

    @contextmanager
    def full() -> Iterator[Path]:
        raise OSError(errno.ENOSPC, "No space left on device")
        yield tmp_path

    monkeypatch.setattr("etl.worker.children.scratch", full)
    assert children().run(date(2026, 1, 1)) is False
    (line,) = noted.read_text().splitlines()
    assert line == (
        "record-failure no process could be started: [Errno 28] No space left on device"
    )


def test_the_monthly_tasks_have_a_child_of_their_own_and_the_run_succeeds_without_them(
    pretender: Callable[[], list[list[str]]], tmp_path: Path, lines: Callable[[str], list[str]]
) -> None:
    (tmp_path / "tasks").touch()
    assert children().run(date(2026, 1, 1))
    assert pretender() == [["run", "--if-due"], ["monthly-tasks"]]
    assert lines("task.lost") == []


def test_monthly_tasks_that_are_killed_leave_the_run_a_success_and_are_logged(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lines: Callable[[str], list[str]]
) -> None:
    script = tmp_path / "python"
    script.write_text(
        '#!/bin/sh\n[ "$2" = run ] || kill -KILL $$\n'
        'touch "$TMPDIR/notes/succeeded" "$TMPDIR/notes/tasks"\n'
    )
    script.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(script))
    assert children().run(date(2026, 1, 1))
    (line,) = lines("task.lost")
    assert "killed by the system" in line
