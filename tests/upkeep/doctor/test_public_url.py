"""The doctor reads the manifest at PUBLIC_URL, as the public does."""

from pathlib import Path

from etl.store.memory import MemoryStore
from etl.upkeep.doctor.place import public_url_findings
from tests.support.runs import published_store
from tests.support.web_server import Reply, web_server


def manifest(store: MemoryStore) -> bytes:
    stored = store.read("manifest.json")
    assert stored is not None
    return stored.body


def test_a_folder_that_anyone_can_read_there_is_well(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    with web_server() as web:
        web.on("/covid/manifest.json", Reply(manifest(store)))
        [finding] = public_url_findings(store, f"{web.url}/covid")
    assert finding.level == "ok"
    assert f"{web.url}/covid/manifest.json" in finding.what


def test_another_folder_a_private_one_and_none_are_told_apart(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    with web_server() as web:
        web.on("/other/manifest.json", Reply(manifest(store) + b" " * 1_000_000))
        web.on("/private/manifest.json", Reply(b"AccessDenied", status=403))
        [other] = public_url_findings(store, f"{web.url}/other")
        [private] = public_url_findings(store, f"{web.url}/private")
    [nobody] = public_url_findings(store, f"{web.url}/gone")
    assert {one.level for one in (other, private, nobody)} == {"warning"}
    assert "is not this folder's manifest" in other.what
    assert "403" in private.what
    for one in (other, private, nobody):
        assert "PUBLIC_URL" in one.step


def test_nothing_is_asked_where_there_is_nothing_to_compare(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    assert list(public_url_findings(store, "")) == []
    assert list(public_url_findings(MemoryStore(), "http://127.0.0.1:9/")) == []
