"""The form that readers write with: signed for a week at most, and renewed before that ends."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from etl import log
from etl.errors import EtlError
from etl.inbox.contents import MOST_BYTES, TEXT_BYTES
from etl.load.share import shared_key
from etl.report import translations
from etl.settings.groups import InboxSettings
from etl.store import Store, Upload
from etl.store.layout import FORM, INCOMING
from etl.store.signing import Signer

LASTS = timedelta(days=7)  # the longest S3 accepts a signature
RENEW_AFTER = timedelta(hours=20)  # so that a form just opened works for days


def renew(inbox: InboxSettings, languages: Sequence[str], store: Store, now: datetime) -> None:
    """Write the form next to the page if INBOX is on, unless the existing one is recent.

    With temporary credentials it is always renewed, because it expires with them. A failure is
    only logged.
    """
    if not inbox.on:
        return
    try:
        signer = store.signer()
        if signer is None:
            return
        form = store.head(FORM)
        if form and now - form.modified < RENEW_AFTER and signer.temporary is None:
            return
        store.write(Upload(FORM, _page(languages, store, signer, LASTS)))
    except EtlError as exc:
        log.warning("inbox.form_failed", key=FORM, error=exc)
    else:
        log.info("inbox.form_renewed", key=FORM)


def share(languages: Sequence[str], store: Store, signer: Signer, lasts: timedelta) -> str:
    """Write a form for sharing and return its key. Raises StoreError."""
    body = _page(languages, store, signer, lasts)
    key = shared_key(FORM, datetime.now(UTC) + lasts)
    store.write(Upload(key, body))
    return key


def _page(languages: Sequence[str], store: Store, signer: Signer, lasts: timedelta) -> bytes:
    from etl.inbox import form_page  # loads Jinja, which is slow: only when a form is made

    texts = translations.translated(store, languages, form_page.sentences())
    until = datetime.now(UTC) + lasts
    if signer.temporary and signer.temporary.until:
        until = min(until, signer.temporary.until)
    remark = signer.post(INCOMING, "text/plain; charset=utf-8", TEXT_BYTES, lasts)
    picture = signer.post(INCOMING, "image/", MOST_BYTES, lasts)
    return form_page.page(
        form_page.Way(remark.url, remark.fields, TEXT_BYTES),
        form_page.Way(picture.url, picture.fields, MOST_BYTES),
        texts,
        until,
    )
