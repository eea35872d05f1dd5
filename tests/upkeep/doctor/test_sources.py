"""What the doctor says of the source and the country facts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.extract.sources import SOURCES
from etl.upkeep.doctor import sources
from etl.upkeep.doctor.finding import Finding
from tests.support.doctor import NOW
from tests.support.runs import settings as settings_for
from tests.support.s3_server import Answer, answering


def of_source(url: str, **variables: str) -> list[Finding]:
    return list(sources.source_findings(settings_for(url, **variables), NOW))


def serving(body: str, status: int = 200, **headers: str) -> Any:
    return answering(lambda answer: answer.reply(status, body, **headers))


def test_a_source_that_answers_is_shown_with_its_age_and_etag() -> None:
    fresh = "Sun, 28 Feb 2021 06:00:00 GMT"
    with serving("[]", Last_Modified=fresh, ETag='"1"') as url:
        [source, facts] = of_source(f"{url}/stats.json")
    assert source == Finding(
        "ok",
        f'the source: {url}/stats.json answers, Last-Modified 2021-02-28 06:00 UTC, ETag "1"',
    )
    assert facts.what == "no country facts are merged (COUNTRIES_URL is empty)"


def test_a_source_that_stands_still_is_a_warning() -> None:
    with serving("[]", Last_Modified="Tue, 16 Feb 2021 00:00:00 GMT") as url:
        assert of_source(url)[0].level == "ok"  # 13 days, and 14 are allowed
        [finding, _] = of_source(url, STALE_AFTER_DAYS="12")
    assert finding.level == "warning"
    assert "unchanged for 13 days" in finding.what


def broken_gzip(answer: Answer) -> None:
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\xff" * 20
    answer.send_response(200)
    answer.send_header("Content-Length", str(len(body)))
    answer.send_header("Content-Encoding", "gzip")
    answer.end_headers()
    answer.wfile.write(body)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (lambda answer: answer.reply(404), "HTTP status 404; is SOURCE_URL"),
        (lambda answer: answer.reply(503), "HTTP status 503"),
        (lambda answer: answer.reply(200, "\n <!DOCTYPE html>"), "it sends a web page, or nothing"),
        (lambda answer: answer.reply(200, ""), "it sends a web page, or nothing"),
        (broken_gzip, "Error -3 while decompressing"),
        (lambda answer: answer.reply(200, "[]", Last_Modified="yesterday"), ""),
    ],
)
def test_a_source_that_has_no_data_fails(reply: Callable[[Answer], None], expected: str) -> None:
    with answering(reply) as url:
        [finding, _] = of_source(f"{url}/stats.json?token=CANARY")
    assert finding.level == ("failed" if expected else "ok")
    assert expected in finding.what
    assert f"{url}/stats.json" in finding.what
    assert "CANARY" not in finding.what


def test_a_path_is_a_source_too(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    [missing, _] = of_source(str(path))
    assert missing.what == f"the source: {path}: No such file or directory"
    path.write_text("[]")
    assert of_source(str(path))[0].what == f"the source: {path} can be read, 2 bytes"
    assert of_source("ftp://host/stats.json")[0].level == "failed"


def test_each_document_of_a_source_of_several_is_looked_at(tmp_path: Path) -> None:
    for name in SOURCES["jhu"].files[:2]:
        (tmp_path / name).write_text("Province/State")
    *found, _ = of_source(str(tmp_path), SOURCE="jhu")
    assert [finding.level for finding in found] == ["ok", "ok", "failed"]
    assert found[2].what == (
        f"the source: {tmp_path}/{SOURCES['jhu'].files[2]}: No such file or directory"
    )


def test_facts_that_do_not_answer_are_only_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "stats.json"
    path.write_text("[]")
    with serving("no", 500) as url:
        [_, facts] = of_source(str(path), COUNTRIES_URL=url)
    assert (facts.level, facts.step[:19]) == ("warning", "check COUNTRIES_URL")


def test_tables_of_ones_own_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "beds.csv").write_text("iso,beds\nESP,3\n")
    with serving("<html>") as url:
        tables = f"{tmp_path / 'beds.csv'} vax={url}/v.csv"
        _, beds, vax, _ = of_source(str(tmp_path / "beds.csv"), TABLES=tables)
    assert (beds.level, beds.what[:12]) == ("ok", "table beds: ")
    assert (vax.level, vax.step[:12]) == ("warning", "check TABLES")
