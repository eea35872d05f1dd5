"""One round through the inbox: take in, read, write the result, alert. Read this first.

Each letter goes through the same steps, and what a step did is written before the next begins. So
a worker that is killed at any point, or meets another one, repeats at most the calls that it was in
the middle of.

    claim      inbox/pending/ID.json is made: the letter is ours
    take in    its text, or a copy of its picture, is kept; the original is deleted
    read       the services are asked; what they refuse for now a later round asks again
    result     inbox/results/ID.json
    alert      one alert for all letters of the round that answer to INBOX_ALERT
    let go     inbox/pending/ID.json is deleted
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
    """Go through the inbox once. Raises StoreError; what was done by then stays done."""
    now = now.replace(microsecond=0)
    allowance = Allowance(store, inbox.daily_limit, now)
    services = Services(allowance)
    reader = Reader(store, services, inbox.language, inbox.rules)
    letters = LetterRound(store, services, reader, now)
    try:
        done = letters.work()
    finally:
        for service, why in services.refusing.items():
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
    """Send one alert for the letters that answer to INBOX_ALERT, and what waited before.

    Raises StoreError if the alert could not even be queued: the progress of these letters is kept
    then, and a later round comes back to them.
    """
    looked = [letter for letter in done.letters if letter.look]
    if not looked:
        teller.retry(now)
        return
    alert = notice(looked, now)
    teller.tell(alert, now)
    if teller.wants(alert.kind) and not state.read_state(store)[0].knows(alert.id):
        raise StoreError(f"{alert.id} could not be noted as to be told; a later round tries again")
