"""Amazon Translate, Comprehend and Rekognition on loopback, with the limits that Amazon documents.

A translation is the text in capitals after the language's code; parts marked as not to be
translated stay, as in the real service. A text is negative if it says "wrong". Every picture shows
a cat.
"""

import base64
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from PIL import Image

from etl.settings.languages import LANGUAGES
from tests.support.s3_server import Answer, answering, use

MARK = re.compile(r'(<span translate="no">.*?</span>)')
Refusal = tuple[int, str, str]
JUDGED = {"en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"}
CAT = (("Animal", 99.1), ("Cat", 98.2), ("Sofa", 61.0))


def capitals(text: str, language: str) -> str:
    pieces = [p if MARK.fullmatch(p) else _upper(p) for p in MARK.split(text)]
    return f"{language}: {''.join(pieces)}"


def _upper(text: str) -> str:
    return "".join(p if p.startswith("&") else p.upper() for p in re.split(r"(&\w+;)", text))


@dataclass
class Languages:
    """The three services.

    `asked`: the requests so far; `calls`: their names. `before` is called with each name. `refuse`
    is the answer to all requests, `refusals` the answers by name, `refuse_one` to a single request.
    """

    asked: list[dict[str, Any]] = field(default_factory=list)
    translate: Callable[[str, str], str] = capitals
    refuse: Refusal | None = None
    spoken: tuple[tuple[str, float], ...] = (("pt", 0.2), ("es", 0.75))
    calls: list[str] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    labels: tuple[tuple[str, float], ...] = CAT
    before: Callable[[str], None] = lambda call: None
    refuse_one: Callable[[dict[str, Any]], Refusal | None] = lambda request: None

    def reply(self, answer: Answer) -> None:
        raw = answer.rfile.read(int(answer.headers["Content-Length"]))
        del answer.headers["Content-Length"]  # the body was read above
        target, request = answer.headers["X-Amz-Target"].rpartition(".")[2], json.loads(raw)
        self.asked.append(request)
        self.calls.append(target)
        self.before(target)
        refusal = self.refuse or self.refusals.get(target) or self.refuse_one(request)
        refusal = refusal or LIMITS[target](request)
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
        elif target == "DetectSentiment":
            mood = "Negative" if "wrong" in request["Text"].lower() else "Neutral"
            scores = dict.fromkeys(("Positive", "Negative", "Neutral", "Mixed"), 0.01)
            content = {"Sentiment": mood.upper(), "SentimentScore": {**scores, mood: 0.97}}
            answer.reply(200, json.dumps(content))
        elif target == "DetectLabels":
            least = request.get("MinConfidence", 55)
            seen = [
                {"Name": n, "Confidence": c, "Parents": []} for n, c in self.labels if c >= least
            ]
            answer.reply(200, json.dumps({"Labels": seen}))
        else:
            found = [{"LanguageCode": code, "Score": score} for code, score in self.spoken]
            answer.reply(200, json.dumps({"Languages": found}))


def _of_translation(request: dict[str, Any]) -> Refusal | None:
    if request["SourceLanguageCode"] == "auto":
        return 400, "DetectedLanguageLowConfidenceException", "no language is that clear here"
    pair = {request["SourceLanguageCode"], request["TargetLanguageCode"]}
    if len(request["Text"].encode()) > 10_000:
        return 400, "TextSizeLimitExceededException", "Input text size exceeds limit."
    if not pair <= LANGUAGES or len(pair) < 2:
        return 400, "UnsupportedLanguagePairException", "Unsupported language pair"
    return None


def _of_detection(request: dict[str, Any]) -> Refusal | None:
    if len(request["Text"]) < 20:
        return 400, "InvalidRequestException", "at least 20 characters"
    too_long = len(request["Text"].encode()) > 100_000
    return (400, "TextSizeLimitExceededException", "too long") if too_long else None


def _of_sentiment(request: dict[str, Any]) -> Refusal | None:
    if not 0 < len(request["Text"].encode()) <= 5_000:
        return 400, "TextSizeLimitExceededException", "Input text size exceeds limit."
    known = request["LanguageCode"] in JUDGED
    return None if known else (400, "UnsupportedLanguageException", "not supported")


def _of_labels(request: dict[str, Any]) -> Refusal | None:
    """Check a picture; like the real service, fetch it if it is in S3."""
    image = request["Image"]
    if len(image) != 1 or not 0 <= request.get("MinConfidence", 55) <= 100:
        return 400, "InvalidParameterException", "Request has invalid parameters"
    body, most = base64.b64decode(image.get("Bytes", "")), 5 * 1024 * 1024
    if place := image.get("S3Object"):
        most = 15_000_000
        try:
            found = boto3.client("s3").get_object(Bucket=place["Bucket"], Key=place["Name"])
        except ClientError:
            return 400, "InvalidS3ObjectException", "Unable to get object metadata from S3."
        body = found["Body"].read()
    if len(body) > most:
        return 400, "ImageTooLargeException", "Request has image too large"
    try:
        picture = Image.open(io.BytesIO(body), formats=("JPEG", "PNG"))
        picture.load()
    except Exception:
        return 400, "InvalidImageFormatException", "Request has invalid image format"
    if not all(80 <= side <= 10_000 for side in picture.size):
        return 400, "InvalidParameterException", "Request has invalid parameters"
    return None


LIMITS: dict[str, Callable[[dict[str, Any]], Refusal | None]] = {
    "TranslateText": _of_translation,
    "DetectDominantLanguage": _of_detection,
    "DetectSentiment": _of_sentiment,
    "DetectLabels": _of_labels,
}


@contextmanager
def language_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Languages]:
    languages = Languages()
    with answering(languages.reply) as url:
        for service in ("TRANSLATE", "COMPREHEND", "REKOGNITION"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        yield languages


def with_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:9")
