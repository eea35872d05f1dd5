"""What is printed of many failures: how many for each reason, whichever worker met it."""

from datetime import date

import pytest

from config import read_settings
from etl.archive.backfill import Backfilled
from etl.archive.day_outcome import DayOutcome
from etl.archive.engine import Trouble
from etl.cli.print_archive import print_backfilled

AWAY = "s3://news/covid/runs/{run}/countries/{key}.json: s3:PutObject failed: no connection"


def unknown(n: int) -> DayOutcome:
    run = f"2021-01-{n + 1:02}T060000Z-{n:012x}"
    message = AWAY.format(run=run, key=n) if n % 5 else "OSError: No space left on device"
    trouble = Trouble("StoreError", message, f"tcp://10.0.0.{n % 3}:{40_000 + n}")
    return DayOutcome(date(2021, 1, n + 1), run, "unknown", failure=trouble.failure())


def test_beyond_twenty_failures_are_summed_up_by_reason_across_workers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = Backfilled([unknown(n) for n in range(25)], [])
    assert not print_backfilled(done, None, read_settings({}), as_json=False)
    said = capsys.readouterr().out
    assert [line.strip() for line in said.splitlines()[2:5]] == [
        "20  StoreError: s3://news/covid/runs/RUN: s3:PutObject failed: no connection; "
        "first 2021-01-02T060000Z-000000000001 on worker tcp://10.0.0.1:40001",
        "5  StoreError: OSError: No space left on device; "
        "first 2021-01-01T060000Z-000000000000 on worker tcp://10.0.0.0:40000",
        "--json lists each snapshot",
    ]


def test_up_to_twenty_failures_each_name_worker_and_snapshot(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = Backfilled([unknown(n) for n in range(20)], [])
    assert not print_backfilled(done, None, read_settings({}), as_json=False)
    said = capsys.readouterr().out
    line = "2021-01-01  2021-01-01T060000Z-000000000000  StoreError: worker tcp://10.0.0.0:40000: "
    assert said.count("worker tcp://") == 20
    assert line in said
