"""Examine what INBOX=on needs: the AWS services, and CORS, which lets forms confirm an upload."""

import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import requests

from etl.errors import AlertError
from etl.inbox import png
from etl.inbox.allowance import Allowance
from etl.inbox.letter import Later
from etl.inbox.reader import LEAST_PIXELS
from etl.inbox.services import LABEL_CONFIDENCE, Services
from etl.settings.groups import Settings
from etl.store import Store
from etl.store.layout import INCOMING
from etl.store.signing import Signer
from etl.upkeep.doctor.finding import Finding
from etl.upkeep.doctor.trial import POLICY

QUESTION = "Is this sentence in English?"
LIMIT_S = 10.0


def inbox_findings(settings: Settings, store: Store, now: datetime) -> Iterator[Finding]:
    """Make a small test call of each service, which counts towards the day's calls."""
    if not settings.inbox.on or (signer := store.signer()) is None:
        return
    allowance = Allowance(store, settings.inbox.daily_limit, now)
    services = Services(allowance)
    questions: dict[str, Callable[[], object]] = {
        "Comprehend detects languages": lambda: services.language(QUESTION),
        "Comprehend detects moods": lambda: services.mood(QUESTION, "en"),
        "Translate translates": lambda: services.translation(QUESTION, "en", "es"),
        "Rekognition reads pictures": lambda: services.labels(
            {"Bytes": _square(LEAST_PIXELS)}, LABEL_CONFIDENCE
        ),
    }
    for what, ask in questions.items():
        services.refusing.clear()  # a refusal of one service says nothing about the next
        try:
            ask()
        except (Later, AlertError) as exc:
            yield Finding("failed", f"the inbox: {exc}", POLICY)
        else:
            yield Finding("ok", f"the inbox: {what}")
    allowance.return_unused()
    yield cors_finding(signer)


def cors_finding(signer: Signer) -> Finding:
    """Send the CORS preflight request of a browser, and judge the answer."""
    url = signer.post(INCOMING, "image/", 1, timedelta(minutes=1)).url
    headers = {"Origin": "null", "Access-Control-Request-Method": "POST"}
    try:
        answer = requests.options(url, headers=headers, timeout=LIMIT_S)
    except requests.RequestException as exc:
        what = f"the inbox: {url} does not answer a browser ({type(exc).__name__})"
        return Finding("warning", what, "try again")
    if answer.ok and answer.headers.get("Access-Control-Allow-Origin") in ("*", "null"):
        return Finding("ok", "the inbox: forms see whether a letter arrived (CORS: POST)")
    what = "the inbox: forms can't see whether a letter arrived (CORS lacks POST)"
    return Finding("warning", what, "python app.py setup")


def _square(side: int) -> bytes:
    """Make a black PNG."""
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0),
        b"IDAT": zlib.compress((b"\0" * (1 + -(-side // 8))) * side),
        b"IEND": b"",
    }
    packed = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks.items()
    ]
    return png.MAGIC + b"".join(packed)
