"""index.html and its assets: the published files, for people."""

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from etl.files import File
from etl.history import Status
from etl.manifest import PAGE, PAGES_ASSETS, Manifest
from etl.report import assets, linked_data, view, words
from etl.sources import SOURCES

TEMPLATES = Path(__file__).with_name("templates")
MOST_BYTES = 1_500_000  # of all that the page loads; of thousands of places it has no charts


def make(folder: Path, manifest: Manifest, status: Status) -> list[File]:
    """Write the page beside the files that `manifest` lists; what was made.

    `status` as it will be once this run is published. What tells of it, of the run and of its
    warnings changes from day to day: a page that differs in nothing else counts as the same.
    """
    source = SOURCES[manifest.source.name]
    shown = view.read(folder, manifest, source.level)
    template = _environment().get_template(PAGE)
    lasting = {
        "manifest": manifest,
        "source": manifest.source,
        "view": shown,
        "most_ranked": view.RANKED,
        "most_listed": view.LISTED,
        "map_from": words.MAP_FROM,
        "corrections": words.CORRECTIONS,
        "known_fault": source.known_fault,
        "filtered": words.filters(manifest.settings),
        "style": assets.style(),
        "linked_data": linked_data.embedded(linked_data.dataset(manifest, source, shown)),
    }
    scripts = list(assets.scripts(folder, source.level))
    lasting |= {"charted": True, "scripts": [name for name, _ in scripts]}
    html = template.render(lasting, status=status)
    if len(html.encode()) + sum(len(content) for _, content in scripts) > MOST_BYTES:
        scripts = scripts[:1]
        lasting |= {"charted": False, "scripts": [name for name, _ in scripts]}
        html = template.render(lasting, status=status)
    files = []
    (folder / PAGES_ASSETS).mkdir()
    for name, content in scripts:
        (folder / name).write_bytes(content)
        files.append(File(name, folder / name, 0))
    (folder / PAGE).write_text(html, encoding="utf-8")
    same_every_day = template.render(lasting, status=None).encode()
    digest = hashlib.sha256(same_every_day).hexdigest()
    # last, so that it names nothing that is not there yet
    return [*files, File(PAGE, folder / PAGE, len(shown.rows), lasting_sha256=digest)]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": words.number,
        "size": words.size,
        "long_date": words.long_date,
        "meaning": words.meaning,
    }
    return environment
