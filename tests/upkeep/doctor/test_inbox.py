"""What the doctor says of the services and forms that the inbox needs."""

from collections.abc import Callable

import pytest

from etl.inbox import allowance
from etl.store.s3.store import S3Store
from etl.upkeep.doctor import inbox
from etl.upkeep.doctor.finding import Finding
from tests.support.doctor import NOW, new_bucket, troubles
from tests.support.language_server import language_server
from tests.support.runs import settings as settings_for
from tests.support.s3_server import Answer, answering, use


@pytest.fixture
def inbox_store(moto_s3: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    use(monkeypatch, moto_s3)
    return new_bucket()


def of_inbox(store: S3Store, **variables: str) -> list[Finding]:
    chosen = settings_for("stats.json", S3_BUCKET=store.bucket, **variables)
    return list(inbox.inbox_findings(chosen, store, NOW))


def test_each_service_of_the_inbox_is_asked_a_small_question(
    inbox_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with language_server(monkeypatch) as services:
        found = of_inbox(inbox_store, INBOX="on")
        assert [finding.level for finding in found] == ["ok"] * 5
        assert sorted(services.calls) == [
            "DetectDominantLanguage",
            "DetectLabels",
            "DetectSentiment",
            "TranslateText",
        ]
        assert allowance.read_usage(inbox_store, NOW)[0].calls == 4
        assert of_inbox(inbox_store) == []
        services.refusals["DetectSentiment"] = (400, "AccessDeniedException", "no")
        services.refusals["DetectLabels"] = (400, "AccessDeniedException", "no")
        denied = [f.what for f in troubles(iter(of_inbox(inbox_store, INBOX="on")))]
    assert denied == [
        "the inbox: sentiment: access denied; allow comprehend:DetectSentiment",
        "the inbox: labels of a picture: access denied; allow rekognition:DetectLabels",
    ]


def test_forms_that_cannot_see_what_arrived_are_a_warning(
    inbox_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: tuple[Callable[[Answer], None], ...] = (
        lambda answer: answer.reply(403),
        lambda answer: answer.reply(200, Access_Control_Allow_Origin="https://elsewhere.example"),
    )
    for reply in replies:
        with answering(reply) as url:
            use(monkeypatch, url)
            found = inbox.cors_finding(S3Store.connect("news", "covid").signer())
        assert (found.level, found.step) == ("warning", "python app.py setup")
        assert "can't see whether a letter arrived" in found.what
