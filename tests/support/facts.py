"""Build files of facts, .csv and .xlsx, and list names in the sources that are no countries."""

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from etl.extract.facts import FACTS

HEADER = list(FACTS)
Cell = str | float | bool
NO_COUNTRIES = {"Cruise Ship", "Diamond Princess", "MS Zaandam", "North Ireland", "Others"}


def row(country: str = "Albania", **over: Cell) -> list[Cell]:
    cells: dict[str, Cell] = {
        "COUNTRY": country,
        "Continent": "Europe",
        "Country_Clasification": "NC",
        "Government_Type": "Constitutional monarchy",
        "Corruption_preception": "Less corrupt",
        "Development_Status": "Developed economies",
        "Land_Conditions": "Sea Access",
        "GDP_per_unit_of_energy_use_constant": 12.5,
        "Population_total": 1000000.0,
        "Urban_population_PC_of_total_population": 56.25,
    }
    return list((cells | over).values())


def csv_file(
    to: Path, *rows: Sequence[Cell], header: Sequence[str] = HEADER, bom: str = ""
) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    to.write_bytes((bom + text.getvalue()).encode())
    return to


def xlsx(*rows: Sequence[Cell]) -> bytes:
    """Build a minimal workbook; numbers and booleans keep their type, the rest is text."""

    def cell(value: Cell) -> str:
        if isinstance(value, bool):
            return f'<c t="b"><v>{value:d}</v></c>'
        if isinstance(value, float):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'

    return workbook("".join(f"<row>{''.join(map(cell, cells))}</row>" for cells in rows))


def workbook(sheet_data: str, **more: str) -> bytes:
    """Build a workbook of one sheet; `more` are other parts by name, such as `sharedStrings`."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"

    def relation(kind: str, target: str, *others: str) -> str:
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        all_of = "".join(
            f'<Relationship Id="r{n}" Type="{office}/{of}" Target="{to}"/>'
            for n, (of, to) in enumerate([(kind, target), *((o, f"{o}.xml") for o in others)], 1)
        )
        return f'<Relationships xmlns="{package}">{all_of}</Relationships>'

    parts = {
        "_rels/.rels": relation("officeDocument", "xl/workbook.xml"),
        "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/sheet1.xml", *more),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">'
        f"<sheetData>{sheet_data}</sheetData></worksheet>",
    } | {f"xl/{name}.xml": text for name, text in more.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def xlsx_file(to: Path, *rows: Sequence[Cell]) -> Path:
    to.write_bytes(xlsx(HEADER, *rows))
    return to
