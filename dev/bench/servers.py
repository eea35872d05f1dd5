"""What the measurements share: inputs, a web server, a real S3 server, and where results go."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.bench import extend

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = HERE / "data"
DOCUMENT = ROOT / "docs" / "performance.md"
BUCKET = "bench"
SIZES = ("4 MB", "29 MB", "293 MB")


@dataclass(frozen=True)
class Source:
    """One input: its name, its file and the country facts that belong to it."""

    name: str
    path: Path
    facts: Path

    @property
    def megabytes(self) -> float:
        return self.path.stat().st_size / 1e6


def sources(sizes: Collection[str] = SIZES) -> list[Source]:
    """Make the inputs, once: from real data if it is available, else from the samples."""
    DATA.mkdir(exist_ok=True)
    folder = Path(os.environ.get("CLOUD_ETL_REAL_DATA", ROOT.parent / "shared" / "data"))
    real = folder / "countries-2020-09-07.json.gz"
    if real.exists():
        origin, facts, copies = real, folder / "InfoPaisosExtra.xlsx", (1, 10)
        small = ["--days", "229"]
    else:
        origin, facts, copies = (
            ROOT / "samples" / "stats.json.gz",
            ROOT / "samples" / "InfoPaisosExtra.xlsx",
            (6, 60),
        )
        small = ["--days", "400", "--copies", "3"]
    plans = {
        "4 MB": small,
        "29 MB": ["--full", "--copies", str(copies[0])],
        "293 MB": ["--full", "--copies", str(copies[1])],
    }
    made = []
    for name in sizes:
        path = DATA / f"{name.replace(' ', '')}-{origin.name.partition('.')[0]}.json"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            extend.main([str(origin), str(path), *plans[name]])
        made.append(Source(name, path, facts))
    return made


@contextmanager
def web_server() -> Iterator[str]:
    """Start Python's own web server as a process, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=DATA, stdout=quiet, stderr=quiet)  # noqa: S603  our own
    try:
        time.sleep(1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def s3_server() -> Iterator[str]:
    command = [sys.executable, str(ROOT / "dev/tools" / "s3-server")]
    data = ["--data", str(DATA / "s3")]
    started = subprocess.run(  # noqa: S603  our own
        [*command, "start", *data], check=True, stdout=subprocess.PIPE, text=True
    )
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([*command, "stop", *data], check=True)  # noqa: S603  our own
        shutil.rmtree(DATA / "s3", ignore_errors=True)


def credentials(endpoint: str | None) -> None:
    os.environ.update(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="a-secret-that-nobody-may-see",  # noqa: S106  made up
        AWS_DEFAULT_REGION="us-east-1",
    )
    os.environ.pop("AWS_ENDPOINT_URL", None)
    if endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint


def make_bucket() -> None:
    # in a separate process: this one's peak memory would count as its children's
    create = f"import boto3; boto3.client('s3').create_bucket(Bucket={BUCKET!r})"
    subprocess.run([sys.executable, "-c", create], check=True)  # noqa: S603  our own


def write_between(name: str, text: str) -> None:
    """Put the text into docs/performance.md, between the markers with that name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = DOCUMENT.read_text().partition(begin)
    DOCUMENT.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")
