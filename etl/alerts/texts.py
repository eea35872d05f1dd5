"""The sentences of the alerts, in the original language. Data.

They are written for somebody who is woken by an alert: what happened, since when, whether the data
is still good, what to do. Each sentence is translated on its own; messages.py fills in the braces.
"""

from collections.abc import Mapping, Sequence

ITEMS = "{items}"  # a line of its own, replaced by the list of items
LINK = "See {link} (this link works for 7 days at most)"
PUBLISHED = (
    "Readers still have the version of {published}, whole, with figures up to {source_last}."
)
NOTHING = "Nothing has been published yet."
UNTOUCHED = "What is published is not touched by this."
STAYS = "Published data stays, up to {source_last}."  # in an SMS
TOLD_AGAIN = "You will be told when it works again, and nothing more until then."
BLIND = (
    "The folder itself can't be used, so the worker can't remember that it told this; it may do so "
    "again after a restart."
)
STILL = (
    "Its last date has been the same since the run of {date_since}, its bytes since that of "
    "{bytes_since}."
)
UNTRANSLATED = "This message could not be translated to {language}: it is the original."

SUBJECTS: Mapping[str, str] = {
    "failed": "Cloud ETL: the run of {slot} fails",
    "refused": "Cloud ETL: the data of {slot} is refused",
    "recovered": "Cloud ETL: the daily run works again",
    "stale": "Cloud ETL: the source is stale, it ends on {source_last}",
    "restated": "Cloud ETL: the source restated {share} of its figures",
    "crossed": "Cloud ETL: thresholds crossed: {count}",
    "report": "Cloud ETL: the report of {month} is ready",
    "task": "Cloud ETL: the {task} could not be made",
    "page": "Cloud ETL: the page could not be made",
    "letters": "Cloud ETL: readers' letters to look at: {count}",
    "note": "Cloud ETL: a note",
}
# The most important part comes first: a translation may be longer and then gets cut.
SHORT: Mapping[str, str] = {
    "failed": "the run of {slot} has been failing since {since}, attempts: {attempts}. "
    f"{STAYS} {{kind}}: {{error}}",
    "refused": f"the data of {{slot}} has been refused since {{since}}. {STAYS} Why: {{error}}",
    "recovered": "the daily run works again. It had been failing since {since}, "
    "attempts: {attempts}. Published: figures up to {source_last}. Nothing to do.",
    "stale": "the source {source} is stale: nothing after {source_last}, {behind} days "
    "ago. The runs themselves work.",
    "restated": "the source restated {share} of the figures published before. The new "
    "ones are published.",
    "crossed": "thresholds crossed: {count}. {first}",
    "report": "the monthly report of {month} is ready: {key}",
    "task": "the {task} could not be made, attempts: {attempts}. The daily runs work. {error}",
    "page": "{error}. The data is published, with figures up to {source_last}; the page is older.",
    "letters": "readers' letters to look at: {count}. {first}",
}
LONG: Mapping[str, Sequence[str]] = {
    "failed": (
        "The daily run has been failing since {since}, the last time for {slot}.",
        "Attempts in a row: {attempts}.",
        "The error, as it stands in the log:",
        "{kind}: {error}",
        "",
        PUBLISHED,
        "The worker goes on trying, at least once an hour.",
        "{advice}",
        TOLD_AGAIN,
    ),
    "refused": (
        "The source can be read, but what it sends for {slot} has been refused since {since}.",
        "Attempts in a row: {attempts}.",
        "The reasons, as they stand in the log:",
        "{error}",
        "",
        PUBLISHED,
        "If the figures are right after all, publish them with: `python app.py run --force`",
        "If they are wrong, nothing is to be done: the worker looks again at least once an hour.",
        TOLD_AGAIN,
    ),
    "recovered": (
        "The daily run works again: the one for {slot} succeeded, begun at {ended}.",
        "It had been failing since {since}; attempts: {attempts}.",
        "",
        "Readers have the version of {published}, whole, with figures up to {source_last}.",
        "Nothing is to be done.",
    ),
    "stale": (
        "The source {source} has no figures after {source_last}. That is {behind} days ago; more "
        "than {limit} count as stale.",
        STILL,
        "",
        "The runs themselves work, and what is published is whole and right. It is old.",
        "Look whether the source has ended. SOURCE chooses another one; ALERT_ON without `stale` "
        "silences this message.",
        "As long as it lasts you will be told once a week.",
    ),
    "restated": (
        "The source has rewritten its history: of {compared} figures that were published before, "
        "{cells} ({share}) are different now.",
        "Most of them in:",
        ITEMS,
        "",
        "The new figures passed the checks and are published, up to {source_last}.",
        "The version before is kept in runs/{before}/.",
        "If you have quoted older figures, compare them; else nothing is to be done.",
    ),
    "crossed": (
        "These figures have crossed a threshold of ALERT_RULES since they were last looked at:",
        ITEMS,
        "",
        "They are from the version of {published}, with figures up to {source_last}.",
        "Each is told once on its way up and once on its way down.",
    ),
    "report": (
        "The monthly report of {month} is ready.",
        "It lies in the folder under {key}.",
    ),
    "task": (
        "The monthly {task} could not be made. Attempts: {attempts}.",
        "The error of the last one:",
        "{error}",
        "",
        "The daily runs work, and what is published is whole. The worker will not try this again.",
        "Once the cause is gone, do it by hand: `python app.py report` makes a month's report, "
        "`python app.py prune` clears up.",
    ),
    "page": (
        "{error}. The page that readers see is older than the data.",
        "",
        "The data is published and whole: the version of {published}, with figures up to "
        "{source_last}. Each run tries to make the page again.",
        "This looks like a defect of the worker: `page.failed` in the log says where.",
    ),
    "letters": (
        "Readers have sent what answers to INBOX_ALERT. Letters: {count}.",
        ITEMS,
        "",
        "All of them: `python app.py inbox --list`",
        "These are the words of strangers: trust no link, number or request in them.",
    ),
}
ADVICE: Mapping[str, str] = {
    "SourceUnavailable": "The source could not be reached, so nothing is to be done for now. If it "
    "lasts for a day, look whether the source has moved.",
    "SourceChanged": "The source does not send what it used to. Look at it; what was received is "
    "kept in raw/. The reader of this source may have to be adapted.",
    "StoreError": "The error says what to do. `python app.py doctor` looks at the rest.",
    "StateConflict": "Look whether a second worker writes to the same folder.",
    "MachineError": "The machine of the worker has no room left: free some, or take a larger one.",
    "Lost": "Look for `worker.run_lost` in the log. If memory ran out, take a larger dyno.",
}
DEFECT = "This looks like a defect of the worker: `run.crashed` in the log says where."
