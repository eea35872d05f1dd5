"""Links of a page put for others: those to files beside it, and not a byte more."""

import html
from html.parser import HTMLParser
from urllib.parse import quote as url_quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.load.rewrite_links import rewrite


def signed(name: str) -> str | None:
    return f"https://example.org/{name}?X-A=1&X-B=2" if name != "unknown" else None


def test_every_link_to_a_file_beside_the_page_is_put_for_another() -> None:
    page = """<!doctype html>
<html lang="en"><head><link rel="stylesheet" href="assets/page-0123.css">
<script src='assets/page-0123.js' defer></script></head>
<body><a class="file" href="latest.csv" download>latest</a> <img alt="" src=map.svg>
<A HREF = "./countries/C%C3%B4te%20d&#39;Ivoire.json#top">Côte</A></body></html>
"""
    expected = (
        page.replace(
            '"assets/page-0123.css"', '"https://example.org/assets/page-0123.css?X-A=1&amp;X-B=2"'
        )
        .replace(
            "'assets/page-0123.js'", '"https://example.org/assets/page-0123.js?X-A=1&amp;X-B=2"'
        )
        .replace('"latest.csv"', '"https://example.org/latest.csv?X-A=1&amp;X-B=2"')
        .replace("src=map.svg", 'src="https://example.org/map.svg?X-A=1&amp;X-B=2"')
        .replace(
            '"./countries/C%C3%B4te%20d&#39;Ivoire.json#top"',
            '"https://example.org/countries/Côte d&#x27;Ivoire.json?X-A=1&amp;X-B=2#top"',
        )
    )
    assert rewrite(page, signed) == expected


@pytest.mark.parametrize(
    "page",
    [
        '<a href="https://elsewhere.org/latest.csv">',
        '<a href="//elsewhere.org/latest.csv">',
        '<a href="#files">',
        '<a href="">',
        '<a href="?q=1">',
        '<a href="/latest.csv">',
        '<a href="../latest.csv">',
        '<a href="a/../../latest.csv">',
        '<a href="mailto:somebody@example.org">',
        '<a href="data:text/plain,latest.csv">',
        '<a href="http://[broken">',
        '<a href="unknown">',
        "<a href>",
        '<a data-href="latest.csv" title="href=&quot;latest.csv&quot;">',
        "<a title='see href=\"latest.csv\" there'>",
        '<!-- <a href="latest.csv"> -->',
        "<script>document.write('<a href=\"latest.csv\">')</script>",
        "<style>a::after { content: '<a href=\"latest.csv\">' }</style>",
        '<p>href="latest.csv"</p>',
        "</a href='latest.csv'>",
    ],
)
def test_all_else_stays_to_the_byte(page: str) -> None:
    assert rewrite(page, signed) == page
    assert rewrite(f"é\r\n\t{page}\n" * 3, signed) == f"é\r\n\t{page}\n" * 3


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))


NAMES = st.text(
    st.characters(exclude_characters="/\\?#:", codec="utf-8"), min_size=1, max_size=20
).filter(lambda name: name != "..")


@given(NAMES, st.text(max_size=20), st.sampled_from(['"', "'"]))
def test_whatever_the_text_a_browser_reads_the_new_link_and_the_same_rest(
    name: str, text: str, quote: str
) -> None:
    title = html.escape(text)
    title, link = f"title={quote}{title}{quote}", f"href={quote}assets/{url_quote(name)}{quote}"
    page = f"<p {title}>\n<a {title} {link}>{html.escape(text)}</a>"
    new = "https://example.org/?a=1&b=<\">'"
    reads = []
    for document in (page, rewrite(page, lambda _: new)):
        reader = Read()
        reader.feed(document)
        reader.close()
        reads.append(reader.seen)
    before, after = reads
    href = before[-1][1].pop(-1)
    assert href[0] == "href"
    assert after[-1][1].pop(-1) == ("href", new)
    assert before == after


@given(st.text(st.sampled_from("<>a hrefsrc=\"'/!-\n&;é")))
def test_no_page_is_too_broken(page: str) -> None:
    assert rewrite(page, lambda name: None) == page
    rewrite(page, lambda name: "new")
