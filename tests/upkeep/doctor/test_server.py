"""The doctor names the kind of S3 server, and what follows from it."""

import pytest

from etl.store import Store
from etl.store.memory import MemoryStore
from etl.upkeep.doctor.place import server_findings
from tests.support.s3_kinds import OtherServer
from tests.support.s3_server import s3_server
from tests.support.stores import keys, new_bucket


@pytest.mark.parametrize(
    ("kind", "level", "said"),
    [
        ("refuses", "warning", "the server always refuses If-Match and ignores If-None-Match, so"),
        ("ignores", "warning", "the server ignores If-Match and ignores If-None-Match, so two"),
        ("wants no quotes", "ok", "it supports conditional writes, if ETags have no quotes"),
        (
            "weak ETags",
            "ok",
            "it supports conditional writes: two workers can't overwrite each other",
        ),
    ],
)
def test_one_line_names_the_server_and_the_consequence(kind: str, level: str, said: str) -> None:
    with s3_server() as url, OtherServer(url, kind) as server, new_bucket(server.url) as store:
        [finding] = server_findings(store)
        assert finding.level == level
        assert finding.what.startswith("server: ")
        assert said in finding.what
        assert ("run one worker" in finding.step) is (level == "warning")
        assert keys(store) == []


def test_a_real_ceph_is_known(real_ceph: str) -> None:
    with new_bucket(real_ceph) as store:
        [finding] = server_findings(store)
    assert finding.what.startswith("server: Ceph; it supports conditional writes")


def test_a_folder_on_disk_has_no_server() -> None:
    store: Store = MemoryStore()
    assert list(server_findings(store)) == []
