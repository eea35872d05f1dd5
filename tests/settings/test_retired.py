"""Settings of earlier versions: nobody is stopped by one that is still set."""

from pathlib import Path

import msgspec
import pytest

from config import read_settings
from etl.alerts.state import read_state, update_state
from etl.settings import retired
from etl.store import Upload
from etl.store.memory import MemoryStore
from tests.support.processes import command

SET = {
    "SENTRY_DSN": "https://CANARY@example.org/1",
    "HEROKU_RELEASE_VERSION": "v42",
    "ALERT_ON": "stale,Releases",
}
WARNING = (
    "settings.ignored level=warning "
    'settings="SENTRY_DSN,HEROKU_RELEASE_VERSION,releases in ALERT_ON" '
    'reason="they no longer exist and may be removed"'
)
OLD_MEMORY = b"""{
    "judged": "2026-01-01T060000Z-0a1b", "release": "v42", "format": 1,
    "waiting": [
        {"alert": {"id": "release-v42", "event": "release", "at": "2026-01-01T06:00:00Z",
                   "values": {"release": "v42", "before": "v41"}}, "languages": ["en"]},
        {"alert": {"id": "stale-2026-01-01", "event": "stale", "at": "2026-01-01T06:00:00Z"},
         "languages": ["en"], "tries": 1, "error": "throttled"}
    ],
    "sent": [{"id": "release-v41", "at": "2025-12-31T06:00:00Z", "outcome": "sent"}]
}"""


def test_they_change_no_setting() -> None:
    assert read_settings(SET) == read_settings({"ALERT_ON": "stale"})
    assert read_settings({"SENTRY_DSN": "not a URL"}) == read_settings({})


def test_who_was_told_of_releases_alone_is_told_of_nothing_else() -> None:
    assert read_settings({"ALERT_ON": "releases"}).alerts.kinds == ()


@pytest.mark.parametrize("empty", ["", "  "])
def test_what_is_empty_or_still_exists_is_not_warned_of(empty: str) -> None:
    assert retired.still_set({}) == []
    assert retired.still_set({**dict.fromkeys(SET, empty), "PING_URL": "https://a.org"}) == []
    assert retired.still_set({"ALERT_ON": "failures,inbox"}) == []


def test_a_command_warns_once_and_shows_no_value(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, **SET)
    assert ended.returncode == 0
    assert [line for line in ended.stderr.splitlines() if "settings." in line] == [WARNING]
    assert "CANARY" not in ended.stderr + ended.stdout


def test_what_stands_in_dotenv_is_warned_of_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SENTRY_DSN=https://CANARY@example.org/1\n")
    ended = command("history", cwd=tmp_path)
    assert ended.returncode == 0
    (line,) = ended.stderr.splitlines()
    assert line.startswith("settings.ignored level=warning settings=SENTRY_DSN reason=")


def test_memory_of_an_earlier_version_is_read_without_what_no_longer_exists() -> None:
    store = MemoryStore()
    store.write(Upload("alerts.json", OLD_MEMORY))
    state, _ = read_state(store)
    assert state.judged == "2026-01-01T060000Z-0a1b"
    assert [waiting.alert.id for waiting in state.waiting] == ["stale-2026-01-01"]
    assert [sent.id for sent in state.sent] == ["release-v41"]
    update_state(
        store, lambda known: msgspec.structs.replace(known, judged="2026-01-02T060000Z-0a1b")
    )
    stored = store.read("alerts.json")
    assert stored
    assert b'"v42"' not in stored.body


@pytest.mark.parametrize("broken", [b"[]", b"3", b'{"waiting": [3]}', b'{"waiting": 3}', b"{"])
def test_memory_of_another_shape_is_begun_anew(broken: bytes) -> None:
    store = MemoryStore()
    store.write(Upload("alerts.json", broken))
    assert read_state(store)[0].waiting == []
