import json
import re

from etl.store.memory import MemoryStore
from tests.support.pages import page_of
from tests.support.runs import (
    contents,
)


def test_the_linked_data_describes_the_data_set_and_its_files(sample: MemoryStore) -> None:
    manifest = json.loads(contents(sample)["manifest.json"])
    found = json.loads(page_of(sample).one("script", type="application/ld+json").text)
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert found["temporalCoverage"] == "2020-01-22/2021-02-24"
    assert found["license"] == manifest["source"]["licence"]
    files = {file["name"]: file for file in manifest["files"]}
    assert {"latest.csv", "timeseries.parquet"} <= {d["name"] for d in found["distribution"]}
    for download in found["distribution"]:
        assert download["@type"] == "DataDownload"
        assert download["sha256"] == files[download["contentUrl"]]["sha256"]
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", download["encodingFormat"])
