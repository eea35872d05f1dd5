"""Calls of Comprehend, Translate and Rekognition within the day's allowance.

A service that refuses is not called again in the same round, or a thousand letters would cause a
thousand refusals. Letters that need it wait. A refusal that may be about one letter alone, with a
code that errors.py does not know, is tolerated MOST_UNKNOWN times.
"""

from collections import Counter
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
SPENT = "the day's calls (INBOX_DAILY_LIMIT) are used up; it is read tomorrow"
LABEL_CONFIDENCE = 55.0  # percent; Rekognition's default
MOST_UNKNOWN = 3
INLINE_BYTES = 5 * 1024 * 1024  # of a picture in a request; Rekognition reads larger ones from S3

Answer = TypeVar("Answer")


class Services:
    """The services of one round.

    Each call raises Later if it may be retried, or AlertError if it can't work for this letter.
    """

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self.refusing: dict[str, str] = {}  # service -> why; it is not called again
        self.unknown: dict[str, list[str]] = {}  # service -> what it said to single letters
        self.answered = Counter[str]()  # by call, such as "translate:TranslateText"

    def refuse(self, services: Iterable[str]) -> bool:
        """Return whether one of the services has refused a call in this round."""
        return not self.refusing.keys().isdisjoint(services)

    @property
    def refusals(self) -> dict[str, str]:
        """Each service that refused a call in this round, and what it said last."""
        return {service: whys[-1] for service, whys in self.unknown.items()} | self.refusing

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
        call = "comprehend:DetectDominantLanguage"
        return self._asked(call, lambda: translate.detect(text, self.comprehend))

    def translation(self, text: str, source: str, target: str) -> str:
        """Translate the text; languages are given as codes."""
        call = "translate:TranslateText"

        def ask() -> str:
            what = f"translation from {source} to {target}"
            with aws.explained("translate", what=what, action=call):
                answer = self.translate.translate_text(
                    Text=text, SourceLanguageCode=source, TargetLanguageCode=target
                )
            return answer["TranslatedText"]

        return self._asked(call, ask)

    def mood(self, text: str, language: str) -> tuple[str, float]:
        """Return the mood, such as "positive", and its score from 0 to 1.

        The language must be one of SENTIMENT.
        """
        call = "comprehend:DetectSentiment"

        def ask() -> tuple[str, float]:
            with aws.explained("comprehend", what="sentiment", action=call):
                answer = self.comprehend.detect_sentiment(Text=text, LanguageCode=language)  # type: ignore[arg-type]
            word = answer["Sentiment"]
            return word.lower(), answer["SentimentScore"][word.title()]  # type: ignore[literal-required]

        return self._asked(call, ask)

    def labels(self, image: "ImageTypeDef", least: float) -> list[Label]:
        """Return what is in a picture, surest first; `least` is a confidence in percent."""
        call = "rekognition:DetectLabels"

        def ask() -> list[Label]:
            with aws.explained("rekognition", what="labels of a picture", action=call):
                answer = self.rekognition.detect_labels(Image=image, MinConfidence=least)
            return [Label(one["Name"], round(one["Confidence"], 1)) for one in answer["Labels"]]

        # fetching a picture from S3 has conditions of its own, such as the bucket's region
        found = self._asked(f"{call} from S3" if "S3Object" in image else call, ask)
        return sorted(found, key=lambda label: -label.confidence)

    def _asked(self, call: str, ask: Callable[[], Answer]) -> Answer:
        service = call.partition(":")[0]
        if service in self.refusing:
            raise Later(self.refusing[service])
        if not self.allowance.take():
            raise Later(SPENT)
        try:
            answer = ask()
        except AlertError as exc:
            if aws.rejects_content(exc):
                raise
            why = str(exc)
            self._note_refusal(service, why, closes=aws.refuses_all(exc))
            raise Later(why, call) from exc
        self.answered[call] += 1
        return answer

    def _note_refusal(self, service: str, why: str, *, closes: bool) -> None:
        if not closes:
            whys = self.unknown.setdefault(service, [])
            whys.append(why)
            closes = len(whys) == MOST_UNKNOWN
        if closes:
            self.refusing[service] = why
