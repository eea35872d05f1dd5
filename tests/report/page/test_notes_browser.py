"""The notes beside the chart: silent and weekly series, gaps, series that ended, what is summed."""

from pathlib import Path

from dev.bench.browser import Browser
from tests.report.page.test_silent_series import publish_who
from tests.support.runs import contents


def notes(browser: Browser) -> list[str]:
    return browser.texts("#chart-notes li")


def test_silent_weekly_and_ended_series_are_called_so(
    browser: Browser, tmp_path: Path, folder: Path
) -> None:
    def new(code: str, at: int) -> int | None:
        return (700 if at % 7 == 0 else None) if code == "FR" else (70 if at < 20 else None)

    for name, content in contents(publish_who(tmp_path, new)).items():
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    browser.open((tmp_path / "out" / "index.html").as_uri() + "#chart=spain&with=france&with=")
    shown = notes(browser)
    assert "France: the source reports once a week." in shown
    silent = "Spain: silent since 20 Jan 2020. The source repeats its last total"
    assert any(note.startswith(silent) for note in shown)
    assert any(note.startswith("World: the sum of 2 series") for note in shown)
    browser.open(f"{folder.as_uri()}/index.html#chart=congo&measure=case_fatality")
    assert any(note.startswith("Congo: this series ended on ") for note in notes(browser))
    assert any("from 100 confirmed cases on" in note for note in notes(browser))
    assert browser.errors() == []
