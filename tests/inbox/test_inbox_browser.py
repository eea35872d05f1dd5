"""The form in a real browser, against S3 servers: what somebody types arrives and is read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.bench.browser import Browser
from etl.store.layout import INCOMING
from tests.support.browsers import audit
from tests.support.desk import Desk
from tests.support.language_server import Languages, language_server
from tests.support.letters import GIF, jpeg, pixels

ARRIVED = "Your letter has arrived. Thank you."


@pytest.fixture
def ready(s3_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Desk, Languages]]:
    """A bucket that `setup` has made ready for an inbox, and the services."""
    monkeypatch.setenv("INBOX", "on")
    monkeypatch.setenv("TRANSLATE_TO", "es,ar")
    with language_server(monkeypatch) as services:
        assert s3_desk("setup", "--yes").status == 0
        yield s3_desk, services


@pytest.fixture
def desk(moto_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("INBOX", "on")
    return moto_desk


def link(desk: Desk) -> str:
    said = desk("share", "--inbox", "--expires", "7d")
    assert said.status == 0
    return said.out.strip()


def told(browser: Browser, sentence: str) -> None:
    """Wait until the page says so to whoever reads or hears it."""
    browser.wait("return document.querySelector('output').textContent === arguments[0]", sentence)
    assert browser.one("output").get_attribute("role") == "status"


def fill(browser: Browser, remark: str = "", picture: Path | None = None) -> None:
    browser.one("#remark").clear()
    if remark:
        browser.one("#remark").send_keys(remark)
    if picture:
        browser.one("#picture").send_keys(str(picture))
    browser.one("form button").click()


def test_what_is_typed_and_chosen_arrives_and_is_read(
    browser: Browser, ready: tuple[Desk, Languages], tmp_path: Path
) -> None:
    desk, services = ready
    photo = tmp_path / "../photo of Ada's.jpg"
    photo.write_bytes(jpeg())
    browser.open(link(desk), ready=False)
    fill(browser, "Las cifras son wrong ¡todas!", photo.resolve())
    told(browser, ARRIVED)
    assert browser.errors() == []
    assert browser.one("#remark").get_attribute("value") == ""
    names = [entry.key.removeprefix(INCOMING) for entry in desk.store.list(INCOMING)]
    assert [name.partition("-")[2] for name in names] == ["picture", "remark"]
    assert len({name.partition("-")[0] for name in names}) == 1
    assert all(len(name.partition("-")[0]) == 32 for name in names)
    # once more, under another name
    fill(browser, "Y otra vez.")
    told(browser, ARRIVED)
    assert len(list(desk.store.list(INCOMING))) == 3
    read = desk("inbox", "--json").json()["letters"]
    assert sorted(letter.get("text", "") for letter in read) == [
        "",
        "Las cifras son wrong ¡todas!",
        "Y otra vez.",
    ]
    (picture,) = [letter for letter in read if letter["kind"] == "picture"]
    stored = desk.store.read(picture["picture"])
    assert stored is not None
    assert pixels(stored.body) == pixels(jpeg())
    assert services.calls.count("DetectLabels") == 1


def test_the_form_works_as_a_file_that_somebody_was_handed(
    browser: Browser, ready: tuple[Desk, Languages], tmp_path: Path
) -> None:
    desk, _ = ready
    link(desk)
    (key,) = [entry.key for entry in desk.store.list("_shared/")]
    handed = tmp_path / "form.html"
    assert desk.store.download(key, handed)
    browser.open(handed.as_uri(), ready=False)
    fill(browser, "From a disk.")
    told(browser, ARRIVED)
    assert browser.errors() == []


def test_the_server_refuses_what_goes_beyond_the_form_and_the_page_says_so(
    browser: Browser, real_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INBOX", "on")
    assert real_desk("setup", "--yes").status == 0
    browser.open(link(real_desk), ready=False)
    browser.run("document.querySelector('#remark').maxLength = 99999")
    browser.run("document.querySelector('#remark').value = 'x'.repeat(5001)")
    browser.one("form button").click()
    told(
        browser,
        "Your letter was refused. This form may have expired: load the page again, or ask "
        "for a new one.",
    )
    assert list(real_desk.store.list(INCOMING)) == []


def test_the_page_says_what_it_cannot_send_and_sends_nothing(
    browser: Browser, desk: Desk, tmp_path: Path
) -> None:
    browser.open(link(desk), ready=False)
    fill(browser)
    told(browser, "Write a remark, or choose a picture.")
    gif = tmp_path / "moving.gif"
    gif.write_bytes(GIF)
    fill(browser, "Look:", gif)
    told(browser, "This is neither a JPEG nor a PNG. Please choose another picture.")
    large = tmp_path / "large.png"
    large.write_bytes(bytes(15_000_001))
    browser.one("#picture").send_keys(str(large))
    browser.one("form button").click()
    told(browser, "This picture is too large. Please choose a smaller one.")
    assert list(desk.store.list(INCOMING)) == []
    assert browser.one("#remark").get_attribute("value") == "Look:"


def test_where_nobody_confirms_it_is_sent_again_under_the_same_name(
    browser: Browser, desk: Desk
) -> None:
    browser.open(link(desk), ready=False)
    browser.run(
        "window.send = fetch; window.fetch = async (...all) => { await send(...all); throw 1 }"
    )
    fill(browser, "Once only.")
    told(
        browser,
        "Your letter could not be sent, or its arrival could not be confirmed. "
        "Check your connection and send it again.",
    )
    browser.run("window.fetch = send")
    browser.one("form button").click()
    told(browser, ARRIVED)
    assert len(list(desk.store.list(INCOMING))) == 1


def test_the_form_speaks_what_its_reader_does(
    browser: Browser, ready: tuple[Desk, Languages]
) -> None:
    desk, _ = ready
    url = link(desk)
    browser.open(f"{url}#es", ready=False)
    assert browser.one("h1").text == "es: TELL US WHAT IS WRONG OR MISSING"
    assert browser.run("return [document.documentElement.lang, document.title]") == [
        "es",
        "es: TELL US WHAT IS WRONG OR MISSING",
    ]
    fill(browser)
    told(browser, "es: WRITE A REMARK, OR CHOOSE A PICTURE.")
    browser.choose("#language", "ar")
    assert browser.run("return document.documentElement.dir") == "rtl"
    told(browser, "ar: WRITE A REMARK, OR CHOOSE A PICTURE.")
    browser.choose("#language", "en")
    assert browser.one("h1").text == "Tell us what is wrong or missing"
    browser.open(url, ready=False)
    assert browser.one("#language").get_attribute("value") == "en"  # the browser's own


def test_without_scripts_the_page_says_that_it_needs_them(browser: Browser, desk: Desk) -> None:
    browser.emulate("setScriptExecutionDisabled", value=True)
    try:
        browser.open(link(desk), ready=False)
        assert "This form needs JavaScript." in browser.one("body").text
        assert not browser.one("form").is_displayed()
        assert "What happens to your letter" in browser.one("body").text
    finally:
        browser.emulate("setScriptExecutionDisabled", value=False)


def test_the_form_is_filled_by_keyboard_alone(browser: Browser, desk: Desk) -> None:
    browser.open(link(desk), ready=False)
    browser.run("document.querySelector('#remark').focus()")
    focused: Any = browser.driver.switch_to
    focused.active_element.send_keys("By keys.\t\t")
    assert browser.run("return document.activeElement.tagName") == "BUTTON"
    focused.active_element.send_keys(" ")
    told(browser, ARRIVED)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_no_fault_in_the_form(
    browser: Browser, desk: Desk, scheme: str, width: int
) -> None:
    browser.resize(width)
    browser.dark(scheme == "dark")
    browser.open(link(desk), ready=False)
    fill(browser)
    found = audit(browser)
    assert found.passes > 15
    assert found.faults == []
    overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.run(overflow) <= 0
