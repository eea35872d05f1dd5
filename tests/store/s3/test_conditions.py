"""Conditional writes on servers that keep conditions, keep them their own way, or not at all."""

import hashlib

import pytest

from etl import log
from etl.errors import StateConflict, StoreError
from etl.store import Upload
from etl.store.layout import PROBE
from etl.store.s3.store import S3Store
from tests.support.s3_server import Answer, answering, use


class Server:
    """S3 as far as these writes need it; `kind` is what it makes of a condition."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.objects: dict[str, bytes] = {}
        self.puts: list[str] = []

    def __call__(self, answer: Answer) -> None:
        length = int(answer.headers.get("Content-Length") or 0)
        body = answer.rfile.read(length)
        del answer.headers["Content-Length"]  # it is read
        if answer.command == "PUT":
            self.puts.append(answer.path)
            status = self._refusal(answer)
            if status:
                answer.reply(status, f"<Error><Code>{CODES[status]}</Code></Error>")
                return
            self.objects[answer.path] = body
        if answer.command == "DELETE":
            self.objects.pop(answer.path, None)
            answer.reply(204)
        elif answer.path in self.objects:
            answer.reply(200, ETag=self._etag(answer.path), Last_Modified=LONG_AGO)
        else:
            answer.reply(404)

    def _etag(self, path: str) -> str:
        return '"' + hashlib.md5(self.objects[path]).hexdigest() + '"'  # noqa: S324  as S3 does

    def _refusal(self, answer: Answer) -> int:
        match, none_match = answer.headers.get("If-Match"), answer.headers.get("If-None-Match")
        if self.kind == "passes over" or not (match or none_match):
            return 0
        if self.kind == "knows no If-Match" and match:
            return 501
        if none_match:
            return 412 if answer.path in self.objects else 0
        found = self._etag(answer.path) if answer.path in self.objects else None
        if self.kind == "wants no quotes":
            found = found and found.strip('"')
        return 0 if match == found else 412


CODES = {412: "PreconditionFailed", 501: "NotImplemented"}
LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"


@pytest.mark.parametrize(
    "kind", ["keeps them", "wants no quotes", "passes over", "knows no If-Match"]
)
def test_a_stale_writer_is_refused_on_every_kind_of_server(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log.set_up("INFO")
    server = Server(kind)
    with answering(server) as url:
        use(monkeypatch, url)
        store = S3Store.connect("bucket", "folder")
        first = store.write(Upload("a", b"1"), if_none_match=True)
        with pytest.raises(StateConflict):
            store.write(Upload("a", b"2"), if_none_match=True)
        second = store.write(Upload("a", b"2"), if_match=first)
        with pytest.raises(StateConflict):
            store.write(Upload("a", b"3"), if_match=first)
        store.write(Upload("a", b"3"), if_match=second)
    assert server.objects == {"/bucket/folder/a": b"3"}
    assert server.puts.count(f"/bucket/folder/{PROBE}") == 1
    said = capsys.readouterr().err.count("store.no_conditional_writes")
    assert said == (1 if kind in ("passes over", "knows no If-Match") else 0)


def test_a_refusal_of_another_kind_is_not_taken_for_a_lack(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(answer: Answer) -> None:
        answer.reply(403, "<Error><Code>AccessDenied</Code></Error>")

    with answering(deny) as url:
        use(monkeypatch, url)
        with pytest.raises(StoreError, match="access denied: allow s3:PutObject"):
            S3Store.connect("bucket").write(Upload("a", b"1"), if_none_match=True)
