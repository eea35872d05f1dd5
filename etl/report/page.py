"""index.html and its assets: the published files, for people."""

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from etl.files import File
from etl.history import Status
from etl.manifest import PAGE, PAGES_ASSETS, Manifest
from etl.outputs.changes import CHANGES, read_changes
from etl.report import assets, linked_data, view, words
from etl.sources import SOURCES

TEMPLATES = Path(__file__).with_name("templates")


def make(folder: Path, manifest: Manifest, status: Status) -> list[File]:
    """Write the page beside the files that `manifest` lists; what was made.

    `status` as it will be once this run is published. What tells of it, of the run, of its
    warnings and of what it changed differs from day to day: a page that differs in nothing else
    counts as the same.
    """
    shown, source = view.read(folder, manifest), SOURCES[manifest.source.name]
    files = []
    (folder / PAGES_ASSETS).mkdir()
    for name, content in assets.scripts(folder):
        (folder / name).write_bytes(content)
        files.append(File(name, folder / name, 0))
    template = _environment().get_template(PAGE)
    lasting = {
        "manifest": manifest,
        "source": manifest.source,
        "view": shown,
        "most_ranked": view.RANKED,
        "map_from": words.MAP_FROM,
        "corrections": words.CORRECTIONS,
        "known_fault": source.known_fault,
        "filtered": words.filters(manifest.settings),
        "style": assets.style(),
        "scripts": [file.name for file in files],
        "linked_data": linked_data.embedded(linked_data.dataset(manifest, source, shown)),
    }
    changed = read_changes((folder / CHANGES).read_bytes())
    today = template.render(lasting, status=status, changed=changed)
    (folder / PAGE).write_text(today, encoding="utf-8")
    same_every_day = template.render(lasting, status=None, changed=None).encode()
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
        "signed": words.signed,
        "percent": words.percent,
        "count": words.count,
        "plain": words.plain,
        "meaning": lambda name: words.MEANING.get(name, ""),
    }
    return environment
