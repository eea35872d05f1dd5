"""Read what the page shows in a browser: its canvases, tooltips and tables."""

from dev.bench.browser import Browser
from tests.support.browsers import WITHIN

# All elements that match a selector within a visible one.
FOUND = f"""{WITHIN}
const found = within(document.querySelector(arguments[0])).filter((element) =>
  element.checkVisibility() && element.matches(arguments[1]));
"""
COLOURS = f"""{FOUND}
return found.map((canvas) => {{
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size;
}})"""
DRAWN = f"{FOUND} return found.map((canvas) => canvas.toDataURL()).join()"
REDRAWN = f"{FOUND} return found.map((canvas) => canvas.toDataURL()).join() !== arguments[2]"


def colours(browser: Browser, plot: str) -> list[int]:
    """Count the colours on each canvas of a plot: a blank canvas has one."""
    return list(browser.run(COLOURS, plot, "canvas"))


def drawn(browser: Browser, plot: str) -> str:
    return str(browser.run(DRAWN, plot, "canvas"))


def column(browser: Browser, number: int) -> list[str]:
    return browser.texts(f"#table tbody tr > :nth-child({number})")
