"""A real browser for tests and measurements: Debian's Chromium, its console and its requests."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

AXE = Path(__file__).resolve().parents[2] / ".tools" / "axe-core" / "axe.min.js"
READY_S = 20
OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)


class Missing(Exception):
    """Names what is not installed here, and what installs it."""


def required(what: str, path: str | Path | None) -> Path:
    if path is None or not Path(path).exists():
        raise Missing(f"no {what}; dev/tools/install-browser installs it")
    return Path(path)


class Browser:
    """One window. `open` clears the earlier log and requests."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str, *, ready: bool = True) -> None:
        """Load a page; with `ready`, wait until its charts are drawn."""
        self.driver.get("about:blank")
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        self.driver.get(url)
        if ready:
            self.wait("return document.documentElement.dataset.readyAfterMs")

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: object) -> Any:
        """Wait until the script returns something true, and return that."""
        wait = WebDriverWait(self.driver, READY_S, poll_frequency=0.02)
        never = " ".join(map(str, ("never came true:", script, *arguments)))
        return wait.until(lambda _: self.run(script, *arguments), never)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Return the text of every matching element that is not hidden."""
        found = self.run(
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility())"
            ".map(e => e.textContent)",
            selector,
        )
        return list(found)

    def choose(self, selector: str, value: str) -> None:
        """Set a control and send its `change` event, as when a person sets it."""
        self.run(
            "const control = document.querySelector(arguments[0]); control.value = arguments[1];"
            "control.dispatchEvent(new Event('change'))",
            selector,
            value,
        )

    def emulate(self, command: str, **parameters: object) -> None:
        self.driver.execute_cdp_cmd(f"Emulation.{command}", parameters)

    def dark(self, dark: bool) -> None:
        features = {"color-scheme": "dark" if dark else "light", "reduced-motion": "reduce"}
        self.emulate(
            "setEmulatedMedia",
            features=[{"name": f"prefers-{n}", "value": v} for n, v in features.items()],
        )

    def resize(self, width: int, height: int = 900) -> None:
        """Set the window's size, in CSS pixels; charts follow in a later frame: see `fits`."""
        self.emulate(
            "setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def fits(self, width: int) -> None:
        """Wait until the page is as wide as the window, its charts redrawn. Raises if it isn't."""
        self.wait("return document.documentElement.scrollWidth === arguments[0]", width)

    def errors(self) -> list[str]:
        """Return the console's warnings and errors since `open`."""
        said = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in said if entry["level"] not in ("INFO", "DEBUG")]

    def asked_for(self) -> list[str]:
        """Return the URL of every request since `open`."""
        said = self.driver.get_log("performance")  # type: ignore[no-untyped-call]
        events = [json.loads(entry["message"])["message"] for entry in said]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """Start Chromium with an empty profile. Raises Missing."""
    binary = required("Chromium", shutil.which("chromium"))
    service = Service(str(required("ChromeDriver", shutil.which("chromedriver"))))
    options = webdriver.ChromeOptions()
    options.binary_location = str(binary)
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=service)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
