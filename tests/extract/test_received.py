"""What a download says of its progress."""

import os
from pathlib import Path

import pytest

from etl.extract.fetch import Limits, fetch
from tests.support.web_server import Reply, gzipped, web_server

BODY = os.urandom(600_000).hex().encode()


@pytest.mark.parametrize(
    ("reply", "size"),
    [
        (Reply(BODY), len(BODY)),
        (gzipped(BODY), len(gzipped(BODY).body)),
        (Reply(BODY, length=-1), None),
        (Reply(BODY, chunk=7_000), None),
    ],
    ids=["plain", "Content-Encoding", "of unknown length", "chunked"],
)
def test_a_download_reports_the_bytes_that_arrived_of_those_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply, size: int | None
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    seen: list[tuple[int, int | None]] = []
    with web_server() as web:
        url = web.on("/stats.json", reply)
        fetch(url, tmp_path / "to", Limits(10**7), received=lambda *so_far: seen.append(so_far))
    assert (tmp_path / "to").read_bytes() == BODY
    assert len(seen) > 2
    assert seen == sorted(seen, key=lambda one: one[0])
    assert {of for _, of in seen} == {size}
    assert seen[-1][0] >= len(reply.body)
