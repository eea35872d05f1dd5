"""Stand before moto and behave like S3 servers other than Amazon's.

    with OtherServer(upstream, "versioned Ceph") as server:
        use(monkeypatch, server.url)

KINDS describes each manner. Those of Ceph were seen on radosgw 16.2, those of s3rver on 3.7.1; the
contract suite and the tests of `setup` run on a real radosgw too, if TEST_CEPH_ENDPOINT names one.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.support.fault_proxy import CODES, FaultProxy, Handler

LACKING = ("encryption", "versioning", "lifecycle", "cors", "publicAccessBlock")
Refusal = tuple[int, str] | None  # status and code
KINDS = {
    "wants no quotes": "If-Match holds only if the ETag has no quotes (Ceph)",
    "ignores": "conditions are ignored (s3rver)",
    "refuses": "If-Match never holds, If-None-Match is ignored (Ceph, versioned)",
    "knows no If-Match": "If-Match is answered with 501 (Swift)",
    "breaks when versioned": "as `refuses` while versioning is enabled, else `wants no quotes`",
    "denies when blocked": "no upload is allowed once public ACLs are blocked (Ceph)",
    "no encryption": "PutBucketEncryption is an InvalidArgument without a message (Ceph)",
    "no versioning": "PutBucketVersioning is a BucketAlreadyExists (s3rver)",
    "lacks fields": "what is not set is answered with 200 and an empty document (Ceph)",
    "weak ETags": "ETags are weak, as behind an nginx that compresses",
    "bare ETags": "ETags have no quotes",
    "no checksums": "the checksums that boto3 adds are refused",
    "no copy": "CopyObject is not known",
    "409 on reads": "reads are answered with 409",
}
SETTINGS = (*LACKING, "policy")


class OtherServer(FaultProxy):
    """A proxy with the manners of `kinds`; `enabled` and `blocked` are what was asked of it."""

    def __init__(self, upstream: str, *kinds: str) -> None:
        assert set(kinds) <= KINDS.keys()
        self.kinds = set(kinds)
        self.enabled = self.blocked = False
        self.denied = ""  # a setting that may not be changed
        self._hooks: dict[str, Callable[[], object]] = {}
        self._faults: list[str] = []
        super().__init__(upstream, handler=_OtherHandler)

    def refuse_next(self, status: str, times: int = 1) -> None:
        """Answer the next conditional writes with this status, without passing them on."""
        self._faults = [status] * times

    def before_put(self, key: str, hook: Callable[[], object]) -> None:
        """Call `hook` once, after a write of `bucket/key` has arrived, before it is passed on."""
        self._hooks = {f"/{key}": hook}

    def next_fault_of(self, conditional: bool) -> str:
        return self._faults.pop() if conditional and self._faults else ""

    def hook_of(self, path: str) -> Callable[[], object]:
        return self._hooks.pop(path, lambda: None)

    def has(self, kind: str) -> bool:
        breaks = "breaks when versioned" in self.kinds
        if breaks and kind in ("refuses", "wants no quotes"):
            return self.enabled is (kind == "refuses")
        return kind in self.kinds


class _OtherHandler(Handler):
    proxy: OtherServer

    def handle_any(self) -> None:
        body = self._read_body()
        self.proxy.seen.append(f"{self.command} {self.path}")
        if refusal := self._refusal():
            status, code = refusal
            answer = f"<Error><Code>{code}</Code></Error>".encode()  # no message, as Ceph has it
            self._answer(status, [("Content-Type", "application/xml")], answer, cut=False)
            return
        if self.command == "PUT":
            self.proxy.hook_of(self.path)()
        status, headers, answer = self._forward(body)
        if self.command == "PUT" and status == 200:
            self._note(body)
        lacks = self._setting in LACKING and self.proxy.has("lacks fields")
        if lacks and (self.command, status) == ("GET", 404):
            status, answer, headers = 200, b"<Empty/>", [("Content-Type", "application/xml")]
        self._answer(status, [self._changed(*each) for each in headers], answer, cut=False)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_any  # noqa: N815  http.server's names

    @property
    def _setting(self) -> str:
        """Return the bucket's setting that is meant; empty for an object."""
        return urlsplit(self.path).query.split("=")[0].split("&")[0]

    def _refusal(self) -> Refusal:
        checks: list[Callable[[], Refusal]] = [self._condition, self._upload, self._step]
        return next((found for check in checks if (found := check())), None)

    def _condition(self) -> Refusal:
        """Judge the conditions, and remove those that moto must not see."""
        has, match = self.proxy.has, self.headers.get("If-Match")
        if self.command != "PUT":
            return None
        if fault := self.proxy.next_fault_of("If-None-Match" in self.headers or bool(match)):
            return int(fault), CODES[fault]
        if has("refuses") or has("ignores"):
            del self.headers["If-Match"], self.headers["If-None-Match"]
            return (412, "PreconditionFailed") if match and has("refuses") else None
        if match and has("knows no If-Match"):
            return 501, "NotImplemented"
        if match and has("wants no quotes"):
            if match.startswith('"'):
                return 412, "PreconditionFailed"
            self.headers.replace_header("If-Match", f'"{match}"')
        return None

    def _upload(self) -> Refusal:
        has, sent = self.proxy.has, " ".join(self.headers).lower()
        if self.command in ("GET", "HEAD") and not self._setting and has("409 on reads"):
            return 409, "Conflict"
        if "x-amz-sdk-checksum-algorithm" in sent and has("no checksums"):
            return 400, "XAmzContentSHA256Mismatch"
        if self.command != "PUT" or self._setting in SETTINGS:
            return None
        copies = "x-amz-copy-source" in sent
        if copies and has("no copy"):
            return 501, "NotImplemented"
        if has("denies when blocked") and self.proxy.blocked and not copies:
            return 403, "AccessDenied"
        return None

    def _step(self) -> Refusal:
        if self.command == "PUT" and self._setting and self._setting == self.proxy.denied:
            return 403, "AccessDenied"
        if self.command == "PUT" and self._setting == "encryption":
            return (400, "InvalidArgument") if self.proxy.has("no encryption") else None
        if self.command == "PUT" and self._setting == "versioning":
            return (409, "BucketAlreadyExists") if self.proxy.has("no versioning") else None
        return None

    def _note(self, body: bytes) -> None:
        if self._setting == "versioning":
            self.proxy.enabled = b"Enabled" in body
        if self._setting == "publicAccessBlock":
            self.proxy.blocked = b"<BlockPublicAcls>true" in body

    def _changed(self, name: str, value: str) -> tuple[str, str]:
        if name.lower() != "etag":
            return name, value
        if self.proxy.has("weak ETags"):
            return name, f"W/{value}"
        return name, re.sub('"', "", value) if self.proxy.has("bare ETags") else value
