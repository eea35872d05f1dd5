"""Compare what readers find after a publish failed, with this project and with other tools.

    python3.11 -m venv .tools/peers
    .tools/peers/bin/pip install --require-hashes -r dev/bench/peers/requirements.txt
    .venv/bin/python dev/bench/peers/faults.py

Each tool publishes a small table, then the next day's, with one more day and a correction. The
second publish goes through a proxy that injects a fault at one of its requests; then an independent
reader reads the bucket, as a user of that tool would. This is repeated for every request that the
publish makes (n = 1, 2, 3 ...), in five cases:

    500       from the n-th request on, the server fails
    lost      from the n-th request on, the server acts, but every answer is lost (a reset)
    SIGKILL   the process is killed after the server has acted on the n-th request
    SIGINT    the same, but by Ctrl-C, or by a handler that raises on SIGTERM
    403       from the n-th request on, access is denied: the credentials expired

It prints a Markdown table: after how many of the n attempts readers found a whole version, old or
new, and what they found after the others:

    empty         no rows at all
    cut           rows are missing
    torn          the objects can't be read as a table
    mixed         rows of both versions
    side by side  files of both versions, each of them whole
    ... unnoticed the process ended with status 0 nevertheless

The server is the one at TEST_S3_ENDPOINT (`export TEST_S3_ENDPOINT=$(dev/tools/s3-server start)`),
or else moto's. It takes about ten minutes, since the tools wait long between their own retries;
`--tools` selects some of them. This script itself runs in the project's development environment
(`make test` makes it): the proxy, the servers and the reader are those of the tests.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3

PEERS = Path(__file__).resolve().parent
ROOT = PEERS.parents[2]
sys.path.insert(0, str(ROOT))  # this is a script: the project is not on the path

from dev.bench.peers import reading  # noqa: E402
from dev.bench.peers.compared import OURS, TOOLS, Tool  # noqa: E402
from tests.support.fault_proxy import FaultProxy  # noqa: E402  see above
from tests.support.reader import Reader as Bucket  # noqa: E402
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, s3_server  # noqa: E402
from tests.support.web_server import Reply, web_server  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "peers"
CASES: dict[str, str | signal.Signals] = {  # a fault's name in the proxy, or a signal
    "500": "500",
    "lost": "reset after",
    "SIGKILL": signal.SIGKILL,
    "SIGINT": signal.SIGINT,
    "403": "403",
}
WHOLE = ("old", "new")


@dataclass(frozen=True)
class Lab:
    """Servers, interpreters, and a folder for the processes' files."""

    s3_url: str
    source_url: str
    s3: "S3Client"
    ours: str
    peers: str
    work: Path
    limit_s: float

    def start(self, tool: Tool, nth: int, s3_url: str, folder: str) -> "subprocess.Popen[bytes]":
        """Start to publish the first or the second day."""
        home = tempfile.mkdtemp(dir=self.work)  # empty, as on a host whose disk is wiped every day
        source = f"{self.source_url}/{nth}.json"
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": home,
            "DLT_DATA_DIR": home,
            "NO_PROXY": "127.0.0.1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_S3": s3_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        command = [self.peers, str(PEERS / tool.script), source, BUCKET, folder]
        if tool is OURS:
            command = [self.ours, str(ROOT / "app.py"), "run"]
            environment |= {"SOURCE_URL": source, "COUNTRIES_URL": ""}
            environment |= {"S3_BUCKET": BUCKET, "S3_FOLDER": folder}
        with (Path(home) / "log").open("wb") as log:
            return subprocess.Popen(  # noqa: S603  the tools that are compared
                command, cwd=home, env=environment, stdout=log, stderr=log
            )

    def finish(self, process: "subprocess.Popen[bytes]") -> int:
        try:
            return process.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def read(self, folder: str) -> dict[str, bytes]:
        return Bucket(self.s3_url, BUCKET, folder).contents()

    def write(self, folder: str, objects: reading.Objects) -> None:
        for key, body in objects.items():
            self.s3.put_object(Bucket=BUCKET, Key=f"{folder}/{key}", Body=body)


@dataclass(frozen=True)
class Trial:
    """A tool, what it had published before, and how many requests the next publish takes."""

    lab: Lab
    tool: Tool
    folder: str
    old: reading.Table
    new: reading.Table
    before: reading.Objects
    requests: int

    @classmethod
    def begin(cls, lab: Lab, tool: Tool) -> "Trial":
        """Publish both days without a fault."""
        old, new = (reading.expected(tool.document(nth)) for nth in (1, 2))
        folder = uuid4().hex[:8]
        lab.finish(lab.start(tool, 1, lab.s3_url, folder))
        before = lab.read(folder)
        with FaultProxy(lab.s3_url) as proxy:
            lab.finish(lab.start(tool, 2, proxy.url, folder))
            requests = len(proxy.seen)
        after = lab.read(folder)
        for read in tool.readers.values():
            found = [reading.look(read, objects, old, new) for objects in (before, after)]
            if found != ["old", "new"]:
                sys.exit(f"{tool.name} does not publish without a fault either: {found}")
        return cls(lab, tool, folder, old, new, before, requests)

    def inject(self, case: str, at: int) -> dict[str, str]:
        """Return what each reader finds after the second publish met that fault at that request."""
        folder = f"{self.folder}-{case}-{at}"
        self.lab.write(folder, self.before)
        with FaultProxy(self.lab.s3_url) as proxy:
            fault = CASES[case]
            if isinstance(fault, str):
                proxy.fail(fault, at=at, lasting=True)
            process = self.lab.start(self.tool, 2, proxy.url, folder)
            if isinstance(fault, signal.Signals):  # long before an interpreter is up
                proxy.call(partial(process.send_signal, fault), at=at, when="after")
            status = self.lab.finish(process)
        objects = self.lab.read(folder)
        found = {}
        for name, read in self.tool.readers.items():
            state = reading.look(read, objects, self.old, self.new)
            found[name] = f"{state}, unnoticed" if status == 0 and state != "new" else state
        print(f"{self.tool.name}, {case} at {at}: status {status}, {found}", file=sys.stderr)
        return found

    def lines(self, jobs: int) -> Iterator[str]:
        """Make every attempt, and yield the tool's lines of the table."""
        attempts = [(case, at) for case in CASES for at in range(1, self.requests + 1)]
        with ThreadPoolExecutor(jobs) as pool:
            all_found = list(pool.map(lambda attempt: self.inject(*attempt), attempts))
        for reader in self.tool.readers:
            seen = {case: Counter[str]() for case in CASES}
            for (case, _), found in zip(attempts, all_found, strict=True):
                seen[case][found[reader]] += 1
            name = ", ".join(filter(None, (self.tool.name, reader)))
            yield f"| {name} | {self.requests} | {' | '.join(map(cell, seen.values()))} |"


def cell(seen: Counter[str]) -> str:
    whole = sum(seen[state] for state in WHOLE)
    others = [f"{count} {state}" for state, count in seen.most_common() if state not in WHOLE]
    return "; ".join([f"{whole} of {seen.total()} whole", *others])


@contextmanager
def any_s3_server() -> Iterator[str]:
    if real := os.environ.get("TEST_S3_ENDPOINT"):
        yield real
    else:
        with s3_server() as url:
            yield url


def connected(url: str) -> "S3Client":
    """Return a client, after making the bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    if BUCKET not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket=BUCKET)
    return client


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add: Callable[..., object] = parser.add_argument
    add("--tools", nargs="+", choices=TOOLS, default=[*TOOLS], help="all of them if not given")
    peers = ROOT / ".tools" / "peers" / "bin" / "python"
    add("--peers-python", default=str(peers), help="the peers' (.tools/peers/bin/python)")
    add("--ours-python", default=sys.executable, help="this project's (the one that runs this)")
    add("--jobs", type=int, default=4, help="attempts at once (%(default)s)")
    add("--limit", type=float, default=300, help="seconds a publish may take (%(default)s)")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it may be ignored
    lines: list[str] = []
    with any_s3_server() as url, web_server() as web, tempfile.TemporaryDirectory() as work:
        s3 = connected(url)
        lab = Lab(url, web.url, s3, given.ours_python, given.peers_python, Path(work), given.limit)
        for tool in (TOOLS[key] for key in given.tools):
            for nth in (1, 2):
                web.on(f"/{nth}.json", Reply(tool.document(nth)))
            lines += Trial.begin(lab, tool).lines(given.jobs)
    print(f"| tool | requests | {' | '.join(CASES)} |")
    print("|---|---|" + "---|" * len(CASES))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
