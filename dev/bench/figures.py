"""Measure single figures: start, a day with nothing new, living sources, small uploads, idling.

    python -m dev.bench.figures [--rounds 5] [--write]

Prints medians of whole processes on this machine, with servers on loopback. `make bench` runs it.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from dev.bench import living as living_sources
from dev.bench.measure import Measured, measure, median, peak_kb
from dev.bench.servers import (
    BUCKET,
    DATA,
    ROOT,
    credentials,
    make_bucket,
    s3_server,
    sources,
    write_between,
)

ANSWER_S = 0.1
FILES = 220
RUN = [sys.executable, str(ROOT / "app.py"), "run"]
UPLOAD = """
import sys
sys.path.insert(0, sys.argv[1])
from etl.store.parallel import upload_all
from etl.store import Upload
from etl.store.s3.store import S3Store
uploads = [Upload(f"countries/{n}.json", b"x" * 20_000) for n in range(int(sys.argv[2]))]
upload_all(S3Store.connect("bench", "small"), uploads)
"""


class Server:
    """Counts requests, notes when the first came, and answers each after `wait_s`."""

    def __init__(self, path: Path = Path(os.devnull), wait_s: float = 0) -> None:
        self.path, self.wait_s = path, wait_s
        self.first: float | None = None
        self.requests = 0

    @contextmanager
    def running(self) -> Iterator[str]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                outer.first = outer.first or time.perf_counter()
                outer.requests += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                time.sleep(outer.wait_s)
                known = self.headers.get("If-None-Match") == '"1"'
                path = Path(os.devnull) if known or self.command == "PUT" else outer.path
                self.send_response(304 if known else 200)
                self.send_header("ETag", '"1"')
                self.send_header("Content-Length", str(path.stat().st_size))
                self.end_headers()
                # in pieces: this process' peak memory would count as its children's
                with path.open("rb") as file:
                    shutil.copyfileobj(file, self.wfile)

            do_GET = do_PUT = answer  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}"
            server.shutdown()


def first_byte(rounds: int) -> float:
    """Return the median seconds from the start of `python app.py run` to its first request."""
    seconds = []
    for _ in range(rounds):
        server = Server(ROOT / "samples" / "stats.json.gz")
        with server.running() as url:
            os.environ.update(SOURCE_URL=f"{url}/stats.json", SOURCE="coviddata")
            began = time.perf_counter()
            subprocess.run([*RUN, "--dry-run"], check=True, capture_output=True)  # noqa: S603
            assert server.first is not None  # noqa: S101  the run would have failed
            seconds.append(server.first - began)
    return statistics.median(seconds)


def unchanged(rounds: int) -> Measured:
    """Measure a run whose source answers 304."""
    server = Server(sources()[1].path)
    with server.running() as url:
        os.environ.update(SOURCE_URL=f"{url}/stats.json", SOURCE="coviddata")
        measure(RUN)
        return median([measure(RUN) for _ in range(rounds)])


def living(source: str, lines: Iterable[str], rounds: int) -> tuple[str, Measured]:
    """Measure a run that writes all files of a source, as on a day on which it changed."""
    with TemporaryDirectory(dir=DATA) as folder:
        path = Path(folder) / f"{source}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(f"{line}\n" for line in lines)
        size = path.stat().st_size / 1e6
        os.environ.update(SOURCE_URL=str(path), SOURCE=source, OUTPUT_DIR=f"{folder}/out")
        found = median([measure([*RUN, "--force"]) for _ in range(rounds)])
    return f"`SOURCE={source}`, {size:.0f} MB, folder", found


def small_uploads(rounds: int) -> Measured:
    command = [sys.executable, "-c", UPLOAD, str(ROOT), str(FILES)]
    server = Server(wait_s=ANSWER_S)
    with server.running() as url:
        os.environ["AWS_ENDPOINT_URL_S3"] = url
        found = median([measure(command) for _ in range(rounds)])
        del os.environ["AWS_ENDPOINT_URL_S3"]
    return found


def idle(python: str = sys.executable) -> float:
    """Return the megabytes that the worker holds after its first run."""
    with TemporaryDirectory() as folder:
        environment = os.environ | {"SOURCE": "sample", "SOURCE_URL": "", "OUTPUT_DIR": folder}
        environment.pop("S3_BUCKET", None)
        worker = subprocess.Popen(  # noqa: S603  our own
            [python, str(ROOT / "app.py")], env=environment, stderr=subprocess.PIPE
        )
        assert worker.stderr is not None  # noqa: S101  a pipe was asked for
        for line in worker.stderr:
            if b"worker.alive" in line:
                break
        peak = peak_kb(worker.pid)
        worker.terminate()
        worker.communicate()
        assert peak is not None  # noqa: S101  Linux has it
        return peak / 1024


def on_s3(rounds: int, figure: Callable[[int], float | Measured]) -> float | Measured:
    with s3_server() as s3:
        credentials(s3)
        make_bucket()
        os.environ.update(S3_BUCKET=BUCKET, S3_FOLDER="figures")
        found = figure(rounds)
        del os.environ["S3_BUCKET"]
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the single figures.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    given = parser.parse_args()
    os.environ["COUNTRIES_URL"] = str(sources()[1].facts)
    with TemporaryDirectory(dir=DATA) as folder:
        os.environ["OUTPUT_DIR"] = folder
        rows = [
            ("from the start to the request for the source, folder", first_byte(given.rounds)),
            ("the same, S3", on_s3(given.rounds, first_byte)),
            ("a day with nothing new (304), 29 MB, folder", unchanged(given.rounds)),
            ("the same, S3", on_s3(given.rounds, unchanged)),
        ]
    rows += [
        living(source, make(), given.rounds)
        for source, make in (("who", living_sources.who), ("owid", living_sources.owid))
    ]
    credentials(None)
    rows.append((f"{FILES} small files to a server that takes 100 ms", small_uploads(given.rounds)))
    lines = ["| what | wall, s | CPU, s | peak, MB |", "|---|---:|---:|---:|"]
    for what, found in rows:
        if isinstance(found, Measured):
            lines.append(
                f"| {what} | {found.wall_s:.2f} | {found.cpu_s:.2f} | {found.peak_mb:.0f} |"
            )
        else:
            lines.append(f"| {what} | {found:.2f} | | |")
    lines.append(f"| the idle worker | | | {idle():.1f} |")
    text = "\n".join(lines)
    print(text)
    if given.write:
        write_between("figures", text)


if __name__ == "__main__":
    main()
