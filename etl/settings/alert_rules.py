"""Readers of the alert settings, for config.py. Pure; uses the standard library only.

Each raises ValueError with what it expected.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from etl.settings.readers import names

KINDS = ("failures", "stale", "restated", "thresholds", "reports", "inbox")
RETIRED_KINDS = ("releases",)  # of earlier versions; ignored if they are still set
# The figures of latest.json. This module may not import its columns (pandas), so
# tests/alerts/test_thresholds.py checks that the two agree.
MEASURES = (
    "new_cases",
    "new_deaths",
    "new_recoveries",
    "cumulative_cases",
    "cumulative_deaths",
    "cumulative_recoveries",
    "active",
    "cases_7d_avg",
    "deaths_7d_avg",
    "cases_7d_per_100k",
    "case_fatality",
)
EXPECTED = (
    "rules such as ESP:cases_7d_per_100k>300,*:deaths_7d_avg>1000, of the figures "
    + ", ".join(MEASURES)
)
FIFO = ".fifo"  # ends the names of FIFO topics
TOPIC_NAME = r"[A-Za-z0-9_-]{1,256}"
TOPIC_ARN = rf"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{{12}}:{TOPIC_NAME}"


@dataclass(frozen=True)
class AlertRule:
    """Alert when a country's figure exceeds the limit, and when it no longer does.

    `country` is a name, key or ISO code; `*` checks every country separately.
    """

    country: str
    measure: str
    limit: float

    def __str__(self) -> str:
        return f"{self.country}:{self.measure}>{self.limit:.12g}"


def unknown(rules: Iterable[AlertRule], own: Collection[str] = ()) -> list[str]:
    """Return the measures of rules that are neither figures of latest.json nor one's own."""
    measures = dict.fromkeys(rule.measure for rule in rules)
    return [measure for measure in measures if measure not in (*MEASURES, *own)]


def rules(value: str) -> tuple[AlertRule, ...]:
    return tuple(dict.fromkeys(_rule(text) for text in names(value)))


def _rule(text: str) -> AlertRule:
    found = re.fullmatch(r"([^:<>]+):\s*(\w+)\s*>\s*(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)", text)
    if not found:
        raise ValueError(EXPECTED)
    return AlertRule(found[1].strip(), found[2], float(found[3]))


def kinds(value: str) -> tuple[str, ...]:
    """Read the kinds of alerts to send; none if only retired kinds are named."""
    given = names(value.lower())
    if not given or not set(given) <= {*KINDS, *RETIRED_KINDS}:
        raise ValueError(f"some of {', '.join(KINDS)}")
    return tuple(kind for kind in given if kind in KINDS)


def retired_kinds(value: str) -> tuple[str, ...]:
    return tuple(name for name in names(value.lower()) if name in RETIRED_KINDS)


def topic(value: str) -> str:
    """Read the name or ARN of a topic that can reach people; empty for none."""
    if value.endswith(FIFO) and valid_topic(value):
        raise ValueError("a standard topic: a FIFO topic can't deliver to phones, e-mail or URLs")
    return valid_topic(value) if value else value


def valid_topic(value: str) -> str:
    """Return the name or ARN of a topic, FIFO topics included. Raises ValueError."""
    if not re.fullmatch(f"(?:{TOPIC_NAME}|{TOPIC_ARN})(?:{re.escape(FIFO)})?", value):
        raise ValueError(
            "a topic's name (letters, digits, '-' and '_'), or its ARN, such as "
            "arn:aws:sns:eu-west-1:123456789012:cloud-etl"
        )
    return value
