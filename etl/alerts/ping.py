"""The dead-man's switch: somebody else notices when nothing is heard any more."""

from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import requests

from etl import log
from etl.extract.http import USER_AGENT

LIMIT_S = 10.0

Signal = Literal["start", "success", "fail"]


def ping(url: str, signal: Signal) -> None:
    """Say it to PING_URL, if there is one. The URL is a secret; a failure is logged, no more."""
    if not url:
        return
    try:
        answer = requests.get(
            _address(url, signal), headers={"User-Agent": USER_AGENT}, timeout=LIMIT_S, stream=True
        )
        with answer:
            if answer.status_code < 400:
                return
            why = f"HTTP status {answer.status_code}"
    except (requests.RequestException, ValueError) as exc:
        why = type(exc).__name__  # what such an error says has the URL in it
    log.warning("alert.ping_failed", signal=signal, error=why)


def _address(url: str, signal: Signal) -> str:
    if signal == "success":
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))
