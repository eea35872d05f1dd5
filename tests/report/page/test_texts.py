"""What the page says in another language."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from etl.extract.sources import SAMPLES
from etl.history.history import History
from etl.history.record import Failure, Record
from etl.history.run import Options
from etl.history.status import REASONS, Slot
from etl.report.page import assets, words
from etl.settings import languages
from etl.settings.languages import LANGUAGES
from etl.store import Upload
from etl.store.layout import TRANSLATIONS
from etl.store.memory import MemoryStore
from tests.support.language_server import Languages, capitals
from tests.support.page_reader import EMPTY, Element
from tests.support.pages import DAY, page_of
from tests.support.runs import NOW, assert_settled, contents, run

SAMPLE: dict[str, Any] = {
    "SOURCE": "sample",
    "COUNTRIES_URL": str(SAMPLES / "InfoPaisosExtra.xlsx"),
}
INNERMOST = re.compile(r"⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[^\W\d_]{2,}")
# what stands beside the sentences on purpose: names, codes, units
KEEPS = {"JSON", "SHA", "UTC", "MB", "kB", "InfoPaisosExtra", "Natural", "Earth", "uPlot"}


def test_the_pages_name_their_language_and_each_other(source: Path, translate: Languages) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="es,ar")
    files = {"en": "index.html", "es": "index.es.html", "ar": "index.ar.html"}
    for language in files:
        read = page_of(store, language)
        html = read.one("html")
        assert html.attributes["lang"] == language
        assert html.attributes.get("dir") == ("rtl" if language == "ar" else None)
        others = {
            link.attributes["hreflang"]: link.attributes["href"]
            for link in read.all("link")
            if "hreflang" in link.attributes
        }
        assert others == {**files, "x-default": "index.html"}
        chooser = read.one("nav", class_="languages")
        links = {link.attributes["lang"]: link for link in chooser.all("a")}
        assert {code: link.attributes["href"] for code, link in links.items()} == files
        assert [link.text for link in links.values()] == ["English", "español", "العربية"]
        here = [code for code, link in links.items() if "aria-current" in link.attributes]
        assert here == [language]


class Visible(HTMLParser):
    """What a reader of the page sees or hears in its language, but for names that are data."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        # the page itself has a language; within it, what is said to be in another
        other = "lang" in attributes and tag != "html"
        country = (attributes.get("href") or "").startswith(("#chart=", "countries/"))
        file = attributes.get("href") in words.MEANING
        skip = other or country or file or tag in ("script", "style", "code")
        told = {"title", "aria-label", "placeholder", "alt"}
        if attributes.get("name") == "description":
            told.add("content")
        self.texts += [value or "" for name, value in attrs if name in told]
        if tag not in EMPTY:
            self.open.append(skip)

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.texts.append(data)


def bare_words(html: str) -> set[str]:
    """The words outside of ⟦ ⟧, a sentence being one that may have others in its blanks."""
    reader = Visible()
    reader.feed(html)
    # a sentence may begin and end in different pieces: links stand within it
    text, before = "\n".join(reader.texts), ""
    while text != before:
        text, before = INNERMOST.sub("", text), text
    return set(WORD.findall(text))


def in_brackets(text: str, language: str) -> str:
    return f"⟦{text}⟧"


SLOTS = [
    Record(
        run_id="1",
        slot=(NOW - 3 * DAY).date(),
        started_at=NOW,
        outcome="failed",
        source="coviddata",
        failure=Failure("SourceUnavailable", ""),
    )
]


@pytest.mark.parametrize(
    ("variables", "later"),
    [
        (SAMPLE, 31 * DAY),
        ({}, 0 * DAY),
        ({}, 100 * DAY),  # stale, and nothing to rank
        ({"KEEP": "cumulative", "SINCE": "2021-01-02"}, 0 * DAY),  # no map
        ({"KEEP": "new", "COUNTRIES": "spain"}, 0 * DAY),
    ],
    ids=["sample", "plain", "stale", "cumulative", "new"],
)
def test_every_text_of_the_page_is_translated(
    source: Path, translate: Languages, variables: dict[str, Any], later: timedelta
) -> None:
    translate.translate = in_brackets
    store = MemoryStore()
    store.write(Upload("history.json", msgspec.json.encode(History(SLOTS))))
    origin = SAMPLES / "stats.json.gz" if variables is SAMPLE else source
    run(store, origin, now=NOW + later, TRANSLATE_TO="ca", **variables)
    objects = contents(store)
    html, english = objects["index.ca.html"].decode(), objects["index.html"].decode()
    assert html.count("⟦") > 100
    bare = bare_words(html)
    names = {row["country"] for row in json.loads(objects["countries.json"])["countries"]}
    known = KEEPS | {word for name in (*names, "Diamond Princess") for word in WORD.findall(name)}
    assert bare <= known, bare - known
    assert bare_words(english) - known  # this test can fail
    assert "⟦" not in english


def test_figures_names_links_and_codes_are_the_same_in_every_language(
    translate: Languages,
) -> None:
    translate.translate = capitals
    store = MemoryStore()
    run(store, SAMPLES / "stats.json.gz", now=NOW + 31 * DAY, TRANSLATE_TO="ca", **SAMPLE)
    english, catalan = page_of(store, "en"), page_of(store, "ca")

    def told(read: Element) -> list[list[str]]:
        rows = [row for row in read.one("table", id="table").all("tr") if row.all("td")]
        return [
            [link.attributes["href"] for link in read.all("a") if "lang" not in link.attributes],
            [cell.text for row in rows for cell in (*row.all("td"), *row.all("a"))],
            [figure.text for figure in read.one("dl", class_="figures").all("strong")],
            [code.text for code in read.all("code")],
            [link.text for link in read.one("table", id="bars").all("a")],
            re.findall(r"\d+", read.one("main").text),
        ]

    assert told(catalan) == told(english)
    assert catalan.one("h1").text == "ca: COVID-19 BY COUNTRY"
    assert catalan.one("p", class_="lead").all("time")[0].text == "ca: 24 FEBRUARY 2021"


def test_the_run_s_own_warnings_stay_as_they_are_and_say_their_language(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="ca", COUNTRIES="spain,atlantis")
    warning = "COUNTRIES: nothing matches 'atlantis'"
    lines = page_of(store, "ca").one("section", id="runs").all("li", lang="en")
    assert warning in [line.text for line in lines]


def texts_of(read: Element) -> dict[str, str]:
    found: dict[str, str] = json.loads(read.one("script", id="texts").text)
    return found


def test_the_script_gets_all_its_texts_and_those_of_the_slots_to_come(
    source: Path, translate: Languages
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="ca")
    texts = texts_of(page_of(store, "ca"))
    assert texts.keys() == {*assets.sentences(), *words.OUTCOMES, *REASONS}
    assert texts["{shown} of {all} countries"] == "ca: {shown} OF {all} COUNTRIES"
    assert page_of(store, "en").all("script", id="texts") == []


def test_whatever_the_script_says_is_one_of_its_texts() -> None:
    code = re.sub(
        r"^\s*//.*$",
        "",
        (assets.own_js("page") + assets.own_js("alone")).decode(),
        flags=re.MULTILINE,
    )
    said = re.sub(r'\b_\(\s*"[^"\\]+"', "", code)
    literals = re.findall(r'"([^"\n]*)"|`([^`]*)`', said)
    sentences = [a or b for a, b in literals if re.search(r"[A-Za-z]{2,} [a-z]{2,}", a or b)]
    assert sentences == ["use strict"] * 2
    assert len(assets.sentences()) > 15
    dynamic = re.findall(r"\b_\(([^\"(][^)]*)\)", said)
    assert {*dynamic} == {"outcome", "why", "meaning"}


def test_each_language_has_a_name_and_each_outcome_a_meaning() -> None:
    assert languages.NAMES.keys() == LANGUAGES
    assert languages.RIGHT_TO_LEFT < LANGUAGES
    assert set(words.OUTCOMES) == set(get_args(get_type_hints(Slot)["outcome"]))


@pytest.mark.parametrize(
    "wild", ['"><script>alert(1)</script>', "</script><img src=x>", "100 % %(date)s {figure} \\1"]
)
def test_a_translation_stays_text_whatever_somebody_wrote_into_the_folder(
    source: Path, translate: Languages, wild: str
) -> None:
    store = MemoryStore()
    run(store, source, TRANSLATE_TO="es")
    kept = json.loads(contents(store)[TRANSLATIONS])
    store.write(Upload(TRANSLATIONS, json.dumps({"es": dict.fromkeys(kept["es"], wild)}).encode()))
    options = Options(force=True)
    assert run(store, source, options=options, TRANSLATE_TO="es").outcome == "published"
    assert_settled(contents(store))
    read = page_of(store, "es")
    assert read.all("img") == []
    assert len(read.all("script")) == 6
    assert read.one("h1").text == wild
    assert read.one("nav", class_="languages").attributes["aria-label"] == wild
    assert set(texts_of(read).values()) == {wild}
