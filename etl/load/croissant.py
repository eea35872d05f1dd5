"""croissant.json: the data package in MLCommons Croissant 1.0, for programs of machine learning.

It has the files with their digests, except those of single series, and the columns of the whole
table and of the last day's.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from etl.load.values import Header
from etl.store.layout import LATEST_CSV, SCHEMAS, TABLE_PARQUET, at, series_key

Node = dict[str, Any]
# the specification's own JSON-LD context; mlcroissant warns of any other
OF_CROISSANT = (
    *("citeAs", "column", "equivalentProperty", "extract", "field", "fileProperty", "fileObject"),
    *("fileSet", "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField"),
    *("path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate"),
    *("separator", "source", "subField", "transform"),
)
CONTEXT: Node = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{name: f"cr:{name}" for name in OF_CROISSANT},
}
PARQUET = "application/x-parquet"  # as Croissant's programs know it
TYPES = {
    "string": "sc:Text",
    "date": "sc:Date",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
}
RECORDS = {TABLE_PARQUET: "timeseries", LATEST_CSV: "latest"}


def croissant(package: Mapping[str, Any], header: Header) -> Node:
    """Describe the files of a data package, whose content is `package`."""
    apart = (SCHEMAS, series_key(header.level))
    files = [
        one for one in package["resources"] if "hash" in one and not one["path"].startswith(apart)
    ]
    described: Node = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": package["title"],
        "description": package["description"],
        "keywords": package["keywords"],
        "version": package["version"],
        "isLiveDataset": True,
        "datePublished": package["created"],
        "creator": {"@type": "sc:Organization", "name": header.creator},
        "citeAs": header.attribution,
        "url": at(header.public_url, header.home),
    }
    if licences := package.get("licenses"):
        described["license"] = licences[0]["path"]
    described["distribution"] = [_file(one, header.public_url) for one in files]
    tables = {one["path"]: one for one in files if one["path"] in RECORDS}
    described["recordSet"] = [_records(RECORDS[path], tables[path]) for path in tables]
    return described


def _file(resource: Mapping[str, Any], public_url: str) -> Node:
    path, packed = resource["path"], resource.get("compression")
    form = PARQUET if resource["format"] == "parquet" else resource["mediatype"]
    node = {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "description": resource["title"],
        "contentUrl": at(public_url, path),
        "encodingFormat": "application/gzip" if packed else form,
        "sha256": resource["hash"].removeprefix("sha256:"),
    }
    return node | ({"contentSize": f"{resource['bytes']} B"} if "bytes" in resource else {})


def _records(name: str, resource: Mapping[str, Any]) -> Node:
    schema = resource["schema"]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": resource["title"],
        "key": [{"@id": f"{name}/{column}"} for column in schema["primaryKey"]],
        "field": list(_fields(name, resource["path"], schema["fields"])),
    }


def _fields(name: str, path: str, columns: Iterable[Mapping[str, str]]) -> Iterable[Node]:
    for column in columns:
        unit = column.get("unit")
        yield {
            "@type": "cr:Field",
            "@id": f"{name}/{column['name']}",
            "name": column["name"],
            "description": column["description"] + (f" (unit: {unit})" if unit else ""),
            "dataType": TYPES[column["type"]],
            "source": {"fileObject": {"@id": path}, "extract": {"column": column["name"]}},
        }
