"""The form by which readers write: what it lets through, where it is, which languages it speaks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config import read_settings
from etl.inbox import form, form_page
from etl.inbox.form_page import Way
from etl.load.rewrite_links import rewrite
from etl.settings.languages import NAMES
from etl.store import Store, Upload
from etl.store.layout import FORM, INCOMING
from etl.store.s3.setup.policy import PUBLIC
from etl.store.s3.signed_links import S3Signer
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.feedback import data, post
from tests.support.language_server import Languages, language_server
from tests.support.letters import jpeg
from tests.support.logged import Logged
from tests.support.page_reader import Element, read_page
from tests.support.runs import NOW, assert_settled, contents, growing, run
from tests.support.s3_server import SECRET_KEY, answering, s3_error, use
from tests.support.web import fetch

DAY = timedelta(days=1)
WILD = '</script><script>alert(1)</script> & "quoted" {{ 7 * 7 }}'


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    """Beside a desk it comes after that, which begins without any endpoint."""
    with language_server(monkeypatch) as found:
        yield found


@pytest.fixture
def inbox_on(local_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX", "on")


def shared(desk: Desk, *options: str) -> str:
    said = desk("share", "--inbox", *options)
    assert said.status == 0, said.err
    (link,) = said.out.splitlines()
    answer = fetch(link)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


# ---- what it lets through


@pytest.mark.usefixtures("inbox_on")
def test_what_is_sent_by_the_form_is_read(s3_desk: Desk, services: Languages) -> None:
    ways = data(shared(s3_desk, "--expires", "7d"))["ways"]
    assert post(ways["remark"], "1-remark", b"Las cifras son wrong").status_code == 204
    photo = jpeg()
    image = {"Content-Type": "image/jpeg"}
    assert post(ways["picture"], "1-picture", photo, **image).status_code == 204
    assert [e.key for e in s3_desk.store.list(INCOMING)] == [
        f"{INCOMING}1-picture",
        f"{INCOMING}1-remark",
    ]
    read = s3_desk("inbox", "--json").json()
    assert {letter["kind"] for letter in read["letters"]} == {"text", "picture"}
    assert len(services.calls) == 4
    assert list(s3_desk.store.list(INCOMING)) == []
    assert s3_desk("inbox", "--list", "--json").json() == read


@pytest.mark.usefixtures("inbox_on")
def test_the_server_holds_the_form_to_its_folder_sizes_types_and_time(real_desk: Desk) -> None:
    store = real_desk.store
    store.write(Upload("manifest.json", b"mine"))
    ways = data(shared(real_desk))["ways"]
    remark, picture = ways["remark"], ways["picture"]
    image = {"Content-Type": "image/png"}
    refused = {
        "long": post(remark, "long", b"x" * 5_001),
        "empty": post(remark, "empty", b""),
        "large": post(picture, "large", bytes(15_000_001), **image),
        "page": post(remark, "page", b"x", **{"Content-Type": "text/html"}),
        "movie": post(picture, "movie", b"x", **{"Content-Type": "video/mp4"}),
        "result": post(remark, "x", b"x", key="covid/inbox/results/x.json"),
        "manifest": post(remark, "x", b"x", key="covid/manifest.json"),
        "up": post(remark, "../../manifest.json", b"x"),
        "tampered": post(remark, "x", b"x", **{"x-amz-date": "20260101T000000Z"}),
    }
    assert {name for name, answer in refused.items() if answer.status_code < 400} == set()
    assert {e.key for e in store.list("inbox/")} == set()
    stored = store.read("manifest.json")
    assert stored is not None
    assert stored.body == b"mine"
    assert post(picture, "fits", bytes(15_000_000), **image).status_code == 204
    signer = store.signer()
    assert signer
    old = signer.post(INCOMING, "text/plain; charset=utf-8", 9, timedelta(seconds=-5))
    assert post({"url": old.url, "fields": old.fields}, "late", b"x").status_code == 403


def test_a_form_on_aws_goes_to_the_bucket_s_own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
    for bucket, host in (
        ("my-news", "https://my-news.s3.eu-west-1.amazonaws.com"),
        ("my.news", "https://s3.eu-west-1.amazonaws.com/my.news"),
    ):
        monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        store = S3Store.connect(bucket, "covid")
        made = S3Signer(store.client, bucket, "covid/", "eu-west-1").post(
            INCOMING, "image/", 9, DAY
        )
        assert made.url.rstrip("/") == host
        assert made.fields["key"] == "covid/inbox/incoming/${filename}"
        assert SECRET_KEY not in repr(made)
        assert made.fields["policy"] not in repr(made)


# ---- `share --inbox`, as people meet it


def test_a_form_can_be_handed_out_while_the_inbox_is_off_and_says_so(moto_desk: Desk) -> None:
    said = moto_desk("share", "--inbox")
    assert said.status == 0
    assert "warning: INBOX is off" in said.err
    assert fetch(said.out.strip()).status_code == 200


@pytest.mark.usefixtures("inbox_on")
def test_a_form_lasts_as_long_as_is_said_and_prune_knows_it(moto_desk: Desk) -> None:
    before = datetime.now(UTC)
    html = shared(moto_desk, "--expires", "2d")
    until = datetime.fromisoformat(data(html)["until"])
    assert timedelta(days=2) <= until - before < timedelta(days=2, minutes=1)
    (key,) = [e.key for e in moto_desk.store.list("_shared/")]
    assert re.fullmatch(rf"_shared/{until:%Y-%m-%d}T\d{{6}}Z-[0-9a-f]{{16}}/feedback\.html", key)
    assert moto_desk("share", "--inbox", "--expires", "8d").status == 2


def test_a_folder_of_this_machine_has_neither_form_nor_inbox(
    local_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert local_desk("share", "--inbox").status == 1
    assert "no letters" in local_desk("inbox", "--list").out
    off = local_desk("inbox")
    assert off.status == 2
    assert "INBOX: off" in off.err
    monkeypatch.setenv("INBOX", "on")
    for arguments in (["inbox"], ["run"], ["share", "--inbox"]):
        said = local_desk(*arguments)
        assert said.status == 2
        assert "INBOX: on needs S3_BUCKET" in said.err


@pytest.mark.usefixtures("inbox_on")
def test_temporary_credentials_say_that_the_form_dies_with_them(
    moto_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "made-up-token")
    said = moto_desk("share", "--inbox")
    assert "the credentials are temporary" in said.err
    assert "made-up-token" not in said.err


# ---- the table


@pytest.mark.usefixtures("inbox_on")
def test_the_table_shows_strangers_words_without_what_a_terminal_obeys(
    moto_desk: Desk, services: Languages
) -> None:
    wild = "wrong \u202e\x1b[2J[bold]=cmd|' /C calc'!A0\u2028{x}".encode()
    moto_desk.store.write(Upload(f"{INCOMING}1", wild))
    moto_desk.store.write(Upload(f"{INCOMING}2", b"GIF89a"))
    said = moto_desk("inbox")
    assert said.status == 0
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u2028]", said.out)
    assert "[BOLD]=CMD" in said.out
    assert "negative" in said.out
    assert "contents: it is a GIF" in " ".join(said.out.split())
    assert moto_desk("inbox", "--list").out == said.out
    assert moto_desk("inbox").out == f"s3://{moto_desk.store.address[5:]}: no letters\n"


@pytest.mark.usefixtures("inbox_on")
def test_what_waits_is_in_the_table_with_why(moto_desk: Desk, services: Languages) -> None:
    services.refuse = (400, "AccessDeniedException", "no")
    moto_desk.store.write(Upload(f"{INCOMING}1", b"Hola, amigos"))
    said = moto_desk("inbox")
    assert said.status == 0
    waits = "waits: the language's name: access denied; allow comprehend:DetectDominantLanguage"
    assert waits in " ".join(said.out.split())
    assert "inbox.refused" in said.err
    assert waits in " ".join(moto_desk("inbox", "--list").out.split())


# ---- beside the page


def inbox_settings(store: S3Store, **over: str) -> Any:
    return read_settings({"S3_BUCKET": store.bucket, "INBOX": "on", **over})


def renew(settings: Any, store: Store, now: datetime) -> None:
    form.renew(settings.inbox, settings.alerts.translate_to, store, now)


def form_of(store: Store) -> bytes:
    stored = store.read(FORM)
    assert stored is not None
    return stored.body


@pytest.fixture
def s3(moto_desk: Desk) -> S3Store:
    assert isinstance(moto_desk.store, S3Store)
    return moto_desk.store


def test_the_form_is_made_once_a_day_and_each_time_with_credentials_that_end(
    s3: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    renew(inbox_settings(s3), s3, now)
    first = form_of(s3)
    renew(inbox_settings(s3), s3, now + timedelta(hours=19))
    assert form_of(s3) == first
    renew(inbox_settings(s3), s3, now + timedelta(hours=21))
    second = form_of(s3)
    assert second != first
    monkeypatch.setenv("AWS_SESSION_TOKEN", "made-up-token")
    temporary = S3Store.connect(s3.bucket, s3.folder)
    renew(inbox_settings(s3), temporary, now)
    assert form_of(s3) != second
    temporary.client.close()


def test_without_the_setting_there_is_no_form_and_a_failure_is_only_said(
    s3: S3Store, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    renew(read_settings({"S3_BUCKET": s3.bucket}), s3, NOW)
    assert s3.read(FORM) is None
    with answering(s3_error(403, "AccessDenied")) as url:
        use(monkeypatch, url)
        renew(inbox_settings(s3), S3Store.connect(s3.bucket, "covid"), NOW)
    assert [line.split()[0] for line in logged.text.splitlines()] == ["inbox.form_failed"]


def test_a_run_puts_the_form_beside_a_page_that_links_to_it(s3: S3Store, tmp_path: Path) -> None:
    source = tmp_path / "stats.json"
    source.write_bytes(growing(20))
    on: Any = {"S3_BUCKET": s3.bucket, "INBOX": "on"}
    assert run(s3, source, now=NOW - DAY).outcome == "published"
    assert FORM not in contents(s3)
    assert "feedback" not in contents(s3)["index.html"].decode()
    assert run(s3, source, **on).outcome == "published"
    objects = contents(s3)
    body = objects.pop(FORM)
    links = [a.attributes["href"] for a in read_page(objects["index.html"].decode()).all("a")]
    assert [link for link in links if "feedback" in link] == ["feedback.html#en"]
    # it is no part of the version, and no other file tells of it
    manifest = assert_settled(objects)
    assert FORM not in {file["name"] for file in manifest["files"]}
    telling = [key for key, told in objects.items() if b"feedback.html" in told]
    assert {key.rpartition("/")[2] for key in telling} == {"index.html"}
    assert [key for key, told in objects.items() if b"inbox/incoming" in told] == []
    key = data(body.decode())["ways"]["remark"]["fields"]["key"]
    assert key == "covid/inbox/incoming/${filename}"
    assert run(s3, source, now=NOW + DAY, **on).outcome == "unchanged"
    assert run(s3, source, now=NOW + 2 * DAY).outcome == "published"
    assert "feedback" not in contents(s3)["index.html"].decode()


def test_the_page_that_is_shared_leads_to_the_form_too(s3: S3Store) -> None:
    html = '<a href="feedback.html#es">Tell us</a>'
    signed = rewrite(html, lambda name: f"https://signed/{name}?x=1")
    assert 'href="https://signed/feedback.html?x=1#es"' in signed


def test_of_all_the_inbox_the_form_alone_is_public() -> None:
    assert FORM in PUBLIC
    assert [pattern for pattern in PUBLIC if "inbox" in pattern] == []


# ---- its languages


def test_the_form_speaks_the_page_s_languages_each_asked_for_once(
    s3: S3Store, services: Languages
) -> None:
    use_s3 = inbox_settings(s3, TRANSLATE_TO="es,ca")
    renew(use_s3, s3, datetime.now(UTC))
    html = form_of(s3).decode()
    found = data(html)["texts"]
    assert set(found) == {"es", "ca"}
    said = [element.text for element in read_page(html).all("span", **{"data-say": ""})]
    assert len(said) > 20
    assert set(said) == set(form_page.sentences())
    assert all(set(known) == set(said) for known in found.values())
    options = read_page(html).all("option")
    assert [(o.attributes["value"], o.text) for o in options] == [
        (code, NAMES[code]) for code in ("en", "es", "ca")
    ]
    before = len(services.asked)
    assert before == 2 * len(set(said))
    renew(use_s3, s3, datetime.now(UTC) + DAY)
    assert len(services.asked) == before


def test_a_language_that_cannot_be_had_is_left_out(
    s3: S3Store, services: Languages, logged: Logged
) -> None:
    services.refuse = (400, "AccessDeniedException", "no")
    renew(inbox_settings(s3, TRANSLATE_TO="es"), s3, datetime.now(UTC))
    html = form_of(s3).decode()
    assert data(html)["texts"] == {}
    assert read_page(html).all("option") == []
    assert logged.lines("page.untranslated")


def test_whatever_stands_in_it_the_page_is_whole() -> None:
    way = Way(f"https://x.example/{WILD}", {"key": WILD, "policy": WILD}, 15_000_000)
    texts = {"es": dict.fromkeys(form_page.sentences(), WILD)}
    html = form_page.page(way, way, texts, NOW).decode()
    scripts = read_page(html).all("script")
    assert len(scripts) == 2
    assert data(html)["texts"]["es"][form_page.sentences()[0]] == WILD
    assert data(html)["ways"]["remark"]["fields"]["key"] == WILD
    assert "https://" not in html.replace("https://x.example", "")  # nothing from another host


def test_every_field_of_the_form_has_its_label() -> None:
    way = Way("https://x.example/", {}, 15_000_000)
    found: Element = read_page(form_page.page(way, way, {}, NOW).decode())
    labels = {label.attributes["for"] for label in found.all("label")}
    fields = found.all("textarea") + found.all("input")
    assert {field.attributes["id"] for field in fields} == labels
    assert "15.0 MB" in found.one("form").text
    assert "needs JavaScript" in found.one("noscript").text
