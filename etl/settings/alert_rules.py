"""What the settings of the alerts may be: pure readers for config.py, the standard library alone.

Each raises ValueError with what it expected.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = ("failures", "stale", "restated", "thresholds", "reports", "inbox")
RETIRED_KINDS = ("releases",)  # of earlier versions; ignored where they are still named
ORIGINAL = "en"  # the language that messages are written in
# The figures of latest.json; tests/alerts/test_rules.py holds them to its columns.
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
# What Amazon Translate knows: a slip such as `cat` for `ca` would show in the first incident only.
LANGUAGES = frozenset(
    re.findall(
        r"\S+",
        """
        af am ar az bg bn bs ca cs cy da de el en es es-MX et fa fa-AF fi fr fr-CA ga gu ha he hi hr
        ht hu hy id is it ja ka kk kn ko lt lv mk ml mn mr ms mt nl no pa pl ps pt pt-PT ro ru si sk
        sl so sq sr sv sw ta te th tl tr uk ur uz vi zh zh-TW
        """,
    )
)
TOPIC_NAME = r"[A-Za-z0-9_-]{1,256}"
TOPIC_ARN = rf"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{{12}}:{TOPIC_NAME}"


@dataclass(frozen=True)
class Rule:
    """Tell when a country's figure goes over the limit, and when it no longer is.

    `country` is a name, key or ISO code; `*` is every country, each for itself.
    """

    country: str
    measure: str
    limit: float

    def __str__(self) -> str:
        return f"{self.country}:{self.measure}>{self.limit:.12g}"


def rules(value: str) -> tuple[Rule, ...]:
    return tuple(dict.fromkeys(_rule(text) for text in _listed(value)))


def _rule(text: str) -> Rule:
    found = re.fullmatch(r"([^:<>]+):\s*(\w+)\s*>\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)", text)
    if not found or found[2] not in MEASURES:
        raise ValueError(
            "rules such as ESP:cases_7d_per_100k>300,*:deaths_7d_avg>1000, of the figures "
            + ", ".join(MEASURES)
        )
    return Rule(found[1].strip(), found[2], float(found[3]))


def kinds(value: str) -> tuple[str, ...]:
    """The kinds that are told; none where a retired one is all that is named."""
    names = _listed(value.lower())
    if not names or not set(names) <= {*KINDS, *RETIRED_KINDS}:
        raise ValueError(f"some of {', '.join(KINDS)}")
    return tuple(name for name in names if name in KINDS)


def retired_kinds(value: str) -> tuple[str, ...]:
    return tuple(name for name in _listed(value.lower()) if name in RETIRED_KINDS)


def languages(value: str) -> tuple[str, ...]:
    """The languages besides the original."""
    known = {code.lower(): code for code in LANGUAGES}
    codes = _listed(value.lower())
    if not set(codes) <= set(known):
        raise ValueError("languages that Amazon Translate knows, such as es,ca")
    return tuple(known[code] for code in codes if code != ORIGINAL)


def language(value: str) -> str:
    """One of them, the original too."""
    known: dict[str, str] = {code.lower(): code for code in LANGUAGES}
    if value.lower() not in known:
        raise ValueError("a language that Amazon Translate knows, such as en")
    return known[value.lower()]


def topic(value: str) -> str:
    if value and not re.fullmatch(f"{TOPIC_NAME}|{TOPIC_ARN}", value):
        raise ValueError("a topic's name (letters, digits, '-' and '_') or its ARN")
    return value


def web_address(value: str) -> str:
    """An http(s) URL; what is secret in it is the reader's business."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if value and (not fits or re.search(r"\s", value)):
        raise ValueError("a URL that begins with https://")
    return value


def _listed(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
