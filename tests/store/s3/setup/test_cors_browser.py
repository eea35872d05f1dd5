"""A page on another site reads the folder in a real browser, through what our CORS rule grants."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from dev.bench.browser import Browser
from etl.store.s3.setup import BucketState, BucketWish, Rule, plan
from tests.support.web_server import Reply, web_server

BODY, ETAG, DIGEST = b"0123456789PAR1", '"abc"', "d1" * 32
FETCH = """
const [url, headers, done] = arguments;
fetch(url, {headers, cache: "no-store"})
  .then(async (got) => done([got.status, await got.text(), Object.fromEntries(got.headers)]))
  .catch((fault) => done([0, String(fault), {}]));
"""


@contextmanager
def bucket(rule: Rule) -> Iterator[str]:
    """An object behind S3's way of applying a CORS rule: what it does not list, is not granted."""

    class Handler(BaseHTTPRequestHandler):
        def do_OPTIONS(self) -> None:
            asked = self.headers.get("Access-Control-Request-Headers", "").replace(" ", "")
            names = {name.lower() for name in asked.split(",") if name}
            allowed = {name.lower() for name in rule.get("AllowedHeaders", [])}
            method = self.headers["Access-Control-Request-Method"]
            granted = method in rule["AllowedMethods"] and names <= allowed
            self.send_response(200 if granted else 403)
            if granted:
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"]))
                self.send_header("Access-Control-Allow-Headers", ", ".join(sorted(names)))
            self.end_headers()

        def do_GET(self) -> None:
            status, body = 200, BODY
            if self.headers.get("If-None-Match") == ETAG:
                status, body = 304, b""
            elif wanted := self.headers.get("Range"):
                status, body = 206, BODY[int(wanted.removeprefix("bytes=")) :]
            self.send_response(status)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"]))
            self.send_header("ETag", ETAG)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("x-amz-meta-sha256", DIGEST)
            if status == 206:
                where = f"bytes {len(BODY) - len(body)}-{len(BODY) - 1}/{len(BODY)}"
                self.send_header("Content-Range", where)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/timeseries.parquet"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def our_rule() -> Rule:
    """The rule that `setup` gives to a bucket without any."""
    found, wish = BucketState(True, "eu-west-1"), BucketWish("news", "covid")
    changes = {change.call: change for change in plan.plan_changes(found, wish)}
    rules: list[Rule] = changes["put_bucket_cors"].arguments["CORSConfiguration"]["CORSRules"]
    return rules[0]


def fetch(browser: Browser, url: str, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return browser.driver.execute_async_script(FETCH, url, sent)


def test_a_page_on_another_site_reads_the_end_of_the_parquet_file(browser: Browser) -> None:
    with web_server() as web, bucket(our_rule()) as url:
        browser.open(web.on("/", Reply(b"<title>another site</title>")), ready=False)
        status, body, headers = fetch(browser, url, Range="bytes=-4")
        assert (status, body) == (206, "PAR1")
        assert headers["content-range"] == "bytes 10-13/14"
        assert headers["accept-ranges"] == "bytes"
        assert headers["etag"] == ETAG
        assert headers["x-amz-meta-sha256"] == DIGEST
        assert fetch(browser, url, If_None_Match=ETAG)[0] == 304
        since = "Wed, 24 Feb 2021 00:00:00 GMT"
        assert fetch(browser, url, If_Modified_Since=since)[0] == 200
        with bucket(our_rule() | {"AllowedHeaders": []}) as refusing:  # as before this rule
            assert fetch(browser, refusing, Range="bytes=-4")[0] == 0


@pytest.mark.parametrize("header", ["Range", "If-None-Match", "If-Modified-Since"])
def test_setup_adds_the_rule_where_one_of_the_headers_is_not_allowed(header: str) -> None:
    allowed = [name for name in our_rule()["AllowedHeaders"] if name != header]
    lacking = BucketState(True, "eu-west-1", cors=[our_rule() | {"AllowedHeaders": allowed}])
    calls = [change.call for change in plan.plan_changes(lacking, BucketWish("news", "covid"))]
    assert "put_bucket_cors" in calls
    for rule in ({"AllowedHeaders": ["*"]}, {"AllowedHeaders": [header.upper(), *allowed]}):
        enough = replace(lacking, cors=[our_rule() | rule])
        calls = [change.call for change in plan.plan_changes(enough, BucketWish("news", "covid"))]
        assert "put_bucket_cors" not in calls
