"""The fuzzer: every reader keeps its promise on a few inputs, and a broken promise is reported."""

from pathlib import Path

import pytest

from dev.fuzz import promise, run, targets
from dev.fuzz.promise import BrokenPromise, Target
from dev.fuzz.targets import TARGETS

FEW = {"facts: workbook": 2, "table: workbook": 2}  # each is read in a process of its own


@pytest.mark.parametrize("name", TARGETS)
def test_every_reader_keeps_its_promise_on_sound_and_damaged_documents(
    name: str, tmp_path: Path
) -> None:
    target = TARGETS[name]
    read = [target.read(target.prepare(sound), tmp_path) for sound in target.corpus]
    assert all(read) or (name == "HTTP headers" and any(read))
    for seed in range(1, FEW.get(name, 60)):
        target.read(run.document(name, seed), tmp_path)


def test_a_seed_gives_the_same_document_again() -> None:
    for seed in (0, 1, 2):
        assert run.document("who", seed) == run.document("who", seed)
    assert len(run.document("who", 0)) >= run.STRETCHED_BYTES
    assert len({run.document("who", seed) for seed in range(1, 50)}) > 40


def test_a_broken_promise_and_a_slow_reader_are_reported_with_their_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(data: bytes, folder: Path) -> bool:
        if len(data) < run.STRETCHED_BYTES:
            raise KeyError("odd")
        return True

    monkeypatch.setitem(targets.TARGETS, "who", Target([b"abc"], read))
    monkeypatch.setattr(run, "SLOWEST_S_PER_MB", -1.0)
    seeds = iter([0, 7])
    clock = iter([0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 9.9])
    monkeypatch.setattr(run, "cpu_s", lambda: next(clock))
    tally = run.fuzz("who", seeds, 1.0, tmp_path)
    assert (tally.inputs, tally.read) == (2, 1)
    assert tally.broken == [
        "who, seed 0: 0 s of CPU time per MB",
        "who, seed 7: KeyError: 'odd'",
    ]


def test_a_message_with_control_characters_is_a_broken_promise() -> None:
    with pytest.raises(BrokenPromise, match="control characters"):
        promise.refused(ValueError("\x1b[31m"))
