"""One round through the inbox: take in, read, write the result, alert. Read this first.

Each letter goes through the same steps, and the outcome of a step is saved before the next begins.
So if a worker is killed, or two workers run, at most the service calls in progress are repeated.

    claim      write inbox/pending/ID.json, which makes the letter ours
    take in    keep the text or a copy of the picture, and delete the original
    read       ask the services; a later round asks again for what they refuse now
    result     write inbox/results/ID.json
    alert      send one alert about all letters of the round that match INBOX_ALERT
    let go     delete inbox/pending/ID.json
"""

from datetime import datetime

from etl import log
from etl.alerts import state
from etl.alerts.teller import Teller
from etl.errors import StoreError
from etl.inbox import claims
from etl.inbox.allowance import Allowance
from etl.inbox.letter_round import LetterRound, RoundResult
from etl.inbox.notice import notice
from etl.inbox.reader import Reader
from etl.inbox.services import Services
from etl.settings.groups import InboxSettings
from etl.store.s3.store import S3Store


def make_round(inbox: InboxSettings, store: S3Store, teller: Teller, now: datetime) -> RoundResult:
    """Go through the inbox once. Raises StoreError; letters finished before that stay finished."""
    now = now.replace(microsecond=0)
    allowance = Allowance(store, inbox.daily_limit, now)
    services = Services(allowance)
    reader = Reader(store, services, inbox.language, inbox.rules)
    letters = LetterRound(store, services, reader, now)
    try:
        done = letters.work()
    finally:
        for service, why in services.refusals.items():
            log.warning("inbox.refused", service=service, error=why)
        allowance.return_unused()
    _alert(done, store, teller, now)
    for letter in done.letters:
        claims.drop(store, letter.id)
    if done.waiting and allowance.is_spent:
        log.warning("inbox.limit", calls=inbox.daily_limit, waiting=len(done.waiting))
    if done.letters or done.waiting:
        log.info(
            "inbox.read",
            letters=len(done.letters),
            waiting=len(done.waiting),
            calls=allowance.taken,
        )
    return done


def _alert(done: RoundResult, store: S3Store, teller: Teller, now: datetime) -> None:
    """Send one alert about the letters that match INBOX_ALERT, and any alerts that wait.

    Raises StoreError if the alert could not be queued. Then the progress of these letters is kept,
    and a later round tries again.
    """
    looked = [letter for letter in done.letters if letter.look]
    if not looked:
        teller.retry(now)
        return
    alert = notice(looked, now)
    teller.tell(alert, now)
    if teller.wants(alert.kind) and not state.read_state(store)[0].knows(alert.id):
        raise StoreError(f"{alert.id} could not be recorded for sending; a later round tries again")
