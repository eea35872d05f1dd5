"""From alerts.json to the readers: languages, what could not be sent, the link."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from threading import Barrier, Thread
from uuid import uuid4

import boto3
import pytest
import requests

from etl.alerts.outbox import page_link
from etl.alerts.teller import Teller
from etl.history import history
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from etl.worker.handover import Handover
from tests.support.language_server import Languages, capitals
from tests.support.runs import NOW, growing, published_store, run, settings
from tests.support.s3_server import use
from tests.support.sns_server import ARN, Mailbox, Sns, attributes
from tests.support.stores import Wrapped
from tests.support.telling import (
    DAY,
    HOUR,
    MINUTE,
    TOLD,
    fails,
    fails_three_times,
    handed,
    ids,
    state,
    tells,
)

# ---- languages


def test_each_language_is_told_once_to_those_who_read_it(
    sns: Sns, languages: Languages, tmp_path: Path
) -> None:
    boxes = {language: sns.mailbox(language, language) for language in ("en", "es", "ca")}
    store, source = published_store(tmp_path)
    fails_three_times(store, source, TRANSLATE_TO="es,ca")
    came = {language: box.read() for language, box in boxes.items()}
    assert {language: len(messages) for language, messages in came.items()} == {
        "en": 1,
        "es": 1,
        "ca": 1,
    }
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
    assert not any("keeps trying" in text for text in texts)  # which is known already


def test_where_translate_fails_the_original_goes_out_with_a_note(
    sns: Sns, languages: Languages, tmp_path: Path, lines: Callable[[], list[str]]
) -> None:
    languages.refuse = (400, "AccessDeniedException", "no")
    box = sns.mailbox("catalan", "ca")
    store, source = published_store(tmp_path)
    fails_three_times(store, source, TRANSLATE_TO="ca")
    (came,) = box.read()
    assert came["Message"].startswith("The daily run has been failing since")
    assert "This message could not be translated to ca; this is the original." in came["Message"]
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
        fails(store, source, NOW + n * MINUTE, handed(notes=tmp_path))
    assert waiting.exists()
    (line,) = [line for line in lines() if line.startswith("alert.failed")]
    assert f"allow sns:Publish on {ARN}" in line
    (pending,) = state(store)["waiting"]
    assert (pending["languages"], pending["tries"]) == (["en"], 1)
    assert "sns:Publish" in pending["error"]

    teller = Teller(settings(source, **TOLD), store, Handover(notes=tmp_path))
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
    assert (sent.count("PUT"), len(sent)) == (5, 17)


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
