from pathlib import Path

import pytest

from config import read_settings
from etl.errors import ConfigError
from etl.settings.tables import TableSpec, own_step, tables


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("", []),
        ("beds.csv", [TableSpec("beds", "beds.csv")]),
        ("data/Hospital%20beds.csv.gz", [TableSpec("hospital_beds", "data/Hospital beds.csv.gz")]),
        (
            "a=https://example.org/x.csv?b=1&c=2#country=ISO&date=none",
            [TableSpec("a", "https://example.org/x.csv?b=1&c=2", "ISO", "none")],
        ),
        (
            "beds.csv,\n vax=v.xlsx#date=Day%20of%20count&fill=7d",
            [TableSpec("beds", "beds.csv"), TableSpec("vax", "v.xlsx", "", "Day of count", 7)],
        ),
        (
            "https://u:p@example.org/a%2Cb.csv",
            [TableSpec("a_b", "https://u:p@example.org/a%2Cb.csv")],
        ),
        ("C:\\data\\beds.csv", [TableSpec("beds", "C:\\data\\beds.csv")]),
    ],
)
def test_tables_have_names_and_options(text: str, specs: list[TableSpec]) -> None:
    assert tables(text) == tuple(specs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("../x=beds.csv", "names of tables that match"),
        ("Beds=beds.csv", "names of tables that match"),
        ("a.csv,b/a.csv", "a is used twice"),
        ("beds.csv#colour=red", "options such as"),
        ("beds.csv#country=", "options such as"),
        ("beds.csv#fill=week", "#fill="),
        ("https://example.org/", "a name before tables"),
        ("2020.csv", "a name before tables"),
    ],
)
def test_a_table_that_can_not_be_named_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match="TABLES: expected") as caught:
        read_settings({"TABLES": text})
    assert expected in str(caught.value)
    assert text not in str(caught.value)  # it may hold a password


def test_no_repr_shows_a_password() -> None:
    assert "secret" not in repr(read_settings({"TABLES": "a=https://u:secret@example.org/b.csv"}))


def test_a_step_is_read_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "my_step.py"
    path.write_text("def transform(table):\n    return table\n")
    step = own_step(str(path))
    assert step
    assert (step.name, step.source) == ("my_step.py", path.read_text())
    path.write_text(path.read_text() + "\n")
    other = own_step(str(path))
    assert other
    assert other.sha256 != step.sha256


@pytest.mark.parametrize(
    ("body", "why"), [(None, "No such file"), (b"\xff\xfe", "UTF-8"), (b"#" * 1_000_001, "1 MB")]
)
def test_a_step_that_can_not_be_read_is_named(tmp_path: Path, body: bytes | None, why: str) -> None:
    path = tmp_path / "my_step.py"
    if body is not None:
        path.write_bytes(body)
    with pytest.raises(ConfigError, match=f"TRANSFORM: expected .*{why}.*my_step"):
        read_settings({"TRANSFORM": str(path)})
