"""get, put and rm of single objects, on every kind of store."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from etl.store import Head, Upload
from etl.store.directory import DirectoryStore
from etl.store.s3.store import S3Store
from etl.store.transfer import fetch
from tests.support.desk import Desk
from tests.support.processes import command
from tests.support.runs import contents, published_store

BODY = b"a,b\n1,2\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


def put_by_somebody_else(store: S3Store, key: str, body: bytes) -> None:
    """As another program would: without a digest."""
    store.client.put_object(Bucket=store.bucket, Key=f"{store.folder}/{key}", Body=body)


@pytest.mark.parametrize("what", [["head"], ["get"], ["rm", "--yes"]], ids=lambda what: what[0])
def test_what_does_not_exist_is_said_with_the_next_step(desk: Desk, what: list[str]) -> None:
    said = desk(*what, "nothing.csv")
    assert (said.status, said.out) == (1, "")
    assert said.err == (
        f"Error: {desk.store.address}/nothing.csv does not exist; those that do: python app.py ls\n"
    )


@pytest.mark.parametrize("key", ["../secret", "/etc/passwd", "a\nb"])
@pytest.mark.parametrize("what", ["head", "get", "rm", "ls"])
def test_a_key_that_leaves_the_folder_is_wrong_usage(local_desk: Desk, what: str, key: str) -> None:
    said = local_desk(what, key)
    assert said.status == 2
    assert "a key is relative to the folder" in said.err


def test_an_object_comes_under_its_own_name_or_another_or_into_a_folder(desk: Desk) -> None:
    desk.store.write(Upload("countries/ESP.json", BODY))
    Path("folder").mkdir()
    for arguments, path in (
        ([], "ESP.json"),
        (["spain.json"], "spain.json"),
        (["folder"], "folder/ESP.json"),
    ):
        assert desk("get", "countries/ESP.json", *arguments) == (0, f"{path}: 8 B\n", "")
        assert Path(path).read_bytes() == BODY
    assert sorted(path.name for path in Path().iterdir() if path.name.startswith(".")) == []


def test_a_file_that_is_there_is_replaced_only_by_force(desk: Desk) -> None:
    desk.store.write(Upload("latest.csv", BODY))
    Path("latest.csv").write_text("mine")
    said = desk("get", "latest.csv")
    assert (said.status, said.out) == (1, "")
    assert "latest.csv already exists; choose another name, or use --force" in said.err
    assert Path("latest.csv").read_text() == "mine"
    assert desk("get", "latest.csv", "--force").status == 0
    assert Path("latest.csv").read_bytes() == BODY


def test_an_object_goes_to_standard_output_byte_for_byte(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    store.write(Upload("a.txt", "ñ\r\n\n".encode()))
    ended = command("get", "a.txt", "-", cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "ñ\n\n"  # read as text here
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_damaged_object_is_not_handed_out(s3_desk: Desk) -> None:
    store = s3_desk.store
    assert isinstance(store, S3Store)
    store.client.put_object(
        Bucket=store.bucket, Key="covid/a.csv", Body=b"torn", Metadata={"sha256": DIGEST}
    )
    Path("a.csv").write_text("mine")
    said = s3_desk("get", "a.csv", "--force")
    assert said.status == 1
    assert (
        f"covid/a.csv is damaged: its SHA-256 is {hashlib.sha256(b'torn').hexdigest()}" in said.err
    )
    assert Path("a.csv").read_text() == "mine"


def test_what_carries_no_digest_is_fetched_and_that_is_said(s3_desk: Desk) -> None:
    assert isinstance(s3_desk.store, S3Store)
    put_by_somebody_else(s3_desk.store, "a.csv", BODY)
    said = s3_desk("get", "a.csv")
    assert said.out == "a.csv: 8 B; not verified, since the store has no SHA-256 of it\n"


def test_a_version_that_changes_on_the_way_is_fetched_again(tmp_path: Path) -> None:
    store, _ = published_store(tmp_path)
    looked: list[str] = []

    class Replaced(type(store)):  # type: ignore[misc]
        def head(self, key: str) -> Head | None:
            looked.append(key)
            found: Head | None = store.head(key)
            if len(looked) == 1:
                store.write(Upload(key, b"new"))
            return found

        def download(self, key: str, path: Path) -> bool:
            return store.download(key, path)

    fetch(Replaced(), "latest.csv", tmp_path / "latest.csv", replace=False)
    assert (tmp_path / "latest.csv").read_bytes() == b"new"
    assert len(looked) == 2


def test_a_place_that_can_not_be_written_is_named(local_desk: Desk) -> None:
    local_desk.store.write(Upload("a.csv", BODY))
    said = local_desk("get", "a.csv", "nowhere/a.csv")
    assert said.status == 1
    assert "can't write nowhere/a.csv: No such file or directory; choose another place" in said.err


def test_a_file_is_put_under_its_own_name_or_another(desk: Desk) -> None:
    Path("notes.csv").write_bytes(BODY)
    assert desk("put", "notes.csv").out == f"{desk.store.address}/notes.csv: 8 B, sha256 {DIGEST}\n"
    assert desk("put", "notes.csv", "my/notes.csv").status == 0
    assert contents(desk.store) == {"notes.csv": BODY, "my/notes.csv": BODY}
    head = desk.store.head("my/notes.csv")
    assert head is not None
    assert (head.sha256, head.content_type) == (DIGEST, "text/csv; charset=utf-8")


def test_a_directory_keeps_names_with_a_dot_to_itself(local_desk: Desk) -> None:
    Path("a.csv").write_bytes(BODY)
    said = local_desk("put", "a.csv", ".hidden")
    assert said.status == 2
    assert "begins with a dot" in said.err


def test_an_object_is_removed_once_a_person_agrees(desk: Desk) -> None:
    desk.store.write(Upload("notes.csv", BODY))
    said = desk("rm", "notes.csv", answer="n")
    assert (said.status, said.err) == (1, "cancelled; nothing was changed\n")
    assert f"Remove {desk.store.address}/notes.csv (8 B)? [y/N]" in said.out
    assert desk.store.head("notes.csv") is not None
    assert desk("rm", "notes.csv", answer="y").status == 0
    assert desk.store.head("notes.csv") is None


def test_without_a_terminal_nothing_is_removed_unless_yes_was_said(desk: Desk) -> None:
    desk.store.write(Upload("notes.csv", BODY))
    said = desk("rm", "notes.csv")
    assert said.status == 1
    assert said.err.startswith("Error: there is no terminal to ask: Remove ")
    assert said.err.endswith("(8 B)? Use --yes to agree\n")
    assert desk.store.head("notes.csv") is not None
    assert desk("rm", "notes.csv", "--yes").out == f"{desk.store.address}/notes.csv: removed\n"
    assert desk.store.head("notes.csv") is None


def test_what_is_the_workers_own_is_neither_written_nor_removed_but_by_force(desk: Desk) -> None:
    run_id = desk.publish(20)
    Path("mine.txt").write_bytes(BODY)
    before = contents(desk.store)
    own = {
        "manifest.json": "part of the worker's state",
        "history.json": "part of the worker's state",
        "status.json": "part of the worker's state",
        f"runs/{run_id}/latest.csv": "part of the worker's archive",
        f"raw/{run_id}/stats.json.gz": "part of the worker's archive",
        "latest.csv": "a published file",
        "countries/ESP.json": "a published file",
    }
    for key, what in own.items():
        assert key in before
        for said in (desk("put", "mine.txt", key), desk("rm", key, "--yes")):
            assert said.status == 1
            assert said.err == (
                f"Error: {desk.store.address}/{key} is {what}; to change it anyway, use --force\n"
            )
    assert contents(desk.store) == before
    assert desk("put", "mine.txt", "latest.csv", "--force").status == 0
    assert desk("rm", "countries/ESP.json", "--yes", "--force").status == 0
    after = contents(desk.store)
    assert after["latest.csv"] == BODY
    assert before.keys() - after.keys() == {"countries/ESP.json"}


def test_a_manifest_that_is_broken_can_be_put_right_by_force(desk: Desk) -> None:
    run_id = desk.publish(20)
    Path("torn").write_bytes(b"{")
    desk("put", "torn", "manifest.json", "--force")
    assert "can't be read" in desk("put", "torn", "mine").err
    assert desk("get", f"runs/{run_id}/manifest.json").status == 0
    assert desk("put", "manifest.json", "--force").status == 0
    assert json.loads(contents(desk.store)["manifest.json"])["run_id"] == run_id


def test_no_more_are_listed_than_was_said(desk: Desk) -> None:
    for number in range(5):
        desk.store.write(Upload(f"{number}.csv", b"1"))
    assert len(desk("ls", "--max", "2").out.splitlines()) == 2
    assert len(desk("ls", "--max", "9", "--json").json()) == 5
    assert desk("ls", "--max", "0").status == 2


def test_metadata_of_ones_own_is_kept_and_shown(s3_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("1")
    path = str(tmp_path / "notes.txt")
    said = s3_desk("put", path, "--meta", "Author=me and you", "--meta", "course=cloud")
    assert (said.status, said.err) == (0, "")
    head = s3_desk("head", "notes.txt", "--json").json()
    assert head["metadata"] == {"author": "me and you", "course": "cloud"}
    assert head["sha256"] in said.out
    assert re.search(r"^meta course\s+cloud$", s3_desk("head", "notes.txt").out, re.MULTILINE)
    for wrong in ("author", "=me", "author=caf\u00e9", "sha256=0", "a b=c", "a=b\n", "a= b"):
        said = s3_desk("put", path, "--force", "--meta", wrong)
        assert said.status == 2, wrong
    assert s3_desk("put", path, "--meta", f"a={'x' * 1_900}").status == 2


def test_a_file_is_put_for_everybody_to_read(moto_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("1")
    said = moto_desk("put", str(tmp_path / "notes.txt"), "--public")
    assert (said.status, said.err) == (0, "")
    assert said.out.endswith("/notes.txt: everyone can read it (tested without credentials)\n")


def test_a_folder_of_this_machine_has_no_acl_and_no_metadata(
    local_desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("1")
    for option in (["--public"], ["--meta", "a=b"]):
        said = local_desk("put", str(tmp_path / "notes.txt"), *option)
        assert said.status == 2
        assert "a local folder has no ACLs or metadata" in said.err
