"""The pages' translations in whole runs: asked for once, and left out where Translate fails."""

import re
from pathlib import Path

import pytest

from etl.history.run import Options
from etl.store import Store
from etl.store.directory import DirectoryStore
from etl.store.layout import TRANSLATIONS
from etl.store.memory import MemoryStore
from etl.store.s3.store import S3Store
from tests.support.language_server import Languages, language_server
from tests.support.logged import Logged
from tests.support.pages import DAY, page_of
from tests.support.runs import NOW, assert_settled, contents, growing, records, run
from tests.support.s3_server import use

REFUSED = (400, "AccessDeniedException", "not you")


def pages(store: Store) -> set[str]:
    return {key for key in contents(store) if key.startswith("index.")}


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_run_publishes_the_page_in_each_language_and_a_later_one_asks_for_nothing(
    kind: str,
    tmp_path: Path,
    source: Path,
    moto_s3: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(monkeypatch, moto_s3)
    store: Store = DirectoryStore(tmp_path / "out")
    if kind == "s3":
        store = S3Store.connect("pages-in-languages", "covid")
        store.client.create_bucket(Bucket=store.bucket)
    with language_server(monkeypatch) as translate:
        assert run(store, source, TRANSLATE_TO="es,ca").outcome == "published"
        manifest = assert_settled(contents(store))
        names = [file["name"] for file in manifest["files"]]
        assert names[-3:] == ["index.ca.html", "index.es.html", "index.html"]
        asked = len(translate.asked)
        assert asked == 2 * len({request["Text"] for request in translate.asked})

        for days in (21, 22):
            # the second version tells what changed: sentences of its own; the third, nothing new
            asked = len(translate.asked)
            source.write_bytes(growing(days))
            now = NOW + (days - 20) * DAY
            assert run(store, source, now=now, TRANSLATE_TO="es,ca").outcome == "published"
            assert_settled(contents(store))
        assert len(translate.asked) == asked


def test_without_other_languages_nothing_is_asked_linked_or_kept(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source)
    assert translate.asked == []
    assert pages(store) == {"index.html"}
    assert store.read(TRANSLATIONS) is None
    read = page_of(store, "en")
    assert read.all("nav", class_="languages") == []
    assert not any("hreflang" in link.attributes for link in read.all("link"))


def test_a_language_that_is_no_longer_wanted_goes_though_the_data_is_the_same(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="es,ca")
    assert run(store, source, now=NOW + DAY, TRANSLATE_TO="ca").outcome == "published"
    assert_settled(contents(store))
    assert pages(store) == {"index.html", "index.ca.html"}


def test_a_day_without_news_rewrites_no_page_of_any_language(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="es")
    before = contents(store)
    source.write_bytes(growing(20) + b"\n")
    assert run(store, source, now=NOW + 60 * DAY, TRANSLATE_TO="es").outcome == "unchanged"
    after = contents(store)
    # the page would have had to say that it is stale
    allowed = {"history.json", "status.json", TRANSLATIONS}
    assert {key for key in after if after[key] != before.get(key)} <= allowed


def test_a_dry_run_keeps_no_translation(source: Path, translate: Languages) -> None:
    store = MemoryStore()
    options = Options(dry_run=True)
    assert run(store, source, options=options, TRANSLATE_TO="es").outcome == "would_publish"
    assert contents(store) == {}


def test_a_page_that_cannot_be_translated_is_left_out_told_and_tried_again(
    source: Path, translate: Languages, logged: Logged
) -> None:
    store = MemoryStore()
    translate.refuse = REFUSED
    assert run(store, source, TRANSLATE_TO="es").outcome == "published"
    manifest = assert_settled(contents(store))
    told = "the page could not be translated to es"
    assert told in manifest["checks"]["warnings"]
    assert told in records(store)[-1]["warnings"]
    [line] = logged.lines("page.untranslated")
    assert "allow translate:TranslateText" in line
    assert pages(store) == {"index.html"}
    assert page_of(store, "en").all("a", hreflang="es") == []

    again = run(store, source, now=NOW + DAY, TRANSLATE_TO="es")
    assert again.outcome == "unchanged"
    assert told in records(store)[-1]["warnings"]

    translate.refuse = None
    assert run(store, source, now=NOW + 2 * DAY, TRANSLATE_TO="es").outcome == "published"
    assert_settled(contents(store))
    assert page_of(store, "en").all("a", hreflang="es") != []


def test_one_language_that_fails_takes_no_other_with_it(source: Path, translate: Languages) -> None:
    def without_blanks(text: str, language: str) -> str:
        return re.sub("<span.*?</span>", "", text) if language == "ca" else text

    translate.translate = without_blanks
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="ca,es")
    assert pages(store) == {"index.html", "index.es.html"}
    for language in ("en", "es"):
        links = page_of(store, language).one("nav", class_="languages").all("a")
        assert [link.attributes["lang"] for link in links] == ["en", "es"]
    manifest = assert_settled(contents(store))
    assert "the page could not be translated to ca" in manifest["checks"]["warnings"]


def test_a_translation_lost_on_a_day_without_news_takes_no_page_away(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="es")
    store.delete(TRANSLATIONS)
    translate.refuse = REFUSED
    source.write_bytes(growing(20) + b"\n")
    assert run(store, source, now=NOW + DAY, TRANSLATE_TO="es").outcome == "unchanged"
    assert pages(store) == {"index.html", "index.es.html"}
    # with news it goes: what it says is no longer so
    source.write_bytes(growing(21))
    assert run(store, source, now=NOW + 2 * DAY, TRANSLATE_TO="es").outcome == "published"
    assert_settled(contents(store))
    assert pages(store) == {"index.html"}
