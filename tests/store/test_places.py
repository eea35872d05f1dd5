"""The register of the folder: what it says is what the code, the bucket and the README do."""

from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path

import pytest

from etl import PROJECT
from etl.extract.sources import SAMPLES
from etl.load.package import TITLES
from etl.store import Upload
from etl.store.layout import CHANGES, CROISSANT, PACKAGE
from etl.store.places import PLACES, Place, place_of
from etl.store.s3.setup.lifecycle import EXPIRING
from etl.store.s3.setup.policy import PUBLIC
from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.language_server import language_server
from tests.support.letters import jpeg, send
from tests.support.runs import contents, growing

OWNED = [place for place in PLACES if place.owner != "anyone"]


def example(place: Place) -> str:
    """A key that the place holds."""
    return f"{place.key}x.json" if place.is_folder else place.key.replace("*", "es")


def row(place: Place) -> str:
    more = f"; {place.more}" if place.more else ""
    private = "" if place.public else "; not public"
    return f"| `{place.key}` | {place.meaning_for('country')}{more}{private} |"


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.key)
def test_a_key_belongs_to_one_place(place: Place) -> None:
    assert [other for other in PLACES if other.holds(example(place))] == [place]
    assert place_of(example(place)) is place


def test_what_people_put_there_belongs_to_none() -> None:
    for key in ("notes.txt", "my/latest.csv", "inbox", "runs", "countries.txt", "latest", "_mine"):
        assert place_of(key) is None, key


def test_no_key_is_in_the_register_twice() -> None:
    assert not [one for one, other in combinations(PLACES, 2) if one.key == other.key]


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("place", OWNED, ids=lambda place: place.key)
def test_what_the_worker_owns_is_written_and_removed_by_force_alone(
    place: Place, force: list[str], desk: Desk
) -> None:
    key = example(place)
    desk.store.write(Upload(key, b"the worker's"))
    Path("mine.json").write_bytes(b"mine")
    put = desk("put", "mine.json", key, *force)
    after_put = contents(desk.store)
    removed = desk("rm", key, "--yes", *force)
    if force:
        assert (put.status, removed.status) == (0, 0)
        assert after_put == {key: b"mine"}
        assert contents(desk.store) == {}
        return
    assert (put.status, removed.status) == (1, 1)
    for said in (put, removed):
        assert said.err.startswith(f"Error: {desk.store.address}/{key} is ")
        assert said.err.endswith("; to change it anyway, use --force\n")
    assert contents(desk.store) == {key: b"the worker's"}


@pytest.mark.parametrize(
    "key", ["vintages.json", "inbox/pending/a.json", "reports/index.html", "_shared/x.html"]
)
def test_a_file_of_the_workers_is_not_overwritten_by_a_slip(key: str, desk: Desk) -> None:
    Path("x").write_bytes(b"mine")
    assert desk("put", "x", key).status == 1
    assert contents(desk.store) == {}


ALIKE = ["Status.json", "REPORTS/x", "Latest.CSV", "status.json.", "reports /x", "manifest.json:x"]


@pytest.mark.parametrize("key", [*ALIKE, "\u017ftatus.json", "Countries/ESP.json"])
def test_a_key_that_some_disk_takes_for_one_of_the_worker_s_is_left_alone(
    key: str, desk: Desk
) -> None:
    Path("x").write_bytes(b"mine")
    said = desk("put", "x", key)
    assert said.status == 1
    assert "on some systems the same as " in said.err
    assert desk("put", "x", key, "--force").status == 0
    assert list(contents(desk.store)) == [key]


def test_translations_may_be_corrected_by_people(desk: Desk) -> None:
    Path("translations.json").write_bytes(b"{}")
    assert desk("put", "translations.json").status == 0
    assert desk("rm", "translations.json", "--yes").status == 0


def test_the_reference_lists_every_place() -> None:
    text = (PROJECT / "docs/reference.md").read_text(encoding="utf-8")
    table = "\n".join(["| key | what it is |", "|---|---|", *map(row, PLACES)])
    assert f"\n\n{table}\n\n" in text


def test_a_file_of_data_has_a_title_for_programs() -> None:
    files = {p.key for p in PLACES if p.owner == "published" and not p.is_folder}
    data = {key for key in files if not key.endswith(".html")}
    assert TITLES.keys() == data - {PACKAGE, CROISSANT}
    assert CHANGES in TITLES


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.key)
def test_the_public_policy_opens_what_is_public_and_nothing_else(place: Place) -> None:
    key = example(place)
    assert any(fnmatchcase(key, pattern) for pattern in PUBLIC) is place.public


def test_what_expires_is_private() -> None:
    assert {p.key: p.keep_days for p in PLACES if p.keep_days is not None} == EXPIRING
    assert not any(place.public for place in PLACES if place.keep_days is not None)


def test_whatever_the_commands_write_belongs_to_a_place(
    moto_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = moto_desk.store
    assert isinstance(store, S3Store)
    document = tmp_path / "versions" / "2021-01-20.json"
    document.parent.mkdir()
    document.write_bytes(growing(20))
    for variable, value in {
        "SOURCE_URL": str(document),
        "COUNTRIES_URL": str(SAMPLES / "InfoPaisosExtra.xlsx"),
        "TRANSLATE_TO": "es",
        "INBOX": "on",
    }.items():
        monkeypatch.setenv(variable, value)
    moto_desk("setup", "--yes")  # with versioning: what was removed since is listed too
    with language_server(monkeypatch):
        for command in (
            ("import-archive", str(document.parent)),
            ("backfill", "--publish"),
            ("run", "--force"),
            ("vintages",),
            ("report", "2021-01"),
            ("share", "--page"),
            ("share", "--inbox"),
            ("doctor",),
        ):
            said = moto_desk(*command)
            assert said.status == 0 or command == ("doctor",), said
        send(store, {"1-remark": b"The figures are wrong.", "2-picture": jpeg()})
        assert moto_desk("inbox").status == 0
    pages = store.client.get_paginator("list_object_versions").paginate(Bucket=store.bucket)
    versions = [one for page in pages for one in page.get("Versions", ())]
    keys = {version["Key"].removeprefix("covid/") for version in versions}
    assert {key for key in keys if place_of(key) is None} == set()
    unused = {"alerts.json", "regions.json", "regions/", "places.json", "places/"}
    written = {place.key for key in keys if (place := place_of(key))}
    assert written == {place.key for place in PLACES} - unused
