"""Whole runs with somebody to tell: who hears what, how often, and that no run fails by it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from html import unescape
from io import StringIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import boto3
import pytest
import requests

from etl import log
from etl.alerts import rules
from etl.alerts.outbox import page_link
from etl.alerts.teller import Teller
from etl.errors import EtlError, SourceUnavailable, StoreError
from etl.history import history
from etl.history.record import Failure
from etl.history.run import Options
from etl.store import Store, Upload
from etl.store.directory import DirectoryStore
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from etl.worker.handover import Handover
from tests.support.language_server import Languages, capitals, language_server
from tests.support.processes import snapshot
from tests.support.runs import COUNTRIES, NOW, contents, growing, published_store, run, settings
from tests.support.s3_server import use
from tests.support.sns_server import ARN, Mailbox, Sns, attributes
from tests.support.stores import Wrapped
from tests.support.web_server import Reply, WebServer, web_server

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUIET = Options(sleep=lambda seconds: None)
TOLD = {"ALERT_TOPIC": ARN, "STALE_AFTER_DAYS": "3000"}


def options(**over: Any) -> Options:
    return Options(sleep=lambda seconds: None, **over)


def handed(**over: Any) -> Options:
    return options(handover=Handover(**over))


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """The log so far."""
    stream = StringIO()
    log.set_up("DEBUG", stream)
    yield lambda: stream.getvalue().splitlines()
    log.reset()


@pytest.fixture
def box(sns: Sns) -> Mailbox:
    return sns.mailbox("ada")


def ids(box: Mailbox) -> list[str]:
    return [attributes(came)["message_id"] for came in box.read()]


def state(store: Store) -> dict[str, Any]:
    stored = store.read("alerts.json")
    return json.loads(stored.body) if stored else {}


def tells(
    store: Store, path: Path, now: datetime = NOW, how: Options = QUIET, **variables: str
) -> str:
    """A run's outcome."""
    return run(store, path, now=now, options=how, **{**TOLD, **variables}).outcome


def fails(store: Store, path: Path, now: datetime, how: Options = QUIET, **variables: str) -> None:
    with pytest.raises(SourceUnavailable):
        tells(store, path, now, how, **variables)


def fails_three_times(store: Store, source: Path, **variables: str) -> None:
    source.rename(source.with_name("away.json"))
    for n in range(3):
        fails(store, source, NOW + n * MINUTE, QUIET, **variables)
    source.with_name("away.json").rename(source)


# ---- an incident


def test_an_incident_is_told_once_and_its_end_once(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.rename(tmp_path / "away.json")
    for n in range(2):
        fails(store, source, NOW + n * MINUTE)
    assert box.read() == []
    fails(store, source, NOW + 2 * MINUTE)
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the run of 2021-01-25 fails"
    assert "has been failing since 2021-01-25 07:00 UTC, the last time for" in came["Message"]
    assert "\nAttempts in a row: 3.\n" in came["Message"]
    assert "figures up to 2021-01-20" in came["Message"]
    for n in range(3, 30):
        fails(store, source, NOW + n * HOUR)
    (tmp_path / "away.json").rename(source)
    assert tells(store, source, NOW + 31 * HOUR) == "unchanged"
    assert tells(store, source, NOW + 55 * HOUR) == "unchanged"
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the daily run works again"
    assert "It had been failing since 2021-01-25 07:00 UTC; attempts: 30." in came["Message"]
    assert state(store)["sent"] == [
        {"id": f"{event}-2021-01-25T070000Z", "at": at, "outcome": "sent"}
        for event, at in (
            ("failed", "2021-01-25T07:02:00Z"),
            ("recovered", "2021-01-26T14:00:00Z"),
        )
    ]


def test_a_quiet_day_writes_nothing_about_alerts(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    tells(store, source)
    before = store.head("alerts.json")
    tells(store, source, NOW + DAY)
    assert store.head("alerts.json") == before
    assert box.read() == []


def test_without_a_topic_or_on_a_dry_run_nothing_is_kept_or_sent(sns: Sns, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_TOPIC="")
    source.rename(tmp_path / "away.json")
    for n in range(3):
        fails(store, source, NOW + n * MINUTE, options(dry_run=True))
    assert state(store) == {}
    assert sns.actions == []


def test_a_run_that_died_before_it_told_leaves_that_to_the_next(
    box: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, source = published_store(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Teller, "failed", lambda *_: None)
        fails_three_times(store, source)
    assert box.read() == []
    source.rename(tmp_path / "away.json")
    fails(store, source, NOW + HOUR)
    assert len(box.read()) == 1


def test_refused_data_is_told_with_its_reasons(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    source.write_bytes(growing(10))
    for n in range(3):
        with pytest.raises(EtlError):
            tells(store, source, NOW + n * MINUTE)
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the data of 2021-01-25 is refused"
    assert "the last date is 2021-01-10, earlier than the published 2021-01-20" in came["Message"]
    assert "publish them with: python app.py run --force" in came["Message"]


# ---- data


def test_a_rewritten_history_is_told_with_the_countries_most_changed(
    box: Mailbox, tmp_path: Path
) -> None:
    store, source = published_store(tmp_path)
    tells(store, source, NOW - HOUR)
    numbers = json.loads(source.read_bytes())
    for n, element in enumerate(numbers):
        for day in list(element["dates"].values())[: 5 * n]:
            day["cumulative"]["cases"] += 7
    source.write_bytes(json.dumps(numbers).encode())
    assert tells(store, source) == "published"
    (came,) = box.read()
    assert came["Subject"] == "Cloud ETL: the source restated 8.3% of its figures"
    assert "of 180 figures that were published before, 15 (8.3%)" in came["Message"]
    assert "- Diamond Princess: 10\n- Spain: 5\n" in came["Message"]
    stored = store.read("manifest.json")
    assert stored
    assert json.loads(stored.body)["checks"]["restated"] == {
        "cells": 15,
        "compared": 180,
        "most": [
            {"key": "diamond-princess", "name": "Diamond Princess", "cells": 10},
            {"key": "spain", "name": "Spain", "cells": 5},
        ],
    }
    tells(store, source, NOW + DAY)
    assert box.read() == []


def test_a_threshold_is_told_when_it_is_crossed(
    box: Mailbox, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    store, source = published_store(tmp_path)
    watch = {"ALERT_RULES": "ESP:cases_7d_avg>150,Atlantis:active>1,*:new_cases>150"}
    tells(store, source, NOW - HOUR, QUIET, **watch)
    assert box.read() == []
    assert [line for line in lines() if "alert.rule_idle" in line] == [
        "alert.rule_idle level=warning rule=Atlantis:active>1 "
        'error="no published figure answers to it"'
    ]
    source.write_bytes(growing(21, step=200))
    tells(store, source, NOW, options(force=True), **watch)
    (came, restated) = sorted(box.read(), key=lambda came: attributes(came)["kind"], reverse=True)
    assert attributes(restated)["kind"] == "restated"
    assert came["Subject"] == "Cloud ETL: thresholds crossed: 4"
    assert "- Spain: cases_7d_avg 200 > 150 (2021-01-21)\n" in came["Message"]
    assert came["Message"].count("new_cases 200 > 150") == len(COUNTRIES)
    tells(store, source, NOW + DAY, QUIET, **watch)
    assert box.read() == []


def test_a_stale_source_is_told_weekly(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    heard = []
    for day in range(16):
        run(store, source, now=NOW + day * DAY, ALERT_TOPIC=ARN, STALE_AFTER_DAYS="7")
        heard += [(day, name) for name in ids(box)]
    assert heard == [(3, "stale-2021-01-28"), (10, "stale-2021-02-04")]


def test_a_report_is_told_once(box: Mailbox) -> None:
    teller = Teller(settings("x", **TOLD), MemoryStore())
    for _ in range(2):
        teller.tell(rules.report_ready("2021-01", "reports/2021-01/index.html", NOW), NOW)
    assert ids(box) == ["report-2021-01"]


def test_a_kind_that_is_switched_off_is_not_told(box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_ON="stale")
    off = Teller(settings("x", **TOLD, ALERT_ON="stale"), store)
    off.tell(rules.report_ready("2021-01", "reports/2021-01/index.html", NOW), NOW)
    assert box.read() == []


# ---- languages


@pytest.fixture
def languages(monkeypatch: pytest.MonkeyPatch, sns: Sns) -> Iterator[Languages]:
    with language_server(monkeypatch) as found:
        yield found


def test_each_language_is_told_once_to_those_who_read_it(
    sns: Sns, languages: Languages, tmp_path: Path
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "es", "ca")}
    store, source = published_store(tmp_path)
    fails_three_times(store, source, TRANSLATE_TO="es,ca")
    came = {language: box.read() for language, box in boxes.items()}
    assert {language: len(messages) for language, messages in came.items()} == {
        "en": 1, "es": 1, "ca": 1,
    }  # fmt: skip
    assert came["es"][0]["Message"].startswith("es: THE DAILY RUN HAS BEEN FAILING SINCE")
    assert len({attributes(messages[0])["message_id"] for messages in came.values()}) == 1
    asked = len(languages.asked)
    # published, since the page in these languages is new
    assert tells(store, source, NOW + HOUR, TRANSLATE_TO="es,ca") == "published"
    source.rename(tmp_path / "away.json")
    for n in range(3):
        fails(store, source, NOW + DAY + n * MINUTE, TRANSLATE_TO="es,ca")
    assert [len(box.read()) for box in boxes.values()] == [2, 2, 2]
    texts = [request["Text"] for request in languages.asked[asked:]]
    assert any("works again" in text for text in texts)
    assert not any("goes on trying" in text for text in texts)  # which is known already


def test_where_translate_fails_the_original_goes_out_with_a_note(
    sns: Sns, languages: Languages, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    languages.refuse = (400, "AccessDeniedException", "no")
    box = sns.mailbox("catalan", "ca")
    store, source = published_store(tmp_path)
    fails_three_times(store, source, TRANSLATE_TO="ca")
    (came,) = box.read()
    assert came["Message"].startswith("The daily run has been failing since")
    assert "This message could not be translated to ca: it is the original." in came["Message"]
    (line,) = [line for line in lines() if line.startswith("alert.untranslated")]
    assert "allow translate:TranslateText" in line


# ---- what could not be sent


def test_what_sns_does_not_take_waits_is_recorded_and_is_sent_at_the_next_heartbeat(
    sns: Sns, box: Mailbox, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    store, source = published_store(tmp_path)
    sns.refuse["Publish"] = (403, "AuthorizationError", "no")
    waiting = tmp_path / "waiting"
    source.rename(tmp_path / "away.json")
    for n in range(3):
        assert not waiting.exists()
        fails(store, source, NOW + n * MINUTE, handed(waiting=waiting))
    assert waiting.exists()
    (line,) = [line for line in lines() if line.startswith("alert.failed")]
    assert f"allow sns:Publish on {ARN}" in line
    (pending,) = state(store)["waiting"]
    assert (pending["languages"], pending["tries"]) == (["en"], 1)
    assert "sns:Publish" in pending["error"]

    teller = Teller(settings(source, **TOLD), store, Handover(waiting=waiting))
    waiting.unlink()
    teller.retry(NOW + HOUR)
    assert waiting.exists()
    assert state(store)["waiting"][0]["tries"] == 2
    sns.refuse.clear()
    waiting.unlink()
    teller.retry(NOW + 2 * HOUR)
    assert not waiting.exists()
    assert ids(box) == ["failed-2021-01-25T070000Z"]
    assert "waiting" not in state(store)
    teller.retry(NOW + 3 * HOUR)
    assert box.read() == []


def test_only_the_languages_that_are_left_are_tried_again(
    sns: Sns, languages: Languages, tmp_path: Path
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "es", "ca")}
    store, source = published_store(tmp_path)

    def refuse_after_english(text: str, language: str) -> str:
        sns.refuse["Publish"] = (403, "AuthorizationError", "no")
        return text

    languages.translate = refuse_after_english
    fails_three_times(store, source, TRANSLATE_TO="es,ca")
    assert state(store)["waiting"][0]["languages"] == ["es", "ca"]
    sns.refuse.clear()
    languages.translate = capitals
    Teller(settings(source, TRANSLATE_TO="es,ca", **TOLD), store).retry(NOW + HOUR)
    assert [len(box.read()) for box in boxes.values()] == [1, 1, 1]


def test_what_nobody_took_for_a_week_is_given_up(sns: Sns, box: Mailbox, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)
    sns.refuse["Publish"] = (403, "AuthorizationError", "no")
    fails_three_times(store, source)
    sns.refuse.clear()
    Teller(settings(source, **TOLD), store).retry(NOW + 8 * DAY)
    assert box.read() == []
    assert state(store)["sent"][0]["outcome"] == "given up"


def test_two_workers_at_the_same_moment_tell_it_once(box: Mailbox, tmp_path: Path) -> None:
    """Both find the same failures; each reads alerts.json before the other has written it."""
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_TOPIC="")
    past, _ = history.read(store)
    together = Barrier(2, timeout=30)

    def one() -> None:
        def before(n: int, operation: str, key: str) -> None:
            if n == 1:
                together.wait()

        told = settings(source, **TOLD)
        Teller(told, Wrapped(store, before)).failed(past, None, NOW + 3 * MINUTE)

    workers = [Thread(target=one) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert ids(box) == ["failed-2021-01-25T070000Z"]


def test_a_worker_that_died_between_sending_and_noting_sends_it_again_by_the_same_id(
    box: Mailbox, tmp_path: Path
) -> None:
    store, source = published_store(tmp_path)
    fails_three_times(store, source, ALERT_TOPIC="")
    writes = []

    def before(n: int, operation: str, key: str) -> None:
        writes.append(key)
        if key == "alerts.json" and writes.count(key) == 2:
            raise KeyboardInterrupt

    source.rename(tmp_path / "away.json")
    with pytest.raises(KeyboardInterrupt):
        tells(Wrapped(store, before), source, NOW + 4 * MINUTE)
    assert len(ids(box)) == 1
    fails(store, source, NOW + 5 * MINUTE)
    assert box.read() == []  # another worker may be about to send it
    fails(store, source, NOW + HOUR)
    assert ids(box) == ["failed-2021-01-25T070000Z"]


# ---- no run fails by it


def test_a_defect_in_the_alerts_is_logged_and_the_run_is_made(
    sns: Sns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("never thought of")

    monkeypatch.setattr("etl.alerts.rules.decide", broken)
    store, source = published_store(tmp_path)
    assert tells(store, source) == "unchanged"
    source.rename(tmp_path / "away.json")
    fails(store, source, NOW)  # and its own error is not hidden
    crashed = [line for line in lines() if line.startswith("alert.crashed")]
    assert len(crashed) == 2
    assert "kind=ZeroDivisionError" in crashed[0]


def test_memory_that_cannot_be_read_is_begun_anew(
    box: Mailbox, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    store, source = published_store(tmp_path)
    store.write(Upload("alerts.json", b"{"))
    fails_three_times(store, source)
    assert len(box.read()) == 1
    assert any(line.startswith("alert.memory_unreadable") for line in lines())


def broken_store(store: Store, *, reads: bool) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise StoreError("bucket 'news' does not exist")

    wrapped = Wrapped(store, refuse)
    if not reads:
        wrapped.read = refuse  # type: ignore[method-assign]
    return wrapped


@pytest.mark.parametrize("reads", [True, False], ids=["no writes", "no reads either"])
def test_where_the_folder_cannot_be_used_the_workers_own_count_decides(
    box: Mailbox, tmp_path: Path, reads: bool
) -> None:
    store, source = published_store(tmp_path)
    source.rename(tmp_path / "away.json")
    for failures in range(6):
        told = handed(failures=failures, failing_since=NOW if failures else None)
        with pytest.raises(EtlError):
            tells(broken_store(store, reads=reads), source, NOW + failures * MINUTE, told)
        assert len(box.read()) == (failures == 2)
    (tmp_path / "away.json").rename(source)
    told = handed(failures=6, failing_since=NOW)
    assert tells(store, source, NOW + HOUR, told) == "unchanged"
    assert ids(box) == ["recovered-2021-01-25T070000Z"]


def test_what_is_told_without_the_folder_says_so(box: Mailbox, tmp_path: Path) -> None:
    told = handed(failures=2, failing_since=NOW)
    with pytest.raises(StoreError):
        tells(broken_store(MemoryStore(), reads=False), tmp_path / "x", NOW, told)
    (came,) = box.read()
    assert "StoreError: bucket 'news' does not exist" in came["Message"]
    assert "since 2021-01-25 07:00 UTC" in came["Message"]
    assert "What is published is not touched by this." in came["Message"]
    assert "may do so again after a restart" in came["Message"]


# ---- what it costs, and the link


def test_on_s3_a_quiet_day_costs_one_request_more_and_an_alert_nine(
    sns: Sns, box: Mailbox, tmp_path: Path
) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    store = S3Store.connect("news", "covid")
    tells(store, source, NOW - DAY)
    sent: list[str] = []
    store.client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    tells(store, source)
    assert (sent.count("PUT"), len(sent)) == (2, 6)
    assert sns.published() == []
    sent.clear()
    run(store, source, now=NOW + DAY, ALERT_TOPIC=ARN, STALE_AFTER_DAYS="3")
    assert len(box.read()) == 1
    # queued, noted, and between the two the copy of the page that the link leads to
    assert (sent.count("PUT"), len(sent)) == (5, 15)


def test_the_link_in_an_alert_opens_the_page_of_a_private_folder_and_what_it_links_to(
    s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, s3_url)
    bucket = f"alerts-{uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=bucket)
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    store = S3Store.connect(bucket, "covid")
    assert run(store, source).outcome == "published"
    link = page_link(store, "index.html")
    assert link
    assert "X-Amz-Expires=604800" in link
    page = requests.get(link, timeout=10)
    assert page.status_code == 200
    linked = [unescape(url) for url in re.findall(r'href="(http[^"]*latest\.csv[^"]*)"', page.text)]
    assert linked
    assert requests.get(linked[0], timeout=10).content.startswith(b'"country_key","country"')
    other = page_link(store, "world.json")
    assert other
    assert "left_out" in requests.get(other, timeout=10).json()
    assert page_link(store, None) is None


def test_an_alert_goes_out_without_a_link_where_there_is_no_page(
    sns: Sns, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert page_link(S3Store.connect("news", "covid"), "index.html") is None


def test_on_a_folder_of_this_machine_there_is_no_link(tmp_path: Path) -> None:
    assert page_link(DirectoryStore(tmp_path), "index.html") is None


# ---- the dead-man's switch


SECRET = "/0b5c-s3cret"  # noqa: S105  made up


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        server.on(SECRET, Reply())
        for signal in ("start", "fail"):
            server.on(f"{SECRET}/{signal}", Reply())
        yield server


def heard(web: WebServer) -> list[str]:
    return [request.path.removeprefix(SECRET) for request in web.requests]


def test_a_run_is_told_at_its_start_and_at_its_end(web: WebServer, tmp_path: Path) -> None:
    store, source = published_store(tmp_path)

    def pings(store: Store = store, source: Path = source, how: Options = QUIET) -> None:
        tells(store, source, NOW, how, ALERT_TOPIC="", PING_URL=web.url + SECRET)

    pings()
    assert heard(web) == ["/start", ""]
    pings(how=options(if_due=True))  # it is not
    pings(how=options(dry_run=True))
    assert heard(web) == ["/start", ""]
    with pytest.raises(SourceUnavailable):
        pings(source=tmp_path / "gone.json")
    assert heard(web)[2:] == ["/start", "/fail"]
    with pytest.raises(StoreError):
        pings(broken_store(store, reads=False))
    assert heard(web)[4:] == ["/fail"]


def test_the_signal_goes_into_the_path_of_a_url_that_has_a_query(
    web: WebServer, tmp_path: Path
) -> None:
    store, source = published_store(tmp_path)
    run(store, source, PING_URL=f"{web.url}{SECRET}/?create=1")
    assert heard(web) == ["/start?create=1", "/?create=1"]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(status=500),
        Reply(reset=True),
        Reply(hold=True),
        Reply(status=302, headers={"Location": "http://127.0.0.1:9/s3cret"}),
        Reply(raw=b"no HTTP\r\n\r\n"),
    ],
    ids=["404", "500", "reset", "no answer", "astray", "no HTTP"],
)
def test_a_ping_that_fails_is_logged_without_its_url_and_no_run_fails_by_it(
    web: WebServer,
    reply: Reply,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[str]],
) -> None:
    monkeypatch.setattr("etl.alerts.ping.LIMIT_S", 0.2)
    web.on(SECRET, reply)
    store, source = published_store(tmp_path)
    assert run(store, source, PING_URL=web.url + SECRET).outcome == "unchanged"
    (line,) = [line for line in lines() if line.startswith("alert.ping_failed")]
    assert "signal=success" in line
    assert "s3cret" not in "\n".join(lines())
    assert not any(b"s3cret" in body for body in contents(store).values())


def test_the_demo_tells_nobody(
    web: WebServer, sns: Sns, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    from etl.cli.demo import demonstrate

    chosen = settings("x", **TOLD, PING_URL=web.url + SECRET)
    demonstrate(replace(chosen, store=replace(chosen.store, output_dir=tmp_path / "out")))
    assert web.requests == []
    assert sns.actions == []
    assert "alerts.json" not in snapshot(tmp_path / "out")
    assert "made-up" in capsys.readouterr().out


def test_a_lost_run_is_told_with_the_way_to_its_cause(box: Mailbox, tmp_path: Path) -> None:
    teller = Teller(settings("x", **TOLD), MemoryStore(), Handover(2, NOW))
    teller.failed_unrecorded(Failure("Lost", "killed from outside"), NOW)
    (came,) = box.read()
    assert "Lost: killed from outside" in came["Message"]
    assert "take a larger dyno" in came["Message"]
