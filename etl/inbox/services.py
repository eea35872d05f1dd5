"""Calls of Comprehend, Translate and Rekognition within the day's allowance.

A service that refuses is not called again in the same round, or a thousand letters would cause a
thousand refusals. Letters that need it wait.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from etl.alerts import aws, translate
from etl.errors import AlertError
from etl.inbox.allowance import Allowance
from etl.inbox.letter import Label, Later

if TYPE_CHECKING:
    from mypy_boto3_comprehend import ComprehendClient
    from mypy_boto3_rekognition import RekognitionClient
    from mypy_boto3_rekognition.type_defs import ImageTypeDef
    from mypy_boto3_translate import TranslateClient

# the languages in which Comprehend judges a mood
SENTIMENT = {"en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW"}
ASKED_FOR = {"text": ("comprehend", "translate"), "picture": ("rekognition",), "unreadable": ()}
SPENT = "the calls of the day (INBOX_DAILY_LIMIT) are used up; it is read tomorrow"
LABEL_CONFIDENCE = 55.0  # percent; Rekognition's default
INLINE_BYTES = 5 * 1024 * 1024  # of a picture in a request; Rekognition reads larger ones from S3
NOT_EVERYWHERE = "; not every region has it: AWS_ENDPOINT_URL_{} may lead to another's"


Answer = TypeVar("Answer")


class Services:
    """The services of one round.

    Each call raises Later if it may be retried, or AlertError if it can't work for this letter.
    """

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self.refusing: dict[str, str] = {}  # service -> why

    def refuse(self, services: Iterable[str]) -> bool:
        """Return whether one of the services has refused a call in this round."""
        return not self.refusing.keys().isdisjoint(services)

    @cached_property
    def comprehend(self) -> "ComprehendClient":
        client: ComprehendClient = aws.client("comprehend")
        return client

    @cached_property
    def translate(self) -> "TranslateClient":
        client: TranslateClient = aws.client("translate")
        return client

    @cached_property
    def rekognition(self) -> "RekognitionClient":
        client: RekognitionClient = aws.client("rekognition")
        return client

    def language(self, text: str) -> tuple[str, float]:
        """Return the code of the text's language, and Comprehend's score from 0 to 1."""
        return self._asked("comprehend", lambda: translate.detect(text, self.comprehend))

    def translation(self, text: str, source: str, target: str) -> str:
        """Translate the text; languages are given as codes."""

        def ask() -> str:
            what = f"translation from {source} to {target}"
            with aws.explained("translate", what=what, action="translate:TranslateText"):
                answer = self.translate.translate_text(
                    Text=text, SourceLanguageCode=source, TargetLanguageCode=target
                )
            return answer["TranslatedText"]

        return self._asked("translate", ask)

    def mood(self, text: str, language: str) -> tuple[str, float]:
        """Return the mood, such as "positive", and its score from 0 to 1.

        The language must be one of SENTIMENT.
        """

        def ask() -> tuple[str, float]:
            action = "comprehend:DetectSentiment"
            with aws.explained("comprehend", what="sentiment", action=action):
                answer = self.comprehend.detect_sentiment(Text=text, LanguageCode=language)  # type: ignore[arg-type]
            word = answer["Sentiment"]
            return word.lower(), answer["SentimentScore"][word.title()]  # type: ignore[literal-required]

        return self._asked("comprehend", ask)

    def labels(self, image: "ImageTypeDef", least: float) -> list[Label]:
        """Return what is in a picture, surest first; `least` is a confidence in percent."""

        def ask() -> list[Label]:
            action = "rekognition:DetectLabels"
            with aws.explained("rekognition", what="labels of a picture", action=action):
                answer = self.rekognition.detect_labels(Image=image, MinConfidence=least)
            return [Label(one["Name"], round(one["Confidence"], 1)) for one in answer["Labels"]]

        return sorted(self._asked("rekognition", ask), key=lambda label: -label.confidence)

    def _asked(self, service: str, ask: Callable[[], Answer]) -> Answer:
        if service in self.refusing:
            raise Later(self.refusing[service])
        if not self.allowance.take():
            raise Later(SPENT)
        try:
            return ask()
        except AlertError as exc:
            if aws.takes_issue(exc):
                raise
            why = str(exc)
            if "can't be reached" in why:
                why += NOT_EVERYWHERE.format(service.upper())
            self.refusing[service] = why
            raise Later(why) from exc
