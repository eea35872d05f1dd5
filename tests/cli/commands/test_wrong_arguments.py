"""What commands say of an empty folder, a path that is none, a folder in place of a file."""

from pathlib import Path

import pytest

from etl.cli import main
from tests.support.desk import Desk

NOTHING_YET = "nothing is published yet; publish the first version: python app.py run"
HIDDEN = {name for name, command in main.cli.commands.items() if command.hidden}
# these work, or wait for a network
WITHOUT_ARGUMENTS = set(main.cli.commands) - HIDDEN - {"run", "demo", "doctor"}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("diff previous", NOTHING_YET),
        ("vintage ESP 2020-09-01", NOTHING_YET),
        ("restore previous", NOTHING_YET),
        ("prune", NOTHING_YET),
        ("get latest.csv", "latest.csv does not exist; those that do: python app.py ls"),
        ("open", NOTHING_YET),
        ("import-archive nowhere", "nowhere does not exist; name a folder with versions"),
        ("import-archive folder", "folder has no *.json"),
        ("backfill", "no snapshots of coviddata; import some: python app.py import-archive PATH"),
        ("report 2021-01", "no snapshots on record; make the first: python app.py run"),
    ],
)
def test_an_empty_folder_leads_to_the_next_step(local_desk: Desk, typed: str, said: str) -> None:
    Path("folder").mkdir()
    found = local_desk(*typed.split())
    assert (found.status, found.out) == (1, "")
    assert found.err.startswith("Error: ")
    assert said in found.err


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("rm my/", "'my/' ends with a slash, like a folder"),
        ("get countries/", "python app.py ls countries/ lists the objects in it"),
        ("rm /etc", "'/etc' begins with a slash"),
        ("head a//b", "'a//b' has an empty, '.' or '..' segment"),
        ("get latest.csv nowhere/", "there is no folder nowhere/; make it first"),
        ("put folder", "'folder' is a directory"),
        ("put nowhere", "'nowhere' does not exist"),
        ("vintage ESP 01.09.2020", "expected a date such as 2020-09-01, got '01.09.2020'"),
        ("vintage ESP 2020-9-1", "expected a date such as 2020-09-01"),
        ("backfill --from 2021-02-30", "expected a date such as 2020-09-01, got '2021-02-30'"),
        ("report 2021-13", "expected a month such as 2021-01, got '2021-13'"),
        ("report 2021", "expected a month such as 2021-01, got '2021'"),
        ("histroy", "No such command 'histroy'. Did you mean 'history'?"),
        ("run --jsn", "No such option '--jsn'. Did you mean '--json'?"),
    ],
)
def test_wrong_usage_is_named_in_one_sentence(local_desk: Desk, typed: str, said: str) -> None:
    Path("folder").mkdir()
    found = local_desk(*typed.split())
    assert (found.status, found.out) == (2, "")
    assert found.err.splitlines()[-1].startswith("Error: ")
    assert said in found.err.splitlines()[-1]
    assert [path.name for path in Path().iterdir()] == ["folder"]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("head countries", 1, "countries is a folder; its objects: python app.py ls countries/"),
        ("rm countries --yes", 1, "countries is a folder"),
        ("diff 2020-01-01", 1, "there is no run 2020-01-01; existing runs: 2021-01-25T07"),
        ("restore 2020-01-01", 1, "there is no run 2020-01-01"),
        ("vintage Atlantis 2021-01-05", 1, "all are in countries.json"),
        ("rebuild nonsense", 1, "called 'nonsense'; there are 2021-01-25T07"),
        ("get latest.csv folder/none/x.csv", 1, "can't write folder/none/x.csv"),
    ],
)
def test_a_name_that_fits_nothing_is_answered_with_those_that_do(
    local_desk: Desk, typed: str, status: int, said: str
) -> None:
    Path("folder").mkdir()
    local_desk.publish(20)
    found = local_desk(*typed.split())
    assert (found.status, found.out) == (status, "")
    assert said in found.err


def test_a_file_is_fetched_and_put_into_a_folder_that_is_named_with_a_slash(
    local_desk: Desk,
) -> None:
    local_desk.publish(20)
    Path("folder").mkdir()
    assert local_desk("get", "latest.csv", "folder/").status == 0
    assert local_desk("put", "folder/latest.csv", "my/").status == 0
    listed = local_desk("ls", "my/").out
    assert listed.startswith("my/latest.csv\t")


@pytest.mark.parametrize("name", sorted(WITHOUT_ARGUMENTS))
def test_every_command_answers_a_beginner_without_a_traceback(local_desk: Desk, name: str) -> None:
    found = local_desk(name)
    assert found.status in (0, 1, 2)
    assert "Traceback" not in found.err
    lines = found.err.splitlines()
    assert not lines or lines[-1].startswith(("Error: ", "\t"))
