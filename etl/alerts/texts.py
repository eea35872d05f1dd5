"""The sentences of the alerts, in the original language. Data.

They are written for someone who is woken by an alert: what happened, since when, whether the data
is still good, what to do. Each sentence is translated on its own; messages.py fills in the braces.
"""

from collections.abc import Mapping, Sequence

ITEMS = "{items}"  # a line of its own, replaced by the list of items
LINK = "See {link} (this link works for 7 days at most)"
PUBLISHED = (
    "Readers still have the complete version of {published}, with figures up to {source_last}."
)
NOTHING = "Nothing has been published yet."
UNTOUCHED = "The published version is not affected."
STAYS = "Readers keep the data up to {source_last}."  # in an SMS
TOLD_AGAIN = "You will get another message when it works again, and none until then."
BLIND = (
    "The folder itself can't be used, so the worker can't record that it sent this message; it may "
    "send it again after a restart."
)
STILL = (
    "Its last date has not changed since the run of {date_since}; its bytes have not changed since "
    "the run of {bytes_since}."
)
UNTRANSLATED = "This message could not be translated to {language}; this is the original."

SUBJECTS: Mapping[str, str] = {
    "failed": "Cloud ETL: the run of {slot} is failing",
    "refused": "Cloud ETL: the data of {slot} was rejected",
    "recovered": "Cloud ETL: the daily run works again",
    "stale": "Cloud ETL: the source is stale, its data ends on {source_last}",
    "restated": "Cloud ETL: the source restated {share} of its figures",
    "crossed": "Cloud ETL: thresholds crossed: {count}",
    "report": "Cloud ETL: the report of {month} is ready",
    "task": "Cloud ETL: the {task} failed",
    "page": "Cloud ETL: the page could not be made",
    "letters": "Cloud ETL: letters from readers: {count}",
    "note": "Cloud ETL: a note",
}
# The most important part comes first: a translation may be longer and then gets cut.
SHORT: Mapping[str, str] = {
    "failed": "the run of {slot} has been failing since {since}, attempts: {attempts}. "
    f"{STAYS} {{kind}}: {{error}}",
    "refused": f"the data of {{slot}} has been rejected since {{since}}. {STAYS} Reason: {{error}}",
    "recovered": "the daily run works again. It had been failing since {since}, "
    "attempts: {attempts}. Published: figures up to {source_last}. No action needed.",
    "stale": "the source {source} is stale: no data after {source_last}, {behind} days "
    "ago. The runs themselves work.",
    "restated": "the source restated {share} of the figures published earlier. The new "
    "ones are published.",
    "crossed": "thresholds crossed: {count}. {first}",
    "report": "the monthly report of {month} is ready: {key}",
    "task": "the {task} failed, attempts: {attempts}. The daily runs work. {error}",
    "page": "{error}. The data is published, with figures up to {source_last}; the page is older.",
    "letters": "letters from readers: {count}. {first}",
}
LONG: Mapping[str, Sequence[str]] = {
    "failed": (
        "The daily run has been failing since {since}, most recently for {slot}.",
        "Attempts in a row: {attempts}.",
        "The error from the log:",
        "{kind}: {error}",
        "",
        PUBLISHED,
        "The worker keeps trying, at least once an hour.",
        "{advice}",
        TOLD_AGAIN,
    ),
    "refused": (
        "The source can be read, but its data for {slot} has been rejected since {since}.",
        "Attempts in a row: {attempts}.",
        "The reasons from the log:",
        "{error}",
        "",
        PUBLISHED,
        "If the figures are right after all, publish them with: `python app.py run --force`",
        "If they are wrong, you need to do nothing: the worker checks again at least once an hour.",
        TOLD_AGAIN,
    ),
    "recovered": (
        "The daily run works again: the run for {slot}, started at {ended}, succeeded.",
        "It had been failing since {since}; attempts: {attempts}.",
        "",
        "Readers have the complete version of {published}, with figures up to {source_last}.",
        "You need to do nothing.",
    ),
    "stale": (
        "The source {source} has no figures after {source_last}. That was {behind} days ago; after "
        "more than {limit} days a source counts as stale.",
        STILL,
        "",
        "The runs themselves work. The published data is complete and correct, but old.",
        "Check whether the source has ended. SOURCE selects another one; ALERT_ON without `stale` "
        "stops this message.",
        "As long as this lasts, you will get this message once a week.",
    ),
    "restated": (
        "The source has rewritten its history: of {compared} figures that were published earlier, "
        "{cells} ({share}) have changed.",
        "Most of the changes are in:",
        ITEMS,
        "",
        "The new figures passed the checks and are published, up to {source_last}.",
        "The previous version is kept in runs/{before}/.",
        "If you have quoted older figures, compare them. Otherwise you need to do nothing.",
    ),
    "crossed": (
        "These figures have crossed a threshold of ALERT_RULES since the last check:",
        ITEMS,
        "",
        "They are from the version of {published}, with figures up to {source_last}.",
        "You get one message when a figure rises above its threshold, and one when it falls back.",
    ),
    "report": (
        "The monthly report of {month} is ready.",
        "It is in the folder: {key}",
    ),
    "task": (
        "The monthly {task} failed. Attempts: {attempts}.",
        "The last error:",
        "{error}",
        "",
        "The daily runs work, and the published version is complete. The worker will not try this "
        "again.",
        "Once the cause is fixed, do it by hand: `python app.py report` makes a month's report, "
        "`python app.py prune` removes old runs.",
    ),
    "page": (
        "The page that readers see is older than the data: {error}.",
        "",
        "The data is published and complete: the version of {published}, with figures up to "
        "{source_last}. Each run tries to make the page again.",
        "This looks like a bug in the worker: `page.failed` in the log says where.",
    ),
    "letters": (
        "Readers have sent letters that match INBOX_ALERT. Letters: {count}.",
        ITEMS,
        "",
        "To see all letters: `python app.py inbox --list`",
        "These are the words of strangers: trust no link, number or request in them.",
    ),
}
ADVICE: Mapping[str, str] = {
    "SourceUnavailable": "The source could not be reached, so you need to do nothing for now. If "
    "this lasts for a day, check whether the source has moved.",
    "SourceChanged": "The source has changed its format. Check it; the received file is kept in "
    "raw/. The reader of this source may have to be adapted.",
    "StoreError": "The error says what to do. `python app.py doctor` checks everything else.",
    "StateConflict": "Check whether a second worker writes to the same folder.",
    "MachineError": "The worker's machine has run out of space: free some, or use a larger one.",
    "Lost": "Look for `worker.run_lost` in the log. If memory ran out, use a larger dyno.",
}
DEFECT = "This looks like a bug in the worker: `run.crashed` in the log says where."
