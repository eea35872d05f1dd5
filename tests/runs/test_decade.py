"""Ten years in a minute: the real loop and the real runs under a simulated clock.

Sources that fail for hours, a store that fails, restarts every day, SIGTERM at any moment, two
workers at once, daylight saving, a clock that jumps, months of downtime. DECADE_DAYS and
DECADE_SEEDS set how much; CI makes less than docs/reliability.md tells of.
"""

import io
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs

import pytest

import app
from etl import log, pipeline
from etl.alerts import aws
from etl.alerts.incidents import ATTEMPTS, began
from etl.alerts.recorder import record_lost
from etl.alerts.teller import Teller
from etl.errors import EtlError, StoreError
from etl.history import history, outcomes, tasks
from etl.history.history import History
from etl.history.record import SUCCESS
from etl.history.run import Options
from etl.store.memory import MemoryStore
from etl.upkeep.monthly import do_due_tasks
from etl.worker import schedule
from etl.worker.handover import Handover
from tests.support.runs import growing, settings
from tests.support.s3_server import Answer, answering, use
from tests.support.stores import Wrapped

DAYS = int(os.environ.get("DECADE_DAYS", "260"))  # with both changes of summer time
SEEDS = range(int(os.environ.get("DECADE_SEEDS", "3")))
START = datetime(2021, 3, 1, 12, tzinfo=UTC)
NAP_S = 600.0  # ten times the worker's own, for speed
# longer than the longest pause between two tries, the longest nap and the run itself together
ENOUGH = schedule.LONGEST_RETRY + timedelta(seconds=NAP_S) + timedelta(minutes=2)
ZONES = ("Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "UTC")
TIMES = ("06:00", "02:30", "00:00", "23:59")


class Stopped(BaseException):
    """SIGTERM, or the dyno is gone."""


class Over(BaseException):
    """The simulated years are over."""


class World:
    """Time, and what is broken in it. `wall` is what clocks show, `true` what passes."""

    def __init__(self, seed: int, folder: Path, **variables: str) -> None:
        self.rng = random.Random(seed)  # noqa: S311  the same years for the same seed
        self.true = START
        self.offset = timedelta(0)
        self.store = MemoryStore()
        self.settings = settings(
            folder / "stats.json",
            TIMEZONE=ZONES[seed % 4],
            RUN_AT=TIMES[seed // 4 % 4],
            **variables,
        )
        self.notes = folder / "notes"
        self.notes.mkdir()
        self.failures = 0  # in a row, in the life of one worker
        self.failing_since = START
        self.source = folder / "stats.json"
        self.version = 20
        self.source.write_bytes(growing(self.version, ("spain",)))
        self.counts: Counter[str] = Counter()
        self.pinged: set[date] = set()  # slots whose success was pinged
        self.made_in: set[date] = set()  # true slots; a wrong clock calls them by other names
        self.good: dict[date, timedelta] = {}  # the longest time in a slot with nothing in the way
        self._good_since = self.true
        self._good_slot: date | None = None
        self.source_fails_until = self.store_fails_until = self.true
        self.clock_right_at: datetime | None = None
        self.restart_at = self.next_restart()

    def wall(self) -> datetime:
        return self.true + self.offset

    def slot(self, moment: datetime | None = None) -> date:
        where = self.settings.schedule
        return schedule.latest_slot(moment or self.wall(), where.run_at, where.timezone)

    def next_restart(self) -> datetime:
        return self.true + timedelta(hours=24, minutes=self.rng.uniform(0, 216))

    def pass_time(self, seconds: float, *, up: bool = True) -> None:
        """Time passes; `up` says whether a worker is there to use it."""
        self.true += timedelta(seconds=seconds)
        trouble = self.true < max(self.source_fails_until, self.store_fails_until)
        slot = self.slot()
        if trouble or not up or slot != self._good_slot:
            self._good_since, self._good_slot = self.true, slot
        lasted = self.true - self._good_since
        self.good[slot] = max(self.good.get(slot, timedelta(0)), lasted)
        if self.true >= START + timedelta(days=DAYS):
            raise Over

    def something_happens(self, seconds: float) -> None:
        """Now and then, during a nap of so many seconds."""
        chance, rng = self.rng.random, self.rng
        if self.clock_right_at and self.true >= self.clock_right_at:
            self.offset, self.clock_right_at = timedelta(0), None
        per_day = seconds / 86_400
        if chance() < 0.08 * per_day:
            self.counts["source down for hours"] += 1
            self.source_fails_until = self.true + timedelta(hours=rng.uniform(0.2, 40))
        if chance() < 0.1 * per_day:
            self.counts["store down"] += 1
            self.store_fails_until = self.true + timedelta(hours=rng.uniform(0.05, 10))
        if chance() < 0.03 * per_day:
            self.counts["source changed"] += 1
            self.version += 1
            self.source.write_bytes(growing(self.version, ("spain",)))
        if chance() < 0.01 * per_day and not self.clock_right_at:
            self.counts["clock jumped"] += 1
            self.offset = timedelta(hours=rng.choice([-24, -1, 1, 24]))
            self.clock_right_at = self.true + timedelta(hours=rng.uniform(0.1, 30))
        if chance() < 0.05 * per_day:
            self.counts["stopped while asleep"] += 1
            raise Stopped

    def store_for_a_run(self, *, may_die: bool) -> Any:
        """The store as one run sees it: it may fail, or the run may be killed in any request."""
        die_at = self.rng.randint(1, 40) if may_die and self.rng.random() < 0.05 else None
        other_at = self.rng.randint(1, 40) if may_die and self.rng.random() < 0.1 else None

        def before(n: int, operation: str, key: str) -> None:
            if self.true < self.store_fails_until:
                raise StoreError("the store is down")
            if n == other_at:
                # the dyno that takes this one's place starts its own run in the middle of ours
                self.counts["two workers at once"] += 1
                self.one_run(may_die=False)

        def after(n: int, operation: str, key: str) -> None:
            if n == die_at:
                self.counts["killed in a run"] += 1
                raise Stopped

        return Wrapped(self.store, before, after)

    def one_run(self, *, may_die: bool = True) -> bool:
        """What `python app.py run --if-due` does; whether its exit status would be 0."""
        down = self.true < self.source_fails_until
        source = self.settings.source.url if not down else str(self.source.with_name("gone.json"))
        # the same settings as far as the run can tell: only the answer is missing
        with replaced_source(self.settings, source) as used:
            try:
                options = self.options()
                store = self.store_for_a_run(may_die=may_die)
                result = pipeline.run(used, store, options, self.wall())
            except EtlError as exc:
                self.counts[f"run failed: {type(exc).__name__}"] += 1
                return False
        self.counts[f"run {result.outcome}"] += 1
        if result.outcome in SUCCESS:
            self.made_in.add(self.slot(self.true))
        if result.run and result.past and tasks.due(result.past, result.run.slot):
            self.do_tasks(may_die=may_die)
        return True

    def do_tasks(self, *, may_die: bool) -> None:
        """What `python app.py monthly-tasks` does: its end changes nothing for the run."""
        store = self.store_for_a_run(may_die=may_die)
        try:
            done = do_due_tasks(self.settings, store, self.wall(), self.handover())
            self.counts["tasks done" if done else "tasks failed"] += 1
        except EtlError:
            self.counts["tasks failed"] += 1
        except Stopped:
            if self.rng.random() < 0.5:
                raise
            self.counts["tasks killed"] += 1

    def handover(self) -> Handover:
        since = self.failing_since if self.failures else None
        return Handover(self.failures, since, self.notes)

    def options(self) -> Options:
        return Options(
            if_due=True,
            sleep=lambda seconds: None,
            handover=self.handover(),
        )

    def child(self, slot: date) -> bool:
        """What the loop calls for a run; it counts the failures."""
        if self.failures == 0:
            self.failing_since = self.wall()
        done = self.one_child(slot)
        self.failures = 0 if done else self.failures + 1
        return done

    def one_child(self, slot: date) -> bool:
        """Time passes, the child may be killed, so may we."""
        self.pass_time(self.rng.uniform(1, 40))
        try:
            return self.one_run()
        except Stopped:
            if self.rng.random() < 0.5:
                raise
            self.counts["child killed for memory"] += 1
            store = self.store_for_a_run(may_die=False)
            lost = outcomes.lost("coviddata", slot, self.wall(), 1.0, "killed")
            with suppress(EtlError):
                record_lost(self.settings, store, self.handover(), lost, self.wall())
            return False

    def tell_waiting(self) -> None:
        if (self.notes / "waiting").exists():
            (self.notes / "waiting").unlink()
            store = self.store_for_a_run(may_die=False)
            Teller(self.settings, store, self.handover()).retry(self.wall())

    def nap(self, seconds: float) -> None:
        assert 0 < seconds <= NAP_S
        self.pass_time(seconds)
        self.something_happens(seconds)
        if self.true >= self.restart_at:
            self.counts["restarts"] += 1
            self.restart_at = self.next_restart()
            raise Stopped

    def live(self) -> None:
        """Workers, one after the other, until the years are over."""
        while True:
            try:
                self.loop()
            except Stopped:
                if self.rng.random() < 0.003:
                    self.counts["months of downtime"] += 1
                    for _ in range(self.rng.randint(20, 90)):
                        self.pass_time(86_400, up=False)
                self.pass_time(self.rng.uniform(0, 60), up=False)

    def loop(self) -> NoReturn:
        self.failures = 0
        app.work(
            self.settings.schedule,
            [app.SourceJob("coviddata", self.child, self.tell_waiting)],
            now=self.wall,
            sleep=self.nap,
            rng=self.rng,
        )


@contextmanager
def replaced_source(used: Any, source: str) -> Iterator[Any]:
    """The settings; while the source is down, its file is not where they say."""
    path = Path(used.source.url)
    away = path.with_name("away.json")
    gone = source != used.source.url and path.exists()  # it may be gone for an outer run already
    if gone:
        path.rename(away)
    try:
        yield used
    finally:
        if gone:
            away.rename(path)


def successes(world: World) -> Counter[date]:
    past, _ = history.read(world.store)
    return Counter(r.slot for r in past.records if r.outcome in SUCCESS)


def failures_after_success(past: History) -> list[str]:
    """Runs that are recorded as failed although their slot had a success before."""
    done: set[date] = set()
    found = []
    for record in past.records:
        if record.outcome in SUCCESS:
            done.add(record.slot)
        elif record.slot in done:
            found.append(record.run_id)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_slot_that_could_be_made_is_made_once(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "NAP_S", NAP_S)
    log.set_up("ERROR", io.StringIO())  # or pytest keeps every line of ten years
    with answering(lambda answer: hear_ping(worlds[0], answer)) as url:
        worlds = [World(seed, tmp_path, PING_URL=f"{url}/check")]
        world = worlds[0]
        with pytest.raises(Over):
            world.live()
    made = successes(world)
    past, _ = history.read(world.store)
    assert failures_after_success(past) == []
    assert [slot for slot in made if slot not in world.pinged and slot < world.slot()] == []
    twice = {slot: n for slot, n in made.items() if n > 1}
    assert twice == {}
    last = world.slot()
    there = made.keys() | world.made_in
    missed = [slot for slot, good in world.good.items() if good > ENOUGH and slot not in there]
    assert [slot for slot in missed if slot < last] == []
    print(
        f"seed {seed}: {len(made)} slots made, of {DAYS} days;", dict(sorted(world.counts.items()))
    )
    for event in ("restarts", "two workers at once", "killed in a run", "source down for hours"):
        assert world.counts[event] > 0, f"{event} never happened: nothing was proven"


def hear_ping(world: World, answer: Answer) -> None:
    """Note the slot of a success; the address of a start or a failure is longer."""
    if answer.path == "/check":
        world.pinged.add(world.slot())
    answer.reply(200)


BLIND = "the worker can't record that it sent this message"


class Phone:
    """SNS, as the subscriber sees it: message ids in the order of their coming."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.blind: set[str] = set()
        self.world: World | None = None

    def reply(self, answer: Answer) -> None:
        raw = answer.rfile.read(int(answer.headers["Content-Length"]))
        del answer.headers["Content-Length"]  # it is read
        form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
        assert self.world
        if self.world.rng.random() < 0.2:
            self.world.counts["SNS refused"] += 1
            if BLIND in form["Message"]:
                self.world.counts["not told blindly"] += 1
            answer.reply(403, "<ErrorResponse><Error><Code>Denied</Code></Error></ErrorResponse>")
            return
        values = [v for name, v in form.items() if name.endswith("StringValue")]
        (message_id,) = [v for v in values if v.startswith(("failed-", "recovered-"))]
        self.heard.append(message_id)
        if BLIND in form["Message"]:
            self.blind.add(message_id)
        answer.reply(200, "<PublishResponse><PublishResult/></PublishResponse>")


@pytest.mark.parametrize("seed", [0] if DAYS <= 400 else SEEDS)
def test_an_incident_has_one_message_and_its_end_another(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "NAP_S", NAP_S)
    monkeypatch.setattr(aws, "client", cache(aws.client))  # made once, for speed
    log.set_up("CRITICAL", io.StringIO())
    phone = Phone()
    with answering(phone.reply) as url:
        use(monkeypatch, url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", url)
        topic = "arn:aws:sns:us-east-1:123456789012:news"
        world = World(seed, tmp_path, ALERT_TOPIC=topic, ALERT_ON="failures")
        phone.world = world
        with pytest.raises(Over):
            world.live()

    past, _ = history.read(world.store)
    incidents: dict[str, int] = {}  # the moment of the first failure -> attempts
    moment: str | None = None
    for record in past.records:
        if record.outcome in SUCCESS:
            moment = None
            continue
        moment = moment or f"{began(record):%Y-%m-%dT%H%M%SZ}"
        incidents[moment] = incidents.get(moment, 0) + record.attempts
    heard = Counter(phone.heard)
    failed = {name.removeprefix("failed-") for name in heard if name.startswith("failed-")}
    ended = {name.removeprefix("recovered-") for name in heard if name.startswith("recovered-")}
    blind = {name.removeprefix("failed-") for name in phone.blind}
    kills = world.counts["killed in a run"] + world.counts["child killed for memory"]
    # nothing is told but incidents, or what the worker counted while the store was down
    assert failed - blind <= incidents.keys()
    upset = kills + world.counts["clock jumped"]
    assert len(ended - failed) <= world.counts["not told blindly"] + upset
    # of several messages about one thing all but one are repeats behind a kill, by the same id
    assert sum(heard.values()) - len(heard) <= kills
    told = [moment for moment in incidents if moment in failed]
    long = [moment for moment, attempts in incidents.items() if attempts >= ATTEMPTS]
    assert len(set(long) - set(told)) <= kills + 1  # the last one may be under way
    assert len(set(told) - ended) <= kills + 1
    assert len(blind) <= world.counts["store down"]
    assert len(told) > 10
    print(
        f"seed {seed}: {len(incidents)} incidents in {DAYS} days, {len(long)} of them long;",
        f"{sum(heard.values())} messages with {len(heard)} ids, {len(blind)} told blindly;",
        dict(sorted(world.counts.items())),
    )
