"""The tests' browser, and axe-core's audit of the page that is open in it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from dev.bench.browser import AXE, Browser, Missing, required

GRAVE = ("serious", "critical")
# Finds elements in nested shadow trees too, into which Bokeh draws.
WITHIN = """
const within = (root) => [...root.querySelectorAll("*")].flatMap((element) =>
  [element, ...(element.shadowRoot ? within(element.shadowRoot) : [])]);
"""
RUN_AXE = (
    "const done = arguments[arguments.length - 1];"
    "axe.run(document).then(found => done(JSON.stringify(found)))"
)


@dataclass(frozen=True)
class Audit:
    """How many rules hold, and each rule that doesn't with the elements that break it."""

    passes: int
    faults: list[tuple[str, list[str]]]
    grave: list[tuple[str, list[str]]]


@contextmanager
def if_installed() -> Iterator[None]:
    """Skip the test if a tool is missing, but fail it in CI."""
    try:
        yield
    except Missing as exc:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"SKIPPED: {exc}")


def audit(browser: Browser) -> Audit:
    with if_installed():
        browser.run(required("axe-core", AXE).read_text(encoding="utf-8"))
    said = json.loads(browser.driver.execute_async_script(RUN_AXE))
    faults = [
        (fault["impact"], (fault["id"], [node["html"][:200] for node in fault["nodes"]]))
        for fault in said["violations"]
    ]
    return Audit(
        len(said["passes"]),
        [fault for _, fault in faults],
        [fault for impact, fault in faults if impact in GRAVE],
    )
