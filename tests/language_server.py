"""Amazon Translate and Comprehend on loopback, with the limits that Amazon documents.

A translation is the text in capitals with the language before it; what is marked as not to be
translated stays, as with the real one.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from s3_server import Answer, answering, use

from etl.alerts.settings import LANGUAGES

MARK = re.compile(r'(<span translate="no">.*?</span>)')
Refusal = tuple[int, str, str]


def capitals(text: str, language: str) -> str:
    pieces = [p if MARK.fullmatch(p) else _upper(p) for p in MARK.split(text)]
    return f"{language}: {''.join(pieces)}"


def _upper(text: str) -> str:
    return "".join(p if p.startswith("&") else p.upper() for p in re.split(r"(&\w+;)", text))


@dataclass
class Languages:
    """`asked` are the requests so far; `translate` may be changed, `refuse` answers all."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    translate: Callable[[str, str], str] = capitals
    refuse: Refusal | None = None
    spoken: tuple[tuple[str, float], ...] = (("pt", 0.2), ("es", 0.75))

    def reply(self, answer: Answer) -> None:
        raw = answer.rfile.read(int(answer.headers["Content-Length"]))
        del answer.headers["Content-Length"]  # it is read
        target, request = answer.headers["X-Amz-Target"].rpartition(".")[2], json.loads(raw)
        self.asked.append(request)
        refusal = self.refuse or _limits(target, request)
        if refusal:
            status, code, message = refusal
            answer.reply(status, json.dumps({"__type": code, "message": message}))
        elif target == "TranslateText":
            language = request["TargetLanguageCode"]
            content = {
                "TranslatedText": self.translate(request["Text"], language),
                "SourceLanguageCode": request["SourceLanguageCode"],
                "TargetLanguageCode": language,
            }
            answer.reply(200, json.dumps(content))
        else:
            found = [{"LanguageCode": code, "Score": score} for code, score in self.spoken]
            answer.reply(200, json.dumps({"Languages": found}))


def _limits(target: str, request: dict[str, Any]) -> Refusal | None:
    size = len(request["Text"].encode())
    if target == "TranslateText":
        pair = {request["SourceLanguageCode"], request["TargetLanguageCode"]}
        if size > 10_000:
            return 400, "TextSizeLimitExceededException", "Input text size exceeds limit."
        if not pair <= LANGUAGES or len(pair) < 2:
            return 400, "UnsupportedLanguagePairException", "Unsupported language pair"
        return None
    if len(request["Text"]) < 20:
        return 400, "InvalidRequestException", "at least 20 characters"
    return (400, "TextSizeLimitExceededException", "too long") if size > 100_000 else None


@contextmanager
def language_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    languages = Languages()
    with answering(languages.reply) as url:
        for service in ("TRANSLATE", "COMPREHEND"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        yield languages


def with_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
