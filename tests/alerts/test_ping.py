"""The dead-man's switch: a request at a run's start and at its end."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.alerts.teller import Teller
from etl.errors import SourceUnavailable, StoreError
from etl.history.record import Failure
from etl.history.run import Options
from etl.store import Store
from etl.store.memory import MemoryStore
from etl.worker.handover import Handover
from tests.support.processes import snapshot
from tests.support.runs import NOW, contents, published_store, run, settings
from tests.support.sns_server import Mailbox, Sns
from tests.support.telling import HOUR, MINUTE, QUIET, TOLD, broken_store, options, tells
from tests.support.web_server import Reply, WebServer, web_server

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
    late = Options(if_due=True, sleep=lambda seconds: None)
    tells(store, source, NOW + HOUR, late, ALERT_TOPIC="", PING_URL=web.url + SECRET)  # not due
    pings(how=options(dry_run=True))
    assert heard(web) == ["/start", ""]
    with pytest.raises(SourceUnavailable):
        pings(source=tmp_path / "gone.json")
    assert heard(web)[2:] == ["/start", "/fail"]
    with pytest.raises(StoreError):
        pings(broken_store(store, reads=False))
    assert heard(web)[4:] == ["/fail"]


def test_a_slot_that_is_done_is_told_after_failures_and_soon_after_a_success(
    web: WebServer, tmp_path: Path
) -> None:
    store, source = published_store(tmp_path)
    variables = {"ALERT_TOPIC": "", "PING_URL": web.url + SECRET}
    run(store, source)  # without a ping, as if the process had ended before it
    assert tells(store, source, NOW + MINUTE, options(if_due=True), **variables) == "not_due"
    assert heard(web) == [""]
    failed = options(if_due=True, handover=Handover(2, NOW))
    assert tells(store, source, NOW + 5 * HOUR, failed, **variables) == "not_due"
    assert heard(web) == ["", ""]


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
    teller.failed_unrecorded(Failure("Lost", "killed by the system"), NOW)
    (came,) = box.read()
    assert "Lost: killed by the system" in came["Message"]
    assert "use a larger dyno" in came["Message"]
