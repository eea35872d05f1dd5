"""The demo: run the whole job twice on samples that a loopback web server serves."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from etl import pipeline
from etl.cli.screen import Screen
from etl.errors import ConfigError
from etl.extract.sources import SAMPLES
from etl.history import manifest as manifests
from etl.settings.groups import Settings, SourceSettings
from etl.store.directory import DirectoryStore
from etl.store.layout import (
    HISTORY,
    LATEST_CSV,
    MANIFEST,
    PAGE,
    RAW,
    RUNS,
    STATS,
    TABLE_CSV,
    WORLD,
    series_key,
)
from etl.store.places import PLACES, is_switched_on
from etl.worker.handover import BY_HAND

SERIES = series_key("countries")
WHERE = (PAGE, LATEST_CSV, WORLD, SERIES, TABLE_CSV, STATS, MANIFEST, HISTORY, RUNS, RAW)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return None


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback, and yield the address."""
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def demonstrate(settings: Settings) -> None:
    """Run the job twice on the samples, and print what is in OUTPUT_DIR afterwards.

    Raises ConfigError if OUTPUT_DIR holds real data.
    """
    store = DirectoryStore(settings.store.output_dir)
    before = manifests.read(store)
    if before and before.manifest.source.name != "sample":
        raise ConfigError(
            f"OUTPUT_DIR: {settings.store.output_dir} holds data of {before.manifest.source.name}; "
            "the demo does not overwrite it: choose another folder, OUTPUT_DIR=out-demo"
        )
    with served(SAMPLES) as address:
        sample = replace(
            settings,
            sources=(),
            source=_made_up(settings.source, address),
            store=replace(settings.store, bucket=""),
            alerts=replace(settings.alerts, topic="", translate_to=(), ping_url=""),
            inbox=replace(settings.inbox, on=False),
        )
        print(f"serving made-up data on {address}; every figure in it is invented\n")
        for nth in ("first", "second"):
            print(f"{nth} run:", flush=True)
            with Screen.of(sample, as_json=False) as screen:
                screen.show(pipeline.run(sample, store, screen.options(BY_HAND)))
            print()
    print(f"files in {settings.store.output_dir}/ (made-up data):")
    for place in (place for place in PLACES if place.key in WHERE):
        if not is_switched_on(place.key, settings.table.outputs):
            continue
        print(f"  {place.key:20} {place.meaning_for('country')}")


def _made_up(source: SourceSettings, address: str) -> SourceSettings:
    facts_url = f"{address}/InfoPaisosExtra.xlsx"
    return replace(
        source,
        name="sample",
        level="countries",
        data_set="sample",
        url=f"{address}/stats.json.gz",
        countries_url=facts_url,
        facts_url=facts_url,
    )
