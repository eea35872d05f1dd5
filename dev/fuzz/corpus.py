"""Small sound documents, one set for each reader; the fuzzer damages them."""

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date

import pyarrow as pa
from pyarrow import parquet

from etl.extract.facts import FACTS

FRAME = b"\xff\xc0\x00\x11\x08\x00\x64\x00\x64\x03" + bytes(9)
SCAN = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\xff\x00\x34\xff\xd0\x56" * 3
TIFF = struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, 0x0112, 3, 1, 6, 0, 0)
JPEGS = (
    b"\xff\xd8" + FRAME + SCAN + b"\xff\xd9",
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01\x02\0\0\x01\0\x01\0\0"
    b"\xff\xe1\x00\x22Exif\0\0" + TIFF + b"\xff\xfe\x00\x06text"
    b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0\0"
    + FRAME
    + SCAN
    + b"\xff\xc4\x00\x04ab"
    + SCAN
    + b"\xff\xd9",
)
TEXTS = (
    "Las cifras de España están mal.".encode(),
    "数据错了\r\n".encode(),
    b"\xef\xbb\xbf one\ttwo ",
)

COUNTRY = {"key": "spain", "name": "Spain"}
REGION = {"key": "ohio", "name": "Ohio", "country": COUNTRY}
PLACE = {"key": "clark", "name": "Clark", "country": COUNTRY, "region": REGION}
COUNTS = {"cases": 1, "deaths": 0, "recoveries": 0}
DAYS = {f"2020-05-{day}": {"new": COUNTS, "cumulative": COUNTS} for day in (25, 26, 28)}


def stats(level: str, entity: object) -> tuple[bytes, ...]:
    """Return coviddata's documents of a level, compact and with spaces."""
    other = json.loads(json.dumps(entity).replace("ohio", "iowa").replace("clark", "polk"))
    other["key"] += "-2"
    elements = [{level: one, "dates": DAYS} for one in (entity, other)]
    compact = json.dumps(elements, separators=(",", ":")).encode()
    return compact, json.dumps(elements, indent=1).encode()


WHO = (
    b"Date_reported,Country_code,Country,WHO_region,New_cases,Cumulative_cases,New_deaths,"
    b"Cumulative_deaths\n2020-01-04,NA,Namibia,AFR,,0,,0\n2020-01-05,NA,Namibia,AFR,3,3,0,0\n"
    b'2020-01-04,,"A ship, far",OTHER,1,1,0,0\n2020-01-06,ES,Spain,EUR,-2,12.0,0,1\n',
)
OWID = (
    b"country,date,total_cases,new_cases,total_deaths,new_deaths,code,continent\n"
    b"Spain,2020-03-01,45.0,13.0,,0.0,ESP,Europe\nWorld,2020-03-01,90.0,13.0,,0.0,OWID_WRL,\n"
    b"Kosovo,2020-03-02,4.0,,1.0,0.0,OWID_KOS,Europe\n",
)
JHU = (
    b'Province/State,Country/Region,Lat,Long,1/22/20,1/23/20\n,"Korea, South",35.9,127.7,1,1\n'
    b"Ohio,US,1,2,3,4\nIowa,US,1,2,,5\n,Spain,40,-4,0,7.0\n",
)
FACTS_ROW = "Spain,Europe,NC,Monarchy,Less corrupt,Developed,Sea Access,12.5,47000000,80.25"
FACTS_CSV = (
    f"{','.join(FACTS)}\n{FACTS_ROW}\n".encode(),
    f"\ufeff{','.join(FACTS)}\r\n{FACTS_ROW}\r\n{FACTS_ROW.replace('Spain', 'Mu')}\r\n".encode(),
)


TABLES_CSV = (
    b'iso3,date,Hospital beds,note\nESP,2020-05-25,3.5,=cmd()\nUSA,2020-05-25,NA,"a, b"\n'
    b"ESP,2020-05-26,3.6,\nZZZ,2020-05-26,1e3,007\nFRA,2020-05-26,4,\nITA,2020-05-26,,x\n",
    "\ufeffPaís;Name;Anteil;ja\r\nES;Spanien;3,5;true\r\nFR;Frankreich;;false\r\n".encode(),
)
TABLES_JSON = (
    json.dumps([{"country": "Spain", "beds": 3.5}, {"country": "Italy", "n": 4}]).encode(),
    b'[{"iso2": "ES", "day": "2020-05-25", "open": true},\n {"iso2": "FR", "day": null}]',
)


def _parquet() -> bytes:
    columns = {
        **{"iso3": ["ESP", "ESP", "USA"], "day": [date(2020, 5, day) for day in (25, 26, 25)]},
        **{"beds": [3.5, None, 1.0], "open": [True, False, None], "n": [1, 2, 3]},
    }
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file, compression="none")
    return file.getvalue()


TABLES_PARQUET = (_parquet(),)


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNGS = tuple(
    PNG_MAGIC
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 3, 0, 0, 0))
    + b"".join(_chunk(name, data) for name, data in more)
    + _chunk(b"IDAT", b"x" * 40)
    + _chunk(b"IEND", b"")
    for more in (
        (),
        ((b"PLTE", bytes(30)), (b"tRNS", bytes(3)), (b"tEXt", b"Author\0Ada"), (b"gAMA", bytes(4))),
    )
)


def with_right_checksums(data: bytes) -> bytes:
    """Return a damaged PNG with the checksums of its chunks put right, so that more is read."""
    return PNG_MAGIC + b"".join(_rechecked(data[len(PNG_MAGIC) :]))


def _rechecked(chunks: bytes) -> Iterator[bytes]:
    at = 0
    while at + 12 <= len(chunks):
        length = int.from_bytes(chunks[at : at + 4], "big")
        end = at + 12 + length
        if end > len(chunks):
            break
        yield _chunk(chunks[at + 4 : at + 8], chunks[at + 8 : end - 4])
        at = end
    yield chunks[at:]


GZIPS = (gzip.compress(WHO[0], mtime=0), gzip.compress(b"one", mtime=0) * 3)

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
PARTS = {
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" '
    f'Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
    f'Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="1" uniqueCount="10">'
    + "".join(f"<si><t>{name}</t></si>" for name in FACTS)
    + "</sst>",
    "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><dimension ref="A1:J2"/><sheetData>'
    '<row r="1">'
    + "".join(f'<c r="{"ABCDEFGHIJ"[n]}1" t="s"><v>{n}</v></c>' for n in range(10))
    + '</row><row r="2">'
    + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in FACTS_ROW.split(","))
    + "</row></sheetData></worksheet>",
}
SHEETS = tuple(PARTS[f"xl/{name}.xml"].encode() for name in ("sharedStrings", "worksheets/sheet1"))


def workbook(part: bytes) -> bytes:
    """Return a workbook in which a damaged part replaces the one of SHEETS that it looks like."""
    name = "sharedStrings" if b"<sst" in part else "worksheets/sheet1"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for known, text in PARTS.items():
            archive.writestr(known, part if known == f"xl/{name}.xml" else text)
    return file.getvalue()
