"""The page's description for search engines of data: a schema.org/Dataset in JSON-LD."""

from typing import Any

import msgspec

from etl.extract.sources import Source
from etl.history.manifest import Manifest
from etl.report.page.view import View
from etl.store.keys import content_type

# characters that could end a script element, or a line of a script
UNSAFE = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def dataset(manifest: Manifest, register: Source, view: View) -> dict[str, Any]:
    """Describe the data and its files, except those of single countries (see countries.json)."""
    source = manifest.source
    counted = "Cases and deaths" if source.lacks else "Cases, deaths and recoveries"
    incidence = "incidence, " if view.level == "countries" else ""
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": f"COVID-19 by {view.one} and day, from {source.title}",
        "description": (
            f"{source.notice + ' ' if source.notice else ''}{counted} by {view.one} and "
            f"day: daily counts recomputed from the totals, 7-day averages, {incidence}and facts "
            "about each country."
        ),
        "isAccessibleForFree": True,
        "license": source.licence,
        "creditText": source.attribution,
        "spatialCoverage": "World",
        "temporalCoverage": f"{source.first_date}/{source.last_date}",
        "variableMeasured": [
            {"@type": "PropertyValue", "name": measure.column, "description": measure.meaning}
            for measure in view.measures
        ],
        "isBasedOn": register.url if "://" in register.url else source.title,
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "contentUrl": file.name,
                "encodingFormat": content_type(file.name).partition(";")[0],
                "contentSize": f"{file.bytes} B",
                "sha256": file.sha256,
            }
            for file in view.files
        ],
    }


def embedded(content: object) -> str:
    """Encode as JSON that is safe inside a script element, whatever it holds."""
    text = msgspec.json.encode(content).decode()
    return "".join(UNSAFE.get(character, character) for character in text)
