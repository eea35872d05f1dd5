"""A page with links, added to what a test has published."""

import hashlib

import msgspec

from etl.history import manifest as manifests
from etl.history.manifest import PublishedFile
from etl.store import Store, Upload
from etl.store.layout import run_key

PAGE = b"""<!doctype html><link rel="stylesheet" href="assets/page-01.css">
<script src="assets/page-01.js" defer></script><a href="latest.csv">latest</a>
<a href="manifest.json">manifest</a><a href="status.json">status</a><a href="gone.csv">gone</a>
<a href="https://elsewhere.org/">elsewhere</a>"""


def publish_page(store: Store) -> None:
    """Add a page and its assets to what is published, as a run does."""
    published = manifests.read(store)
    assert published is not None
    manifest = published.manifest
    made = {"index.html": PAGE, "assets/page-01.css": b"p{}", "assets/page-01.js": b"let a"}
    files = [file for file in manifest.files if file.name not in made]
    for name, body in made.items():
        key = run_key(manifest.run_id, name)
        files.append(PublishedFile(name, key, len(body), hashlib.sha256(body).hexdigest(), 0))
        for place in (key, name):
            store.write(Upload(place, body))
    body = manifests.encode(msgspec.structs.replace(manifest, files=files))
    for place in ("manifest.json", run_key(manifest.run_id, "manifest.json")):
        store.write(Upload(place, body))
