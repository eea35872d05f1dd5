"""The page for every reader: keyboard, screen readers, phones, dark schemes."""

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from dev.bench.browser import Browser
from etl.store.directory import DirectoryStore
from tests.support.browsers import audit
from tests.support.drawn import REDRAWN, colours, drawn
from tests.support.runs import growing, run


def test_every_control_is_reached_by_the_keyboard_and_works_by_it(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    run(DirectoryStore(tmp_path / "out"), tmp_path / "stats.json")
    browser.open((tmp_path / "out" / "index.html").as_uri())
    browser.run(
        "window.reached = new Set(); addEventListener('focusin', e => reached.add(e.target))"
    )
    keys = ActionChains(browser.driver)
    for _ in range(90):
        keys.send_keys(Keys.TAB)
    keys.perform()
    missed = browser.run(
        "const all = document.querySelectorAll(arguments[0]);"
        "return [...all].filter(e => e.checkVisibility() && !reached.has(e)).map(e => e.outerHTML)",
        "a:not([tabindex='-1']), button, input:not(:disabled, [name=scale]:not(:checked)), select,"
        "summary, [tabindex='0']",
    )
    assert missed == []
    browser.one("#table thead th:nth-child(2) button").send_keys(Keys.ENTER)
    assert browser.one("#table thead th:nth-child(2)").get_attribute("aria-sort") == "descending"
    browser.one("[name=scale]:checked").send_keys(Keys.ARROW_RIGHT)
    assert browser.run("return document.querySelector('[name=scale]:checked').value") == "log"
    browser.one("summary[id], #files summary").send_keys(Keys.ENTER)
    assert browser.one("#files details").get_attribute("open") == "true"


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "dark")])
def test_axe_finds_no_serious_fault(
    browser: Browser, address: str, scheme: str, width: int
) -> None:
    browser.resize(width)
    browser.dark(scheme == "dark")
    browser.open(address)
    browser.run("for (const details of document.querySelectorAll('details')) details.open = true")
    found = audit(browser)
    assert found.passes > 20
    assert found.grave == []


WRAPPED = """
const rows = (element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
};
return [...document.querySelectorAll('tbody .number, time, .figures strong, p code')]
  .filter((element) => element.checkVisibility() && rows(element) > 1).map((e) => e.outerHTML)
"""
CUT = """
const pen = document.createElement('canvas').getContext('2d');
const arrow = 40;
const cut = [...document.querySelectorAll('select')].filter((select) => {
  const { fontSize, fontFamily } = getComputedStyle(select); // its `font` may be empty
  pen.font = `${fontSize} ${fontFamily}`;
  return pen.measureText(select.selectedOptions[0]?.text ?? '').width + arrow > select.offsetWidth;
});
for (const figure of document.querySelectorAll('.figures strong')) {
  if (figure.scrollWidth > figure.clientWidth) cut.push(figure);
}
for (const caption of document.querySelectorAll('.scroll caption')) {
  const scroller = caption.closest('.scroll').getBoundingClientRect();
  if (caption.getBoundingClientRect().right > scroller.right + 1) cut.push(caption);
}
return cut.map((element) => element.outerHTML)
"""
UNALIGNED = """
return [...document.querySelectorAll('#table tbody tr')].slice(0, 20).filter((row) => {
  const boxes = [...row.cells].map((cell) => cell.getBoundingClientRect());
  return boxes.some((box) => box.bottom !== boxes[0].bottom || !Number.isInteger(box.height));
}).length
"""


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_at_any_width_nothing_sticks_out_wraps_within_a_number_or_is_cut_off(
    browser: Browser, address: str, width: int
) -> None:
    browser.resize(width)
    browser.open(address)
    browser.fits(width)
    assert max(colours(browser, "#chart")) > 10
    assert browser.run(WRAPPED) == []
    assert browser.run(CUT) == []
    assert browser.run(UNALIGNED) == 0
    scrolls = browser.run(
        "const s = document.querySelector('.tall');return s.scrollWidth > s.clientWidth"
    )
    assert browser.one(".sideways").is_displayed() == scrolls == (width < 800)


def test_the_charts_change_with_the_colour_scheme(browser: Browser, address: str) -> None:
    browser.open(address)
    light = drawn(browser, "#chart")
    browser.dark(True)
    browser.wait(REDRAWN, "#chart", "canvas", light)
    assert browser.errors() == []
