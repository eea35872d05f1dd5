"""Objects as ls and head print them."""

import hashlib
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from etl.errors import escaped
from etl.store import Upload
from etl.store.directory import DirectoryStore
from etl.store.parallel import upload_all
from tests.support.desk import Desk
from tests.support.processes import APP, environment, on_a_terminal

BODY = b"a,b\n1,2\n"
DIGEST = hashlib.sha256(BODY).hexdigest()


def test_any_number_of_objects_is_listed(desk: Desk) -> None:
    names = [f"notes/{number:04}.txt" for number in range(1001)]
    upload_all(desk.store, [Upload(name, b"1") for name in [*names, "other.txt"]])
    said = desk("ls", "notes/")
    assert (said.status, said.err) == (0, "")
    lines = [line.split("\t") for line in said.out.splitlines()]
    assert sorted(key for key, _, _ in lines) == names
    assert {size for _, size, _ in lines} == {"1"}
    as_json = desk("ls", "--json").json()
    assert len(as_json) == 1002
    assert set(as_json[0]) == {"key", "size", "modified"}


def test_a_folder_without_objects_is_an_empty_list(desk: Desk) -> None:
    assert desk("ls") == (0, "", "")
    assert desk("ls", "nothing/", "--json").json() == []


def test_a_list_may_be_cut_short_by_its_reader(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    upload_all(store, [Upload(f"{number:05}.txt", b"") for number in range(3000)])
    with subprocess.Popen(
        [sys.executable, str(APP), "ls"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as listing:
        assert listing.stdout
        assert listing.stderr
        assert listing.stdout.readline().startswith("00000.txt\t0\t")
        listing.stdout.close()
        assert listing.stderr.read() == ""


def test_on_a_terminal_the_list_is_a_table_with_a_total(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "out")
    store.write(Upload("a.txt", b"1" * 1234))
    (tmp_path / "out" / "b\x1b[31m\n.txt").write_bytes(b"2")
    status, shown = on_a_terminal("ls", cwd=tmp_path)
    assert status == 0
    heading, *rows, total = shown.replace("\r", "").splitlines()
    assert heading.split() == ["size", "modified", "(UTC)", "key"]
    assert rows[0].startswith("   1.2 kB  20")
    assert [row[29:] for row in rows] == ["a.txt", "b\\x1b[31m\\n.txt"]
    assert total == "out: 2 objects, 1.2 kB"


def test_head_says_all_that_is_known(desk: Desk) -> None:
    desk.store.write(Upload("latest.csv", BODY))
    said = desk("head", "latest.csv")
    fields = dict(line.split(maxsplit=1) for line in said.out.splitlines() if " " in line.strip())
    assert (fields["key"], fields["size"]) == ("latest.csv", "8")
    assert fields["content_type"] == "text/csv; charset=utf-8"
    as_json = desk("head", "latest.csv", "--json").json()
    assert as_json["sha256"] == fields["sha256"] == DIGEST
    assert as_json["cache_control"] == (
        None if isinstance(desk.store, DirectoryStore) else "no-cache"
    )


@given(st.text())
def test_a_name_stays_on_its_line_and_letters_stay_as_they_are(text: str) -> None:
    shown = escaped(text)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown
    assert escaped("país 🦠 a b") == "país 🦠 a b"
