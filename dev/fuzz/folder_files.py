"""Sound files of the worker's own, as they are in the folder; the fuzzer edits them."""

from etl.store.layout import LATEST_JSON, PAGE, run_key

RUN, BEFORE = "2026-01-02T060000Z-0a1b", "2026-01-01T060000Z-0a1c"
LETTER = "2026-01-02T050000Z-0123456789abcdef"


def _record(run_id: str, **more: object) -> dict[str, object]:
    at = f"{run_id[:10]}T06:00:00Z"
    plain = {"run_id": run_id, "slot": run_id[:10], "started_at": at, "source": "coviddata"}
    return {**plain, "outcome": "failed", **more}


SEEN = {"fingerprint": "f", "documents": [{"sha256": "a", "etag": "e"}], "facts_sha256": "b"}
PAST = {
    "records": [
        _record(
            BEFORE, outcome="published", published_run=BEFORE, seen=SEEN, source_last="2025-12-31"
        ),
        _record(
            RUN,
            failure={"kind": "SourceUnavailable", "message": "HTTP status 503"},
            first_failed_at="2026-01-02T06:00:00Z",
            attempts=3,
            kept=[{"key": f"raw/{RUN}/stats.json.gz", "sha256": "c"}],
            warnings=["w"],
        ),
    ],
    "format": 1,
}
PUBLISHED = {
    "run_id": BEFORE,
    "slot": "2026-01-01",
    "started_at": "2026-01-01T06:00:00Z",
    "source": {
        **{name: "x" for name in ("name", "title", "attribution", "licence")},
        **{"rows": 9, "countries": 3, "first_date": "2025-12-29", "last_date": "2025-12-31"},
    },
    "settings": {"OUTPUTS": "page"},
    "fingerprint": "f",
    "inputs": [
        {
            **{"name": "statistics", "url": "u", "key": f"raw/{BEFORE}/stats.json.gz"},
            **{"bytes": 2, "sha256": "a"},
        }
    ],
    "files": [
        {"name": name, "key": run_key(BEFORE, name), "bytes": 1, "sha256": "a", "rows": 1}
        for name in (PAGE, LATEST_JSON, "countries/ESP.json")
    ],
    "checks": {
        **{"warnings": [], "forced": [], "corrections": {}, "stale_series": ["spain"]},
        **{"unmatched": {"facts": ["x"]}, "restated": {"cells": 1, "compared": 9, "most": []}},
    },
    "previous": {"run_id": "2025-12-31T060000Z-0a1d", "sha256": "d"},
    "totals": {"cases": {"spain": 1}},
}
SNAPSHOT = "2025-11-01T060000Z-0123456789ab"
ARCHIVE = {
    "imported": [
        {
            **{"run_id": SNAPSHOT, "slot": "2025-11-01", "source": "coviddata", "origin": "o"},
            "statistics": [{"key": f"raw/{SNAPSHOT}/stats.json.gz", "sha256": "a"}],
            "imported_at": "2026-01-01T00:00:00Z",
        }
    ],
    "rebuilt": [
        {
            **{"run_id": SNAPSHOT, "snapshot": SNAPSHOT, "slot": "2025-11-01", "source": "x"},
            **{"fingerprint": "f", "made_at": "2026-01-01T00:00:00Z", "digests": ["a"]},
            **{"facts_sha256": None, "rows": 1, "countries": 1},
            **{"first_date": "2025-01-01", "last_date": "2025-10-31"},
        }
    ],
}
ALERT = {
    **{"id": "failed-2026", "event": "failed", "at": "2026-01-02T06:00:00Z", "page": PAGE},
    "values": {
        **{"slot": "2026-01-02", "attempts": "3", "since": "s", "kind": "k", "error": "e"},
        **{"published": "p", "source_last": "2025-12-31"},
    },
    "items": ["i"],
}
REMEMBERED = {
    "incident": {"since": "2026-01-02T06:00:00Z", "told": ["failed"]},
    **{"stale_told": "2026-01-01", "judged": BEFORE, "over": {"* new_cases > 5": ["spain"]}},
    "waiting": [{"alert": ALERT, "languages": ["en"], "tries": 1, "error": "e"}],
    "sent": [{"id": "stale-1", "at": "2026-01-01T06:00:00Z", "outcome": "sent"}],
}
KNOWN = {
    **{"id": LETTER, "key": "inbox/incoming/a", "received_at": "2026-01-02T05:00:00Z"},
    **{"size": 9, "kind": "text", "text": "hello", "notes": {"mood": "m"}, "look": ["text"]},
    **{"labels": [{"name": "Cat", "confidence": 99.5}], "read_at": "2026-01-02T06:00:00Z"},
}
PROGRESS = {
    **{"id": LETTER, "key": "inbox/incoming/a", "received_at": "2026-01-02T05:00:00Z"},
    **{"size": 9, "claimed_at": "2026-01-02T06:00:00Z", "claimed_by": "x", "claims": 1},
    **{"letter": KNOWN, "why": "w", "refused": 1},
}
ROW = {
    **{"country_key": "spain", "country": "Spain", "iso3": "ESP", "iso2": "ES", "file": "c/E.json"},
    **{"date": "2025-12-31", "new_cases": 9, "cases_7d_avg": 1.5},
}


LIST, LISTED = {"countries": [ROW]}, run_key(RUN, "countries.json")
SERIES_KEY = run_key(RUN, "c/E.json")
SERIES = {"date": ["2025-12-31"], "new_cases": [9]}
