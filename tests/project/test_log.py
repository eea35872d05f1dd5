import io
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import log
from etl.errors import SourceChanged
from etl.load.month import Month
from tests.support.logged import Logged, parse

HEROKU_CUTS_AT = 10_000  # bytes
BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where str.splitlines ends a line


@pytest.fixture
def written(logged: Logged) -> io.StringIO:
    """What is logged, from DEBUG on."""
    return logged.stream


# One line


def test_an_event_and_its_fields_are_one_logfmt_line() -> None:
    fields = {"rows": 66256, "seconds": 1.9, "source_last": date(2021, 2, 16)}
    assert log.line("run.published", fields) == (
        "run.published rows=66256 seconds=1.9 source_last=2021-02-16"
    )
    assert log.line("worker.stopped", {}) == "worker.stopped"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-5, "-5"),
        (1.23456789, "1.23457"),
        (0.1 + 0.2, "0.3"),
        ("plain", "plain"),
        ("s3://bucket/covid", "s3://bucket/covid"),
        (Path("a/b"), "a/b"),
        (["a", "b", 3], "a,b,3"),
        (("a", "b c"), '"a,b c"'),
        ((), '""'),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "no"', r'"say \"no\""'),
        ("back\\slash", r'"back\\slash"'),
        ("it's", '"it\'s"'),
        ("a\nb\r\nc", r'"a\nb\r\nc"'),
        ("tab\there", r'"tab\there"'),
        ("\x1b[31m", r'"\u001b[31m"'),
        ("Curaçao", '"Curaçao"'),
        ("日本", '"日本"'),
        ("a\u2028b\u2029c\x85d", r'"a\u2028b\u2029c\u0085d"'),
        ("a\u202eb\ufeffc\x7fd", r'"a\u202eb\ufeffc\u007fd"'),
        (Month(2026, 10), "2026-10"),
        ("half a pair \ud83d", r'"half a pair \ud83d"'),
        (SourceChanged(["one", "two"]), '"one; two"'),
    ],
)
def test_a_value_is_plain_where_it_can_be_and_quoted_where_it_must(
    value: object, written: str
) -> None:
    assert log.line("event", {"value": value}) == f"event value={written}"


@pytest.mark.parametrize("character", BREAKS)
def test_no_character_that_ends_a_line_gets_through(character: str) -> None:
    line = log.line("event", {"value": f"a{character}b"})
    assert line.splitlines() == [line]
    assert parse(line) == ("event", {"value": f"a{character}b"})


texts = st.text(st.characters() | st.sampled_from(BREAKS + '"\\= \t'), max_size=40)


@given(st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), texts, max_size=5))
def test_a_line_has_no_line_break_and_reads_back_as_it_was(fields: dict[str, str]) -> None:
    line = log.line("some.event", dict(fields))
    assert line.splitlines() == [line]
    line.encode("utf-8")
    assert parse(line) == ("some.event", fields)


# Never too long


@given(
    st.text(st.characters() | st.sampled_from(BREAKS + '"\\\ud83d💶'), min_size=1, max_size=20),
    st.integers(0, 30),
)
def test_a_line_never_has_10_000_bytes_and_reads_back_even_when_cut(text: str, more: int) -> None:
    value = "x" * more + text * 5000
    line = log.line("run.failed", {"kind": "SourceChanged", "error": value, "last": "gone"})
    assert len(line.encode("utf-8")) < HEROKU_CUTS_AT
    assert line.splitlines() == [line]
    event, fields = parse(line)
    assert (event, fields["kind"]) == ("run.failed", "SourceChanged")
    if fields.get("cut"):
        assert value.startswith(fields["error"])
        assert len(json.dumps(fields["error"])) > 5000
    else:
        assert fields == {"kind": "SourceChanged", "error": value, "last": "gone"}


def test_a_line_that_was_cut_says_so() -> None:
    line = log.line("event", {"error": "a b" * 4000})
    assert line.endswith('" cut=true')
    assert "cut" not in log.line("event", {"error": "a b" * 2000})
    plain = log.line("event", {"names": "x" * 20_000})
    assert parse(plain)[1]["cut"] == "true"


# As the worker logs


def test_info_has_no_level_and_the_others_name_theirs_first(written: io.StringIO) -> None:
    log.debug("run.step", step="load")
    log.info("run.published", rows=1)
    log.warning("worker.retry", failures=2)
    log.error("run.failed", error="no answer")
    assert written.getvalue().splitlines() == [
        "run.step level=debug step=load",
        "run.published rows=1",
        "worker.retry level=warning failures=2",
        'run.failed level=error error="no answer"',
    ]


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    log.set_up("WARNING", written)
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert written.getvalue() == "c level=warning\nd level=error\n"


def test_setting_up_twice_does_not_write_twice(written: io.StringIO) -> None:
    log.set_up("INFO", written)
    log.set_up("INFO", written)
    log.info("once")
    assert written.getvalue() == "once\n"


def test_lines_go_to_standard_error_unless_told_otherwise(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    log.set_up("INFO")
    log.info("hello")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "hello\n")


def test_without_a_set_up_warnings_and_errors_go_to_standard_error_and_the_rest_nowhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert capsys.readouterr().err == "c level=warning\nd level=error\n"


def test_each_line_names_the_source_where_there_are_several(written: io.StringIO) -> None:
    log.set_up("INFO", written, source="who")
    log.info("run.published", rows=1)
    log.warning("run.warning", source="owid")
    assert written.getvalue() == (
        "run.published source=who rows=1\nrun.warning level=warning source=owid\n"
    )


def test_a_line_is_written_in_one_call() -> None:
    class Calls(io.StringIO):
        def write(self, text: str) -> int:
            calls.append(text)
            return len(text)

    calls: list[str] = []
    log.set_up("INFO", Calls())
    log.info("event", rows=1)
    assert calls == ["event rows=1\n"]


def test_a_stream_that_is_closed_or_full_stops_nobody() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    closed = io.StringIO()
    closed.close()
    for stream in (closed, Full()):
        log.set_up("INFO", stream)
        log.error("run.failed")


def test_a_per_cent_sign_in_an_event_or_value_is_no_placeholder(written: io.StringIO) -> None:
    log.info("event", share="90%s", other="%d")
    assert written.getvalue() == "event share=90%s other=%d\n"


def test_a_traceback_is_folded_into_the_one_line(written: io.StringIO) -> None:
    try:
        try:
            raise KeyError("first")
        except KeyError as exc:
            raise RuntimeError('second\nof "two" lines') from exc
    except RuntimeError as exc:
        log.error("run.crashed", exc=exc, kind="RuntimeError")

    assert written.getvalue().count("\n") == 1
    event, fields = parse(written.getvalue().rstrip("\n"))
    assert (event, fields["level"], fields["kind"]) == ("run.crashed", "error", "RuntimeError")
    assert fields["traceback"].startswith("Traceback (most recent call last):\n")
    assert "KeyError: 'first'\n" in fields["traceback"]
    assert 'RuntimeError: second\nof "two" lines\n' in fields["traceback"]
    assert __file__ in fields["traceback"]


def test_without_an_exception_there_is_no_traceback(written: io.StringIO) -> None:
    log.error("run.failed", exc=None)
    assert written.getvalue() == "run.failed level=error\n"


def test_a_long_traceback_is_cut_and_still_one_line(written: io.StringIO) -> None:
    log.error("run.crashed", exc=RuntimeError("x\n" * 20_000), kind="RuntimeError")
    line = written.getvalue()
    assert line.count("\n") == 1
    assert len(line.encode()) < HEROKU_CUTS_AT
    assert parse(line.rstrip("\n"))[1]["cut"] == "true"


def test_half_a_character_does_not_break_a_stream_of_utf_8(written: io.StringIO) -> None:
    raw = io.BytesIO()
    log.set_up("INFO", io.TextIOWrapper(raw, encoding="utf-8", write_through=True))
    log.info("event", name=b"caf\xe9".decode("utf-8", "surrogateescape"))
    assert raw.getvalue() == b'event name="caf\\udce9"\n'
