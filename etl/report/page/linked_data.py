"""The page's description for search engines of data: a schema.org/Dataset in JSON-LD."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from etl.extract.sources import Source
from etl.history.manifest import Manifest, PublishedFile
from etl.load.package import keywords
from etl.report.page.view import View
from etl.report.page.words import Measure
from etl.store.keys import content_type
from etl.store.layout import PAGE, at
from etl.transform.columns import described

# characters that could end a script element, or a line of a script
UNSAFE = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

OF_RUN = ("version", "dateModified")


def dataset(manifest: Manifest, register: Source, view: View) -> dict[str, Any]:
    """Describe the data and its files, except those of single countries (see countries.json).

    The properties are those that Google Dataset Search documents. Those of OF_RUN are about the
    run. Addresses are full ones if PUBLIC_URL is set.
    """
    source, public_url = manifest.source, manifest.public_url
    counted = "Cases and deaths" if source.lacks else "Cases, deaths and recoveries"
    incidence = "incidence, " if view.level == "countries" else ""
    about = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"COVID-19 by {view.one} and day, from {source.title}",
        "description": (
            f"{source.notice + ' ' if source.notice else ''}{counted} by {view.one} and "
            f"day: daily counts recomputed from the totals, 7-day averages, {incidence}and facts "
            "about each country."
        ),
        "keywords": keywords(view.level),
        "isAccessibleForFree": True,
        "license": register.licence_url,
        "creator": _organization(register.author),
        "creditText": source.attribution,
        "version": manifest.run_id,
        "dateModified": f"{manifest.started_at:%Y-%m-%dT%H:%M:%SZ}",
        "spatialCoverage": "World",
        "temporalCoverage": f"{source.first_date}/{source.last_date}",
        "variableMeasured": [_variable(measure) for measure in view.measures],
        "isBasedOn": register.url if "://" in register.url else source.title,
        "distribution": [_download(file, public_url) for file in view.files],
    }
    if public_url:
        page = at(public_url, PAGE)
        publisher = _organization(urlsplit(public_url).hostname or "", public_url)
        about |= {"@id": page, "url": page, "identifier": page, "publisher": publisher}
    return {name: value for name, value in about.items() if value is not None}


def without_run(about: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in about.items() if name not in OF_RUN}


def _organization(name: str, url: str = "") -> dict[str, str]:
    return {"@type": "Organization", "name": name} | ({"url": url} if url else {})


def _variable(measure: Measure) -> dict[str, str]:
    unit = described(measure.column).get("unit") or measure.unit
    return {
        "@type": "PropertyValue",
        "name": measure.column,
        "description": measure.meaning,
        **({"unitText": unit} if unit else {}),
    }


def _download(file: PublishedFile, public_url: str) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "name": file.name,
        "contentUrl": at(public_url, file.name),
        "encodingFormat": content_type(file.name).partition(";")[0],
        "contentSize": f"{file.bytes} B",
        "sha256": file.sha256,
    }


def embedded(content: object) -> str:
    """Encode as JSON that is safe inside a script element, whatever it holds."""
    text = msgspec.json.encode(content).decode()
    return "".join(UNSAFE.get(character, character) for character in text)
