"""What was published, read by a client that nobody here wrote: rclone, Debian's package."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from etl.store.s3.store import S3Store
from tests.support.desk import Desk
from tests.support.runs import assert_settled, contents
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY


@pytest.fixture(scope="session")
def rclone() -> str:
    path = shutil.which("rclone")
    if path is None:
        missing = "no rclone is here; dev/tools/install-rclone installs it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(f"SKIPPED: {missing}")
    return path


class Remote:
    """rclone, with the desk's folder as `s3:bucket/folder`."""

    def __init__(self, rclone: str, desk: Desk) -> None:
        assert isinstance(desk.store, S3Store)
        self._rclone = rclone
        self.folder = f"s3:{desk.store.bucket}/{desk.store.folder}"
        self._environ = {
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "RCLONE_CONFIG": os.devnull,
            "RCLONE_CONFIG_S3_TYPE": "s3",
            "RCLONE_CONFIG_S3_PROVIDER": "Other",
            "RCLONE_CONFIG_S3_ENDPOINT": desk.store.client.meta.endpoint_url,
            "RCLONE_CONFIG_S3_REGION": "us-east-1",
            "RCLONE_CONFIG_S3_ACCESS_KEY_ID": ACCESS_KEY,
            "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": SECRET_KEY,
        }

    def __call__(self, *arguments: str) -> bytes:
        ended = subprocess.run(
            [self._rclone, *arguments], env=self._environ, capture_output=True, timeout=120
        )
        assert ended.returncode == 0, ended.stderr.decode()
        return ended.stdout


@pytest.fixture
def remote(rclone: str, s3_desk: Desk) -> Remote:
    return Remote(rclone, s3_desk)


def test_it_lists_and_fetches_what_was_published(
    remote: Remote, s3_desk: Desk, tmp_path: Path
) -> None:
    s3_desk.publish(20)
    listed: list[dict[str, Any]] = json.loads(remote("lsjson", "-R", "--files-only", remote.folder))
    ours = s3_desk("ls", "--json").json()
    assert {one["Path"]: one["Size"] for one in listed} == {one["key"]: one["size"] for one in ours}
    remote("copy", remote.folder, str(tmp_path / "fetched"))
    fetched = {
        path.relative_to(tmp_path / "fetched").as_posix(): path.read_bytes()
        for path in (tmp_path / "fetched").rglob("*")
        if path.is_file()
    }
    assert fetched == contents(s3_desk.store)
    assert_settled(fetched)


def test_what_it_puts_is_an_object_like_any_other(
    remote: Remote, s3_desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_bytes(b"noted")
    remote("copyto", str(tmp_path / "notes.txt"), f"{remote.folder}/my/notes.txt")
    assert s3_desk("head", "my/notes.txt", "--json").json()["size"] == 5
    assert s3_desk("get", "my/notes.txt", "back.txt").status == 0
    assert Path("back.txt").read_bytes() == b"noted"
    assert s3_desk("rm", "my/notes.txt", "--yes").status == 0
    assert remote("lsf", "-R", remote.folder) == b""


def test_it_fetches_a_shared_url_without_credentials(
    rclone: str, s3_desk: Desk, tmp_path: Path
) -> None:
    s3_desk.publish(20)
    url = s3_desk("share", "latest.csv").out.strip()
    subprocess.run(
        [rclone, "copyurl", url, str(tmp_path / "shared.csv")],
        env={"PATH": os.environ["PATH"], "RCLONE_CONFIG": os.devnull, "NO_PROXY": "127.0.0.1"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    assert (tmp_path / "shared.csv").read_bytes() == contents(s3_desk.store)["latest.csv"]
