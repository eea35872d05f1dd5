"""feed.xml: the history for feed readers (Atom, RFC 4287), one entry per published run. Pure."""

import xml.etree.ElementTree as ET
from datetime import datetime
from itertools import pairwise
from uuid import NAMESPACE_URL, uuid5

from etl.extract.sources import SOURCES
from etl.history.history import History
from etl.history.record import Record
from etl.store.keys import content_type
from etl.store.layout import FEED, LATEST_CSV, MANIFEST, PAGE, at, run_key

ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 30


def atom(history: History, alternate: str = PAGE, public_url: str = "") -> bytes | None:
    """Return the feed of a history, newest first; None if nothing was ever published.

    Ids are made from run ids (urn:uuid), so they stay the same when the folder moves. Links are
    below `public_url` or, where it is empty, relative to the address of the feed (RFC 3986, without
    xml:base). `alternate` is the file that shows people the folder's data; a run's
    are shown by its page or, if it has none, by latest.csv.
    """
    runs = [record for record in history.records if record.outcome == "published"]
    if not runs:
        return None
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(feed, "id", text=_id(f"feed {runs[0].run_id}"))
    _add(feed, "title", text="Cloud ETL: what was published")
    _add(feed, "updated", text=_time(runs[-1].started_at))
    _add(ET.SubElement(feed, "author"), "name", text="Cloud ETL")
    _add(feed, "link", rel="self", type="application/atom+xml", href=at(public_url, FEED))
    shows = at(public_url, alternate)
    _add(feed, "link", rel="alternate", type=content_type(alternate), href=shows)
    pairs = [(None, runs[0]), *pairwise(runs)]
    for before, record in reversed(pairs[-ENTRIES:]):
        entry = _entry(record, before)
        shown = PAGE if record.page else LATEST_CSV
        # some readers follow an alternate only if it has no type, or that of HTML
        for rel, name, kind in (
            ("alternate", shown, {}),
            ("related", MANIFEST, {"type": "application/json"}),
        ):
            href = at(public_url, run_key(record.run_id, name))
            _add(entry, "link", rel=rel, href=href, **kind)
        feed.append(entry)
    ET.indent(feed, " ")
    document: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _entry(record: Record, before: Record | None) -> ET.Element:
    entry = ET.Element("entry")
    source = SOURCES.get(record.source)
    title = f"{record.series} {_level(record)} up to {record.source_last}"
    if source and source.notice:
        title = f"{source.notice} {title}"
    _add(entry, "id", text=_id(f"run {record.run_id}"))
    _add(entry, "title", text=title)
    _add(entry, "updated", text=_time(record.started_at))
    of_same_source = before if before and before.source == record.source else None
    sentences = [source.title if source else record.source, *_changes(record, of_same_source)]
    _add(entry, "summary", text=". ".join(sentences) + ".")
    if source:
        _add(entry, "rights", text=f"{source.attribution}; licence: {source.licence}")
    return entry


def _changes(record: Record, before: Record | None) -> list[str]:
    """Describe what was published and how it differs from the run before, in sentences."""
    figures = []
    for name, what in (("rows", "rows"), ("series", _level(record))):
        now, was = getattr(record, name), getattr(before, name, None)
        more = "" if was is None or now is None else f" ({now - was:+,})"
        figures.append(f"{now or 0:,} {what}{more}")
    sentences = [", ".join(figures)]
    last = f"The source's last date is {record.source_last}"
    if before and before.source_last and record.source_last:
        last += f" (before: {before.source_last})"
    sentences.append(last)
    if record.restated is not None:
        sentences.append(f"Published cells that the source restated: {record.restated:,}")
    if record.warnings or record.forced:
        sentences.append(f"Warnings: {len(record.warnings + record.forced)}")
    return sentences


def _level(record: Record) -> str:
    """Return what the run's series are: countries, regions or places."""
    source = SOURCES.get(record.source)
    return source.level if source else "countries"


def _add(parent: ET.Element, name: str, *, text: str | None = None, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = text


def _id(what: str) -> str:
    return uuid5(NAMESPACE_URL, f"tag:cloud-etl,2026:{what}").urn


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
