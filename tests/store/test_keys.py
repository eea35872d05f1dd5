"""Which keys are valid, and what their endings say."""

import hashlib
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from etl.store import Upload, content_type, valid_key


@given(st.text())
def test_no_valid_key_leads_out_of_a_directory(key: str) -> None:
    try:
        valid_key(key)
    except ValueError:
        return
    assert Path("/root/folder", key).is_relative_to("/root/folder")
    assert os.path.normpath(f"/root/folder/{key}") == f"/root/folder/{key}"


def test_the_content_type_is_told_by_the_ending() -> None:
    assert Upload("countries/ESP.json", b"").content_type == "application/json; charset=utf-8"
    assert content_type("LATEST.CSV") == "text/csv; charset=utf-8"
    assert content_type("timeseries.csv.gz") == "application/gzip"
    assert content_type("timeseries.parquet") == "application/vnd.apache.parquet"
    assert content_type("feed.xml") == "application/atom+xml; charset=utf-8"
    assert content_type("sitemap.xml") == "application/xml; charset=utf-8"
    assert content_type("unknown") == "application/octet-stream"


def test_digest_and_size_are_the_same_of_bytes_and_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"x" * 2_000_000)
    of_bytes, of_file = Upload("a", b"x" * 2_000_000), Upload("a", path)
    assert of_bytes.sha256 == of_file.sha256 == hashlib.sha256(b"x" * 2_000_000).hexdigest()
    assert of_bytes.size == of_file.size == 2_000_000
