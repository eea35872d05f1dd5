"""Write waiting alerts in each language and publish them."""

from datetime import UTC, datetime, timedelta
from typing import Self

from etl import log
from etl.alerts import messages
from etl.alerts.messages import Draft, Message
from etl.alerts.sns import Topic
from etl.alerts.state import Waiting
from etl.alerts.translate import Translator
from etl.errors import AlertError, StoreError
from etl.load.share import copy_page
from etl.settings.languages import ORIGINAL
from etl.store import Store
from etl.store.layout import PAGE


class Outbox:
    """Sends alerts to a topic, and saves new translations to the folder when it is closed.

    `of` names the source if there are several, and is empty otherwise.
    """

    def __init__(self, topic: str, store: Store, of: str) -> None:
        self._store = store
        self._of = of
        self._topic = Topic(topic)
        self._translator = Translator(store)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._translator.keep()

    def send(self, waiting: Waiting) -> tuple[list[str], str]:
        """Send an alert in its remaining languages.

        Return the languages still to be sent, and the error that stopped it (empty if none).
        """
        alert, left = waiting.alert, list(waiting.languages)
        link = page_link(self._store, alert.page)
        draft = messages.draft_alert(alert, where=self._store.address, link=link, of=self._of)
        for language in waiting.languages:
            message = self._written(draft, language)
            try:
                self._topic.publish(
                    message, language=language, kind=alert.kind, message_id=alert.id
                )
            except AlertError as exc:
                return left, str(exc)
            left.remove(language)
            log.info("alert.sent", id=alert.id, kind=alert.kind, language=language)
        return left, ""

    def _written(self, draft: Draft, language: str) -> Message:
        if language == ORIGINAL:
            return messages.write_message(draft, display_name=self._topic.display_name)
        try:
            spoken = self._translator.translate(draft.sentences, language)
            return messages.write_message(draft, spoken, display_name=self._topic.display_name)
        except AlertError as exc:
            log.warning("alert.untranslated", language=language, error=exc)
            return messages.write_message(
                draft, None, language, display_name=self._topic.display_name
            )


LASTS = timedelta(days=7)  # the longest S3 allows for a signed link


def page_link(store: Store, key: str | None) -> str | None:
    """Return a signed link that lets anybody read the object, or None if the store has no links.

    A link to the page leads to a copy, because the links inside the page must be signed as well.
    """
    if key is None:
        return None
    try:
        signer = store.signer()
        if signer is None:
            return None
        if key == PAGE:
            until = datetime.now(UTC) + LASTS
            key = copy_page(store, lambda name: signer.link(name, LASTS).url, until)
        return signer.link(key, LASTS).url
    except StoreError:  # better an alert without a link than no alert
        return None
