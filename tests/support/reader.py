"""An independent reader of an S3 bucket: signed HTTP, none of the project's own code."""

import gzip
import hashlib
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, urlencode

import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.s3_server import ACCESS_KEY, SECRET_KEY

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Reader:
    """Reads `bucket` below `folder`, straight from the server.

    `bodies` has what was read before, by MD5: what a listing shows with the same ETag is not read
    again by `contents`.
    """

    def __init__(
        self, url: str, bucket: str, folder: str, bodies: dict[str, bytes] | None = None
    ) -> None:
        self._url, self._bucket, self._folder = url, bucket, folder
        self._bodies = {} if bodies is None else bodies
        self._session = requests.Session()
        self._session.trust_env = False

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        url = f"{self._url}/{self._bucket}{quote(path)}"
        if query:
            url += "?" + urlencode(query, quote_via=quote)
        signed = AWSRequest("GET", url)
        S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", "us-east-1").add_auth(signed)
        answer = self._session.get(url, headers=dict(signed.headers.items()), timeout=20)
        answer.raise_for_status()
        return answer.content

    def keys(self) -> list[str]:
        return list(self.listed())

    def listed(self) -> dict[str, str]:
        """Return the ETags by key."""
        found: dict[str, str] = {}
        query = {"list-type": "2", "prefix": f"{self._folder}/"}
        while True:
            tree = ET.fromstring(self._get("", query))  # noqa: S314  our own server's
            for one in tree.iter(f"{NAMESPACE}Contents"):
                key = str(one.findtext(f"{NAMESPACE}Key")).removeprefix(f"{self._folder}/")
                found[key] = str(one.findtext(f"{NAMESPACE}ETag")).strip('"')
            token = tree.findtext(f"{NAMESPACE}NextContinuationToken")
            if not token:
                return found
            query["continuation-token"] = token

    def read(self, key: str) -> bytes:
        return self._get(f"/{self._folder}/{key}")

    def contents(self) -> dict[str, bytes]:
        listed = self.listed()
        new = [key for key, etag in listed.items() if etag not in self._bodies]
        with ThreadPoolExecutor(8) as pool:
            read = dict(zip(new, pool.map(self.read, new), strict=True))
        self._bodies |= {_md5(body): body for body in read.values()}
        return {key: read[key] if key in read else self._bodies[listed[key]] for key in listed}


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def assert_promises(
    before: Mapping[str, bytes], after: Mapping[str, bytes]
) -> dict[str, Any] | None:
    """Assert what must hold at any moment, whatever failed; return the published manifest."""
    for key, body in before.items():
        if key.startswith(("runs/", "raw/")):
            assert after.get(key) == body, f"{key} is not what it was"
    history = json.loads(after["history.json"])["records"] if "history.json" in after else []
    for record in history:
        if record["outcome"] != "failed":
            assert f"runs/{record['published_run']}/manifest.json" in after
    slots = [r["slot"] for r in history if r["outcome"] not in ("failed", "restored")]
    assert len(slots) == len(set(slots)), "a slot was made twice"
    if "manifest.json" not in after:
        assert "manifest.json" not in before
        odd = [key for key in after if not key.startswith(BESIDE) and key not in OWN]
        assert odd == [], "objects that nobody expects"
        return None
    manifest: dict[str, Any] = json.loads(after["manifest.json"])
    assert after[f"runs/{manifest['run_id']}/manifest.json"] == after["manifest.json"]
    for file in manifest["files"]:
        body = after[file["key"]]
        assert hashlib.sha256(body).hexdigest() == file["sha256"], file["key"]
    for entry in manifest["inputs"]:
        raw = after[entry["key"]]
        raw = gzip.decompress(raw) if entry["key"].endswith(".gz") else raw
        assert hashlib.sha256(raw).hexdigest() == entry["sha256"], entry["key"]
    former = json.loads(before["manifest.json"])["run_id"] if "manifest.json" in before else None
    runs = {former, manifest["run_id"]} - {None}
    for name in stable_names(after):
        versions = [after.get(f"runs/{run}/{name}") for run in runs]
        # a repair may start from stable names of an even older run
        assert after[name] in (*versions, before.get(name)), f"{name} is of neither run"
    # a repair may only remove names of earlier runs, which the manifest does not list
    named = {file["name"] for file in manifest["files"]} if manifest["run_id"] == former else set()
    for name in stable_names(before) & named:
        assert name in after, f"{name} has gone"
    return manifest


def assert_settled(after: Mapping[str, bytes]) -> dict[str, Any]:
    """Assert, after a later run without faults, that every stable name is the published run's."""
    manifest = assert_promises({}, after)
    assert manifest is not None
    assert stable_names(after) == {file["name"] for file in manifest["files"]}
    for file in manifest["files"]:
        assert after[file["name"]] == after[file["key"]], file["name"]
    history = json.loads(after["history.json"])["records"]
    published = [r["run_id"] for r in history if r["outcome"] == "published"]
    assert len(published) == len(set(published))
    assert manifest["run_id"] in {r["published_run"] for r in history if r["outcome"] != "failed"}
    assert "status.json" in after
    return manifest


# `_doctor-` is the object on which a server's conditions are tried; deleting it may fail
BESIDE = ("runs/", "raw/", "_doctor-")
OWN = {"manifest.json", "history.json", "status.json", "feed.xml", "catalogue.json"}
OWN |= {"feedback.html", "datapackage-archive.json"}
APART = ("runs/", "raw/", "reports/", "inbox/", "_")


def stable_names(objects: Mapping[str, bytes]) -> set[str]:
    return {key for key in objects if not key.startswith(APART)} - OWN
