"""The languages that Amazon Translate knows, and the readers of the settings that name them.

Without this check, a mistake such as `cat` for `ca` would only show when the first alert is sent.
"""

from etl.settings.readers import names

ORIGINAL = "en"  # the language that messages and pages are written in

RIGHT_TO_LEFT = frozenset({"ar", "fa", "fa-AF", "he", "ps", "ur"})
NAMES = {  # in the languages themselves
    ORIGINAL: "English",
    "af": "Afrikaans",
    "am": "አማርኛ",
    "ar": "العربية",
    "az": "azərbaycan",
    "bg": "български",
    "bn": "বাংলা",
    "bs": "bosanski",
    "ca": "català",
    "cs": "čeština",
    "cy": "Cymraeg",
    "da": "dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "es": "español",
    "es-MX": "español de México",
    "et": "eesti",
    "fa": "فارسی",
    "fa-AF": "دری",
    "fi": "suomi",
    "fr": "français",
    "fr-CA": "français canadien",
    "ga": "Gaeilge",
    "gu": "ગુજરાતી",
    "ha": "Hausa",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "hrvatski",
    "ht": "kreyòl ayisyen",
    "hu": "magyar",
    "hy": "հայերեն",
    "id": "Bahasa Indonesia",
    "is": "íslenska",
    "it": "italiano",
    "ja": "日本語",
    "ka": "ქართული",
    "kk": "қазақ тілі",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어",
    "lt": "lietuvių",
    "lv": "latviešu",
    "mk": "македонски",
    "ml": "മലയാളം",
    "mn": "монгол",
    "mr": "मराठी",
    "ms": "Bahasa Melayu",
    "mt": "Malti",
    "nl": "Nederlands",
    "no": "norsk",
    "pa": "ਪੰਜਾਬੀ",
    "pl": "polski",
    "ps": "پښتو",
    "pt": "português",
    "pt-PT": "português europeu",
    "ro": "română",
    "ru": "русский",
    "si": "සිංහල",
    "sk": "slovenčina",
    "sl": "slovenščina",
    "so": "Soomaali",
    "sq": "shqip",
    "sr": "српски",
    "sv": "svenska",
    "sw": "Kiswahili",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "th": "ไทย",
    "tl": "Filipino",
    "tr": "Türkçe",
    "uk": "українська",
    "ur": "اردو",
    "uz": "o‘zbek",  # noqa: RUF001  its own letter
    "vi": "Tiếng Việt",
    "zh": "简体中文",
    "zh-TW": "繁體中文",
}
LANGUAGES = frozenset(NAMES)


def several(value: str) -> tuple[str, ...]:
    """Read a list of languages, without the original. Raises ValueError."""
    known = {code.lower(): code for code in LANGUAGES}
    codes = names(value.lower())
    if not set(codes) <= set(known):
        raise ValueError("languages that Amazon Translate knows, such as es,ca")
    return tuple(known[code] for code in codes if code != ORIGINAL)


def one(value: str) -> str:
    """Read one language, which may be the original. Raises ValueError."""
    known = {code.lower(): code for code in LANGUAGES}
    if value.lower() not in known:
        raise ValueError("a language that Amazon Translate knows, such as en")
    return known[value.lower()]
