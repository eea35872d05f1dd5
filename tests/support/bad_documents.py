"""Documents that no run may publish, each with the error that it must cause."""

import gzip
import io
import zipfile

from etl.errors import DataRejected, EtlError, SourceChanged
from tests.support.runs import COUNTRIES, growing


def bomb() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(40):
            file.write(bytes(1 << 20))
    return packed.getvalue()


def edited(old: str, new: str) -> bytes:
    text = growing(20).decode()
    assert old in text
    return text.replace(old, new, 1).encode()


def workbook_without_a_sheet() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("hello.txt", "hello")
    return packed.getvalue()


DOCUMENTS: dict[str, tuple[bytes, type[EtlError], str]] = {
    "no countries": (b"[]", DataRejected, "the source has no rows"),
    "truncated": (growing(20)[:-700], SourceChanged, "ends inside element 3"),
    "renamed": (
        growing(20).replace(b'"dates"', b'"days"'),
        SourceChanged,
        r"united-states: expected field 'dates', got 'country', 'days'",
    ),
    "text for a number": (
        edited('"cases":100,', '"cases":"100",'),
        SourceChanged,
        r"united-states, 2021-01-01, new\.cases: expected int, got str",
    ),
    "30 digits": (
        edited('"cases":200,', '"cases":' + "9" * 30 + ","),
        SourceChanged,
        "expected at most",
    ),
    "NaN": (edited('"cases":200,', '"cases":NaN,'), SourceChanged, "united-states"),
    "negative": (edited('{"cases":200,', '{"cases":-200,'), SourceChanged, "not negative"),
    "not UTF-8": (edited("Spain", "Spa\xffn").decode().encode("latin-1"), SourceChanged, "UTF-8"),
    "gzip bomb": (bomb(), SourceChanged, "larger than MAX_SOURCE_MB"),
    "another kind of file": (workbook_without_a_sheet(), SourceChanged, "not a JSON array"),
    "shrunk": (growing(20, COUNTRIES[:2]), DataRejected, "only 2 countries; 3 were published"),
    "in the future": (growing(60), DataRejected, "the last date is 2021-03-01, in the future"),
}
