"""A worker, as a process, whose source, S3 server and disk fail at once, slot after slot.

After every try a reader that is not ours looks at the bucket. On moto's server; FAULTS=full makes
200 slots, on a real server too.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import pytest

from tests.support import weathered
from tests.support.fault_proxy import FAULTS, FaultProxy
from tests.support.reader import Reader, assert_promises, assert_settled
from tests.support.runs import growing
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, use
from tests.support.weathered import Weather
from tests.support.web_server import Reply, WebServer, gzip_bomb, web_server
from tests.support.worker import Worker

FULL = os.environ.get("FAULTS") == "full"
SLOTS = 200 if FULL else 4
MOST_TRIES = 4  # in a slot; the last one always has good weather, but for every tenth slot
BUCKET = f"chaos-{uuid4().hex}"  # other processes test on the same server
PATIENCE_S = 240.0  # for a try on a busy machine; a run of 30 minutes would be killed
RUNS = ("run_id", "published_run")  # of a record
DAY_S, LATER_S = 86_400, 2 * 3_600
PROXY_FAULTS = [fault for fault in FAULTS if fault != "late"]  # that would be waited for
DISKS = (0, 300, 4_000, 20_000)  # bytes that a file may have


def hostile(days: int, rng: random.Random) -> Reply:
    """Return something that a source may send in place of its document."""
    sound = growing(days, ("spain",))
    zeros = growing(days, ("spain",), step=0)
    return rng.choice(
        (
            Reply(status=503),
            Reply(status=404),
            Reply(b"<html>moved</html>"),
            Reply(b""),
            Reply(sound[: len(sound) // 2], length=len(sound)),
            Reply(sound[: len(sound) // 2]),
            Reply(sound, cut=100, reset=True),
            Reply(raw=b"\x00\xff garbage\r\n\r\n"),
            Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X-Long: y\r\n" * 20_000 + b"\r\n"),
            Reply(status=302, headers={"Location": "/stats.json"}),
            Reply(status=302, headers={"Location": "file:///etc/passwd"}),
            Reply(gzip_bomb(8 << 20)),
            Reply(b"[" * 100_000),
            Reply(zeros),
            Reply(growing(1, ("spain",))),
            Reply(sound.replace(b"spain", b"sp\\u0000ain")),
            Reply(sound.replace(b'"cases":', b'"cases":-')),
        )
    )


@dataclass
class Chaos:
    """The worker's world: what it meets is drawn from `rng`."""

    web: WebServer
    proxy: FaultProxy
    reader: Reader
    worker: Worker
    weather: Path
    rng: random.Random
    first: date
    met: Counter[str] = field(default_factory=Counter)
    before: dict[str, bytes] = field(default_factory=dict)

    def storm(self, days: int, ahead_s: float) -> None:
        """Let some of the three fail at the next try, which is due at once."""
        document, most_bytes = Reply(growing(days, ("spain",))), None
        self.proxy.reset()
        if self.rng.random() < 0.5:
            document = hostile(days, self.rng)
            self.met["source"] += 1
        if self.rng.random() < 0.6:
            fault, lasting = self.rng.choice(PROXY_FAULTS), self.rng.random() < 0.4
            self.proxy.fail(fault, at=self.rng.randint(1, 60), lasting=lasting)
            self.met["S3"] += 1
        if self.rng.random() < 0.3:
            most_bytes = self.rng.choice(DISKS)
            self.met["disk"] += 1
        self.web.on("/stats.json", document)
        Weather(ahead_s, most_bytes).write(self.weather)

    def calm(self, days: int, ahead_s: float) -> None:
        self.proxy.reset()
        self.web.on("/stats.json", Reply(growing(days, ("spain",))))
        Weather(ahead_s).write(self.weather)

    def try_ended(self, slot: date) -> bool:
        """Wait for the end of a try; return whether the slot is done."""
        done = f"last_slot={slot}"
        line = self.worker.wait_until(
            lambda line: (
                line.startswith("worker.retry")
                or (line.startswith("worker.alive") and line.endswith(done))
            ),
            patience_s=PATIENCE_S,
        )
        return line.startswith("worker.alive")

    def abandoned(self, key: str) -> bool:
        """Say whether a monthly clean-up may clear it: no record needs what a run left there.

        On the server's clock, which the test does not advance, all that is long ago.
        """
        room, _, rest = key.partition("/")
        records = json.loads(self.before["history.json"])["records"]
        needed = {r[run] for r in records if r["outcome"] != "failed" for run in RUNS if run in r}
        kept = {kept["key"] for record in records for kept in record.get("kept", ())}
        return room in ("raw", "runs") and rest.partition("/")[0] not in needed and key not in kept

    def look(self, slot: date, *, done: bool, pings: list[str]) -> None:
        """Assert the promises: a whole version, one publication or a failure, somebody told."""
        self.proxy.reset()
        after = self.reader.contents()
        cleared = {key for key in self.before.keys() - after if self.abandoned(key)}
        assert_promises({key: self.before[key] for key in self.before.keys() - cleared}, after)
        self.before = after
        records = json.loads(after["history.json"])["records"] if "history.json" in after else []
        mine = [record for record in records if record["slot"] == str(slot)]
        successes = [record for record in mine if record["outcome"] != "failed"]
        assert len(successes) <= 1
        if done:
            assert len(successes) == 1
            assert "/ping" in pings
        else:
            assert "/ping/fail" in pings


def play(chaos: Chaos) -> None:
    for n in range(SLOTS):
        slot, days = chaos.first + timedelta(days=n), 3 + n
        for nth in range(MOST_TRIES):
            asked = len(chaos.web.requests)
            ahead_s = (n + 1) * DAY_S + nth * LATER_S
            good = nth == MOST_TRIES - 1 and n % 10 != 9
            (chaos.calm if good else chaos.storm)(days, ahead_s)
            done = chaos.try_ended(slot)
            paths = [request.path for request in chaos.web.requests[asked:]]
            chaos.look(slot, done=done, pings=paths)
            chaos.met["slots done" if done else "failed tries"] += 1
            if FULL:
                print(f"{slot} {dict(chaos.met)}", flush=True)
            if done:
                break
    chaos.calm(3 + SLOTS, (SLOTS + 1) * DAY_S)
    assert chaos.try_ended(chaos.first + timedelta(days=SLOTS))
    assert_settled(chaos.reader.contents())


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(f"{request.param}_s3")
    return url


@pytest.fixture
def chaos(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chaos]:
    use(monkeypatch, server)
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    (tmp_path / "scratch").mkdir()
    weather = tmp_path / "weather.json"
    Weather().write(weather)
    with web_server() as web, FaultProxy(server) as proxy:
        for path in ("/ping", "/ping/start", "/ping/fail"):
            web.on(path, Reply())
        web.on("/stats.json", Reply(growing(2, ("spain",))))
        settings = {
            **{"SOURCE": "coviddata", "SOURCE_URL": f"{web.url}/stats.json", "COUNTRIES_URL": ""},
            **{"S3_BUCKET": BUCKET, "S3_FOLDER": "covid", "AWS_ENDPOINT_URL_S3": proxy.url},
            **{"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
            **{"AWS_DEFAULT_REGION": "us-east-1", "PING_URL": f"{web.url}/ping"},
            **{"HEARTBEAT_MINUTES": "0.01", "MAX_SOURCE_MB": "4", "PYTHONWARNINGS": "ignore"},
            **{weathered.VARIABLE: str(weather), "OUTPUTS": "countries,world"},
        }
        worker = Worker(tmp_path, settings, [weathered.__file__])
        try:
            reader = Reader(server, BUCKET, "covid")
            alive = worker.wait_until(
                lambda line: line.startswith("worker.alive"), patience_s=PATIENCE_S
            )
            first = date.fromisoformat(alive.rpartition("=")[2])
            rng = random.Random("chaos")  # noqa: S311
            chaos = Chaos(web, proxy, reader, worker, weather, rng, first + timedelta(days=1))
            yield chaos
            print(f"met, of {SLOTS} slots:", dict(chaos.met))
        finally:
            worker.close()


@pytest.mark.parametrize("server", ["moto", *(["real"] if FULL else [])], indirect=True)
def test_whatever_fails_at_once_the_promises_hold_after_every_slot(chaos: Chaos) -> None:
    try:
        play(chaos)
    except AssertionError as exc:
        last = "\n".join(chaos.worker.log[-60:])
        raise AssertionError(f"{exc}\n{dict(chaos.met)}\n{last}") from exc
    assert chaos.met["failed tries"] > 0
    assert chaos.met["slots done"] > SLOTS / 2
