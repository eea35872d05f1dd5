"""Every exception that botocore, urllib3 and requests define becomes one clear line."""

import inspect
import re
import string
from types import ModuleType
from typing import Any

import botocore.exceptions
import botocore.parsers
import pytest
import requests.exceptions
import urllib3.exceptions

from etl.alerts import aws
from etl.errors import AlertError, EtlError, SourceUnavailable, StoreError
from etl.extract.answer import TryAgain
from etl.extract.http import get
from etl.store.s3.errors import explained


def classes(*modules: ModuleType) -> list[type[Exception]]:
    """List the exceptions that the modules define; warnings are none, and are not raised."""
    return [
        kind
        for module in modules
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning)
        if kind.__module__ == module.__name__
    ]


def made(kind: type[Exception]) -> Exception:
    """Return an instance, with something in each field that its constructor wants."""
    if kind in UNUSUAL:
        return kind(*UNUSUAL[kind])
    if issubclass(kind, botocore.exceptions.ClientError):
        return kind({"Error": {"Code": "Odd", "Message": "odd"}}, "PutObject")
    if text := getattr(kind, "fmt", ""):  # botocore's way: a field of its text by its name
        named = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        return kind(**dict.fromkeys(named, "x"))
    wanted = [
        one
        for one in inspect.signature(kind.__init__).parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD) and one.default is one.empty
    ]
    return kind(*("x" for _ in wanted[1:]))  # the first is self


class _Response:
    length_remaining = 1

    def tell(self) -> int:
        return 0


UNUSUAL: dict[type[Exception], tuple[Any, ...]] = {
    urllib3.exceptions.IncompleteRead: (1, 2),
    urllib3.exceptions.InvalidChunkLength: (_Response(), b"zz"),
    urllib3.exceptions.NameResolutionError: ("host", None, OSError("x")),
    requests.exceptions.JSONDecodeError: ("x", "text", 0),
    botocore.exceptions.WaiterError: ("x", "x", {}),
}
BOTO = classes(botocore.exceptions, botocore.parsers)
URLLIB3, REQUESTS = classes(urllib3.exceptions), classes(requests.exceptions)


def clear(exc: EtlError) -> None:
    line = str(exc)
    assert line
    assert "\n" not in line
    assert not re.search(r"[{}]", line), line
    assert "Traceback" not in line
    assert exc.__cause__ is not None


@pytest.mark.parametrize("kind", [*BOTO, *URLLIB3], ids=lambda kind: kind.__name__)
def test_every_error_of_boto3_becomes_a_line_about_the_object(kind: type[Exception]) -> None:
    with pytest.raises(StoreError) as caught, explained("bucket", "covid/x", "s3:PutObject"):
        raise made(kind)
    clear(caught.value)
    with pytest.raises(AlertError) as told, aws.explained("sns", what="it", action="sns:Publish"):
        raise made(kind)
    clear(told.value)


class _Failing(requests.Session):
    def __init__(self, exc: Exception) -> None:
        super().__init__()
        self._exc = exc

    def get(self, *args: Any, **more: Any) -> Any:
        raise self._exc


@pytest.mark.parametrize("kind", [*REQUESTS, *URLLIB3], ids=lambda kind: kind.__name__)
def test_every_error_of_requests_becomes_a_line_about_the_source(kind: type[Exception]) -> None:
    with pytest.raises((SourceUnavailable, TryAgain)) as caught:  # noqa: SIM117  the order counts
        with get("https://host/path", _Failing(made(kind)), 1e9):
            pass
    line = str(caught.value)
    assert line
    assert "\n" not in line
