"""SOURCES: several at once, each in its own folder, with its own history and slot."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

import app
from config import read_settings
from etl import pipeline
from etl.alerts.messages import draft_alert, write_message
from etl.errors import ConfigError
from etl.extract.several import of_each, of_one
from etl.extract.sources import SAMPLES
from etl.history import history
from etl.history.run import Options
from etl.store.directory import DirectoryStore
from tests.support.alerts import manifest, seen, told
from tests.support.clock import DAY, MINUTE, End, World, at, settings
from tests.support.desk import Desk
from tests.support.processes import APP, command, environment
from tests.support.records import record
from tests.support.runs import assert_settled, contents, growing

NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there: no source on the net can be reached
SEVERAL = {"SOURCE": "", "SOURCES": "who,sample", "HTTPS_PROXY": NOWHERE, "COUNTRIES_URL": ""}


# ---- the settings


def test_each_source_has_a_folder_of_its_name() -> None:
    common = read_settings({"SOURCES": "coviddata, coviddata-regions,WHO", "S3_FOLDER": "data"})
    assert [
        (source.name, source.level, source.data_set, where.folder, str(where.output_dir))
        for source, where in ((one.source, one.store) for one in of_each(common))
    ] == [
        ("coviddata", "countries", "coviddata", "data/coviddata", "out/coviddata"),
        (
            "coviddata",
            "regions",
            "coviddata-regions",
            "data/coviddata-regions",
            "out/coviddata-regions",
        ),
        ("who", "countries", "who", "data/who", "out/who"),
    ]
    top = of_one(read_settings({"SOURCES": "who", "S3_FOLDER": "/"}))
    assert (top.store.folder, top.one_of_several) == ("who", "")
    assert of_each(read_settings({})) == [read_settings({})]


def test_one_of_several_has_to_be_named() -> None:
    common = read_settings({"SOURCES": "coviddata,who"})
    assert of_one(common, "who") == of_each(common)[1]
    with pytest.raises(ConfigError, match="choose one of them"):
        of_one(common)
    with pytest.raises(ConfigError, match="--source jhu: SOURCES names coviddata, who"):
        of_one(common, "jhu")
    with pytest.raises(ConfigError, match="SOURCES is not set"):
        of_one(read_settings({}), "who")
    assert of_one(read_settings({"SOURCES": "who"})).store.folder == "covid/who"


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"SOURCES": "who,ecdc"}, "SOURCES: expected some of coviddata,"),
        ({"SOURCE": "jhu"}, "SOURCES: does not include jhu from SOURCE and LEVEL"),
        ({"LEVEL": "places"}, "SOURCES: does not include coviddata-places from SOURCE and LEVEL"),
        ({"SOURCE_URL": "https://example.org/"}, "SOURCE_URL: can't be combined with SOURCES"),
        ({"PING_URL": "https://example.org/x"}, "PING_URL: one check can't watch several SOURCES"),
        (
            {"SOURCES": "who,coviddata-places", "ALERT_RULES": "ESP:cases_7d_avg>1"},
            "ALERT_RULES: rules need LEVEL countries, got places",
        ),
    ],
)
def test_what_cant_be_beside_sources_is_named(variables: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings({"SOURCES": "coviddata,who", **variables})
    [said] = caught.value.faults
    assert said.startswith(fault)
    assert "example.org/x" not in said


def test_each_has_a_check_of_its_own_at_the_dead_mans_switch() -> None:
    common = read_settings({"SOURCES": "coviddata,who", "PING_URL": "https://a.org/k/{source}"})
    assert [one.alerts.ping_url for one in of_each(common)] == [
        "https://a.org/k/coviddata",
        "https://a.org/k/who",
    ]


def test_each_has_an_address_of_its_own_below_the_common_one() -> None:
    common = read_settings({"SOURCES": "coviddata,who", "PUBLIC_URL": "https://a.org/covid/"})
    addresses = [one.table.public_url for one in of_each(common)]
    assert addresses == ["https://a.org/covid/coviddata", "https://a.org/covid/who"]


def test_an_alert_says_of_which_it_tells() -> None:
    last = record(0).slot - timedelta(days=30)
    [alert] = told(seen(record(0), published=manifest(0, last=last)))[1]
    alone, one = (
        write_message(draft_alert(alert, where="s3://b/covid/who", of=of)) for of in ("", "who")
    )
    assert one.subject == alone.subject.replace("Cloud ETL:", "Cloud ETL (who):")
    assert one.short.startswith("Cloud ETL (who): the source")
    assert alone.short.startswith("Cloud ETL: the source")


# ---- the loop


def live(world: World, answers: dict[str, bool], takes: timedelta) -> dict[str, list[date]]:
    """Let the worker work for several sources; the slots in which each was run."""
    slots: dict[str, list[date]] = {name: [] for name in answers}

    def job(name: str) -> app.SourceJob:
        def run(slot: date) -> bool:
            slots[name].append(slot)
            world.pass_by(takes if not answers[name] else MINUTE)
            return answers[name]

        return app.SourceJob(name, run, world.tell_waiting)

    with pytest.raises(End):
        app.work(
            settings().schedule,
            [job(name) for name in answers],
            now=world.now,
            sleep=world.sleep,
            rng=random.Random(7),  # noqa: S311  no secret
        )
    return slots


@pytest.mark.parametrize("takes", [timedelta(seconds=1), 30 * MINUTE])
def test_one_that_fails_or_hangs_stops_no_other(takes: timedelta) -> None:
    world = World(at("2026-01-01T12:00"), end=5 * DAY)
    slots = live(world, {"who": False, "sample": True, "jhu": False, "owid": True}, takes)
    wanted = [date(2026, 1, 1 + n) for n in range(6)]
    assert slots["sample"] == slots["owid"] == wanted
    for failing in ("who", "jhu"):
        tries = Counter(slots[failing])
        assert set(tries) == set(wanted)
        assert all(12 <= count <= 40 for slot, count in tries.items() if slot in wanted[1:5])


def test_the_day_s_runs_are_made_one_behind_the_other_as_they_are_named() -> None:
    world = World(at("2026-01-01T05:00"), end=2 * DAY)
    order: list[str] = []

    def job(name: str) -> app.SourceJob:
        def run(slot: date) -> bool:
            order.append(name)
            return True

        return app.SourceJob(name, run, lambda: None)

    with pytest.raises(End):
        app.work(
            settings().schedule,
            [job(name) for name in ("who", "owid", "jhu")],
            now=world.now,
            sleep=world.sleep,
            rng=random.Random(7),  # noqa: S311  no secret
        )
    assert order == ["who", "owid", "jhu"] * 3


# ---- the runs


def test_each_is_published_in_its_folder_with_its_own_history(tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    given = {"coviddata": source, "who": SAMPLES / "who.csv.gz"}
    common = read_settings(
        {"SOURCES": ",".join(given), "OUTPUT_DIR": str(tmp_path / "out"), "COUNTRIES_URL": ""}
    )
    now = at("2024-03-11T07:00")  # a day after the last of who's sample
    for one in of_each(common):
        store = DirectoryStore(one.store.output_dir)
        url = str(given[one.source.data_set])
        settings = replace(one, source=replace(one.source, url=url))
        assert pipeline.run(settings, store, Options(), now).outcome == "published"
        assert pipeline.run(settings, store, Options(if_due=True), now).outcome == "not_due"
    for name in given:
        store = DirectoryStore(tmp_path / "out" / name)
        assert assert_settled(contents(store))["source"]["name"] == name
        assert [record.source for record in history.read(store)[0].records] == [name]


def test_a_run_of_all_goes_on_where_one_fails_and_says_which(tmp_path: Path) -> None:
    said = command("run", cwd=tmp_path, **SEVERAL)
    assert said.returncode == 1
    lines = said.stderr.splitlines()
    assert [line for line in lines if line.endswith(":")] == ["who:", "sample:"]
    assert any(line.startswith("run.failed level=error source=who ") for line in lines)
    assert any(line.startswith("run.published source=sample ") for line in lines)
    assert_settled(contents(DirectoryStore(tmp_path / "out" / "sample")))
    [failed] = history.read(DirectoryStore(tmp_path / "out" / "who"))[0].records
    assert (failed.outcome, failed.source) == ("failed", "who")
    # what there is to see
    shown = command("history", cwd=tmp_path, **SEVERAL)
    assert shown.returncode == 0
    assert "SourceUnavailable" in shown.stdout
    assert "published" in shown.stdout
    one = command("--source", "sample", "history", "--json", cwd=tmp_path, **SEVERAL)
    assert '"source": "sample"' in one.stdout
    assert '"source": "who"' not in one.stdout
    assert "sample/index.html" in command("ls", cwd=tmp_path, **SEVERAL).stdout
    unsaid = command("diff", "previous", cwd=tmp_path, **SEVERAL)
    assert unsaid.returncode == 2
    assert "choose one of them" in unsaid.stderr


def test_help_is_shown_once(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES", "who,sample")
    said = local_desk("history", "--help")
    assert said.out.count("Usage:") == 1
    assert "who:" not in said.err


def test_one_policy_serves_the_worker_of_all(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    region = {"AWS_DEFAULT_REGION": "eu-west-1", "S3_BUCKET": "news"}
    said = command("setup", "--policy", cwd=tmp_path, **SEVERAL, **keys, **region)
    assert (said.returncode, said.stderr) == (0, "")
    objects = json.loads(said.stdout)["Statement"][0]
    assert objects["Resource"] == "arn:aws:s3:::news/covid/*"


def test_the_worker_makes_the_run_of_each(tmp_path: Path) -> None:
    worker = subprocess.Popen(
        [sys.executable, str(APP)],
        cwd=tmp_path,
        env=environment(**SEVERAL),
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    log: list[str] = []
    assert worker.stderr
    try:
        for line in worker.stderr:
            log.append(line)
            if line.startswith("worker.alive source=sample"):
                worker.terminate()
    finally:
        worker.terminate()
        worker.stderr.close()
    assert worker.wait(30) == 0
    assert "source=who,sample " in log[0]
    events = [" ".join(line.split()[:3]) for line in log]
    assert "worker.retry level=warning source=who" in events
    assert any(line.startswith("run.published source=sample ") for line in log)
    alive = {line.split()[1]: line for line in log if line.startswith("worker.alive")}
    assert alive["source=who"].rstrip().endswith("last_slot=")
    assert not alive["source=sample"].rstrip().endswith("last_slot=")


def test_a_run_of_all_that_is_told_to_stop_leaves_no_child(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:  # it takes a call and never answers
        proxy.settimeout(30)
        address = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, str(APP), "run"],
            cwd=tmp_path,
            env=environment(**SEVERAL | {"HTTPS_PROXY": address}),
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        call, _ = proxy.accept()
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
        call.close()
    assert process.returncode == 128 + signal.SIGTERM
    assert b"sample:" not in log
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
    else:
        pytest.fail("a child is still there")
