"""What docs/deploy.md and the files beside it promise, held to the code."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config import REGISTER
from etl import PROJECT
from etl.cli.main import cli
from etl.store.s3.setup import BucketState, BucketWish, plan
from etl.store.s3.setup.policy import public_statement
from etl.store.s3.setup.read import SETTINGS, WEBSITE
from tests.support.processes import environment

DOCS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
DEFAULTS = {setting.variable: setting.default for setting in REGISTER}
DEPLOY = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.name))
def test_every_command_that_is_shown_exists_with_its_options(path: Path) -> None:
    shown = re.findall(r"python app\.py ([a-z][a-z-]*)((?: --[a-z-]+)*)", path.read_text("utf-8"))
    for name, options in shown:
        command = cli.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        assert set(options.split()) <= known, f"{path.name}: {name}{options}"


def test_every_permission_that_setup_takes_is_named() -> None:
    wish = BucketWish("news", "covid", public=True, website=True)
    writes = {change.action for change in plan.plan_changes(BucketState(False, "us-east-1"), wish)}
    reads = {action for _, action, _ in [*SETTINGS.values(), WEBSITE]}
    assert len(writes) == 8
    assert [action for action in sorted(writes | reads) if f"`{action}`" not in DEPLOY] == []


def test_cloudfront_is_shown_what_the_public_may_read_and_no_more() -> None:
    [statement] = re.findall(r"```json\n(.*?)```", DEPLOY, re.DOTALL)
    expected = public_statement(BucketWish("my-news", "covid"))["Resource"]
    assert json.loads(statement)["Resource"] == expected


def test_what_the_container_copies_is_all_that_the_worker_needs(tmp_path: Path) -> None:
    lines = (PROJECT / "deploy/Containerfile").read_text(encoding="utf-8").splitlines()
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    code, data = tmp_path / "code", tmp_path / "data"
    code.mkdir()
    data.mkdir()
    for line in lines:
        if line.startswith("COPY "):
            for name in line.split()[1:-1]:
                assert f"!{name}" in ignored
                copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
                (code / name).parent.mkdir(exist_ok=True)
                copy(PROJECT / name, code / name)
    done = subprocess.run(
        [sys.executable, str(code / "app.py"), "run"],
        cwd=data,
        env=environment(OUTPUT_DIR="out"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "run.published" in done.stderr, done.stderr
    assert (data / "out" / "manifest.json").is_file()


def test_the_workflow_for_github_sets_what_exists_and_runs_what_parses() -> None:
    workflow = yaml.safe_load((PROJECT / "deploy/github-actions.yml").read_text(encoding="utf-8"))
    [job] = workflow["jobs"].values()
    known = {setting.variable for setting in REGISTER}
    assert {name for name in job["env"] if not name.startswith("AWS_")} <= known
    ran = [step["run"] for step in job["steps"] if "run" in step]
    assert ran[-1] == "python app.py run --if-due"
    assert job["timeout-minutes"] > float(DEFAULTS["RUN_TIMEOUT_MINUTES"])


def test_cron_starts_the_run_that_is_due_every_hour() -> None:
    *_, line = (PROJECT / "deploy/crontab").read_text(encoding="utf-8").splitlines()
    assert line.split()[1:5] == ["*"] * 4
    assert " app.py run --if-due " in line


def test_heroku_requires_only_what_has_no_default() -> None:
    settings = json.loads((PROJECT / "app.json").read_text(encoding="utf-8"))["env"]
    required = {name for name, setting in settings.items() if setting.get("required", True)}
    assert required == {"S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all("value" in setting for name, setting in settings.items() if name not in required)
