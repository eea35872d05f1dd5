"""The dead-man's switch: an outside service notices when the pings stop."""

from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from etl import log
from etl.extract.http import USER_AGENT

LIMIT_S = 10.0

Signal = Literal["start", "success", "fail"]


def ping(url: str, signal: Signal) -> None:
    """Send the signal to PING_URL, if it is set. A failure is only logged, without the URL."""
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
    # urllib3's errors escape requests when an answer breaks off; OSError: no file for the CA bundle
    except (requests.RequestException, HTTPError, OSError, ValueError) as exc:
        why = type(exc).__name__  # the message contains the URL, which is a secret
    log.warning("alert.ping_failed", signal=signal, error=why)


def _address(url: str, signal: Signal) -> str:
    if signal == "success":
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{signal}"))
