"""Examine what ALERT_TOPIC and TRANSLATE_TO need: the topic, its subscribers, SMS, Translate."""

from collections import Counter
from collections.abc import Iterator

from etl.alerts import phones, subscriptions
from etl.alerts.sns import Topic
from etl.alerts.subscriptions import Subscription
from etl.alerts.translate import Translator
from etl.errors import AlertError
from etl.settings.groups import Settings
from etl.settings.languages import ORIGINAL
from etl.store import Store
from etl.upkeep.doctor.finding import Finding, Level
from etl.upkeep.doctor.trial import POLICY

QUESTION = "Is this sentence in English?"
SUBSCRIBE = (
    "python app.py subscribe adds a subscriber; subscribe --again sends a confirmation again"
)
NEW_LIMIT = 1.0  # dollars a month, of a new account
RAISE = "ask AWS for a higher spending quota of SMS in the SNS console"


def alert_findings(settings: Settings, store: Store) -> Iterator[Finding]:
    """Yield what keeps alerts from arriving. Publishes nothing; translates one sentence."""
    if settings.alerts.topic:
        yield from _topic_findings(Topic(settings.alerts.topic))
    for language in settings.alerts.translate_to[:1]:
        yield from _answered(_translation(store, language))


def _topic_findings(topic: Topic) -> Iterator[Finding]:
    try:
        exists = topic.exists()
    except AlertError as exc:
        yield _failed(exc)
        exists = _is_denied(exc)  # other requests may still be allowed
    else:
        if exists:
            yield Finding("ok", f"the alerts: {topic.shown} exists")
        else:
            what = f"the alerts: {topic.shown} does not exist, so nobody gets an alert"
            yield Finding("failed", what, "python app.py setup creates it")
    if exists:
        numbers: list[str] = []
        yield from _answered(_subscribers(topic, numbers))
        for part in (_sandbox, _opted_out, _spend_limit):
            yield from _answered(part(topic, numbers), "failed" if numbers else "warning")


def _is_denied(exc: AlertError) -> bool:
    return "access denied" in str(exc)


def _answered(part: Iterator[Finding], level: Level = "failed") -> Iterator[Finding]:
    """Pass the findings on; a request that fails is a finding of this level."""
    try:
        yield from part
    except AlertError as exc:
        yield _failed(exc, level)


def _failed(exc: AlertError, level: Level = "failed") -> Finding:
    return Finding(level, f"the alerts: {exc}", POLICY if _is_denied(exc) else "")


def _subscribers(topic: Topic, numbers: list[str]) -> Iterator[Finding]:
    """Count who gets alerts; `numbers` receives the phones among them."""
    known = subscriptions.listed(topic)
    confirmed = [each for each in known if each.arn]
    numbers += [each.endpoint for each in confirmed if each.protocol == "sms"]
    others = _others(known)
    if confirmed:
        by_protocol = Counter(each.protocol for each in confirmed)
        counts = ", ".join(f"{by_protocol[name]} by {name}" for name in sorted(by_protocol))
        yield Finding("ok", f"the alerts: confirmed subscribers: {counts}{others}")
    else:
        what = f"{topic.shown} has no confirmed subscriber, so nobody gets an alert{others}"
        yield Finding("failed", f"the alerts: {what}", SUBSCRIBE)


def _others(known: list[Subscription]) -> str:
    pending = sum(each.pending for each in known)
    gone = sum(each.deleted for each in known)
    words = [f"{pending} not confirmed yet"] * bool(pending) + [f"{gone} unsubscribed"] * bool(gone)
    return f" ({', '.join(words)})" if words else ""


def _sandbox(topic: Topic, numbers: list[str]) -> Iterator[Finding]:
    if not phones.in_sandbox(topic):
        yield Finding(
            "ok", "the alerts: SMS reach any number, since the account is not in the sandbox"
        )
    elif numbers:
        yield Finding("warning", f"the alerts: {phones.SANDBOX}", phones.VERIFY)
    else:
        yield Finding("ok", f"the alerts: {phones.SANDBOX}; nobody gets alerts by SMS")


def _opted_out(topic: Topic, numbers: list[str]) -> Iterator[Finding]:
    for number in numbers:
        if phones.has_opted_out(topic, number):
            what = f"the alerts: {number} has opted out and gets no SMS"
            yield Finding("warning", what, f"python app.py unsubscribe {number}, or ask its owner")


def _spend_limit(topic: Topic, numbers: list[str]) -> Iterator[Finding]:
    limit = phones.monthly_limit(topic)
    amount = "not set, which is 1 dollar for a new account"
    if limit is not None:
        amount = f"{limit:,.2f} dollars; SMS beyond it are not sent"
    what = f"the alerts: monthly spend limit of SMS: {amount}"
    low = numbers and (limit or 0) <= NEW_LIMIT
    yield Finding("warning", what, RAISE) if low else Finding("ok", what)


def _translation(store: Store, language: str) -> Iterator[Finding]:
    Translator(store).once(QUESTION, ORIGINAL, language)
    yield Finding("ok", f"the alerts: Translate translates to {language}")
