"""What the platform, pip and git read of this project, held to the code."""

import ast
import json
import re
import sys
import tomllib
from pathlib import Path

import pytest

from config import REGISTER, read_settings
from etl import PROJECT
from etl.extract.sources import SOURCES

PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z0-9,_-]+\])?==(\S+)", re.MULTILINE)
PACKAGE_OF = {
    "dotenv": "python-dotenv",
    "python_calamine": "python-calamine",
    "PIL": "pillow",
    "yaml": "pyyaml",
}
# What another package brings along as a part of what it hands out; the last is its types.
COMES_WITH = {"numpy": "pandas", "urllib3": "requests"}
COMES_WITH |= {"botocore": "boto3", "cryptography": "moto", "markupsafe": "jinja2"}
SERVICES = ("comprehend", "rekognition", "s3", "sns", "translate")
COMES_WITH |= {f"mypy_boto3_{service}": "boto3" for service in SERVICES}
# by the requirements file that has them
OPTIONAL = {"scale": {"dask": "dask", "distributed": "distributed"}}


def text(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def wanted(name: str) -> set[str]:
    """The packages a requirements/base.in asks for."""
    lines = (line.partition("#")[0].strip() for line in text(name).splitlines())
    return {re.split(r"[\[=<>~! ]", line)[0] for line in lines if line and not line.startswith("-")}


def pins(name: str) -> dict[str, str]:
    return dict(PINNED.findall(text(name)))


def imported(path: Path) -> set[str]:
    """The top-level names of every module that a file imports, wherever it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def third_party(*folders: str) -> set[str]:
    """The packages that the modules in these folders import."""
    own = {path.stem for path in PROJECT.glob("*.py")} | {
        "etl",
        "samples",
        "dev",
        "tests",
    }
    paths = [path for folder in folders for path in PROJECT.glob(folder)]
    names = set().union(*map(imported, paths)) - own - sys.stdlib_module_names
    return {COMES_WITH.get(name, PACKAGE_OF.get(name, name)) for name in names}


def optional() -> set[str]:
    """What is imported only where it is there."""
    return {name for packages in OPTIONAL.values() for name in packages}


def test_the_platform_starts_the_worker_as_the_readme_says() -> None:
    assert text("Procfile") == "worker: python app.py\n"


def test_the_platform_gets_the_python_that_measured_best() -> None:
    assert text("runtime.txt") == "python-3.11\n"
    assert "`runtime.txt` names Python 3.11." in text("docs/deploy.md")


def test_app_json_starts_one_worker() -> None:
    content = json.loads(text("app.json"))
    assert content["formation"] == {"worker": {"quantity": 1, "size": "eco"}}
    for name in ("name", "description", "keywords"):
        assert content[name]


def test_app_json_asks_for_settings_that_exist_with_values_that_are_valid() -> None:
    known = {setting.variable: setting for setting in REGISTER}
    aws = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}
    asked = json.loads(text("app.json"))["env"]
    assert {"S3_BUCKET", *aws} <= set(asked)
    for variable, about in asked.items():
        assert variable in known or variable in aws
        assert about["description"]
        assert set(about) <= {"description", "value", "required"}
        if variable in known and "value" in about:
            read_settings({variable: about["value"]})
        if variable in known and known[variable].default:
            assert about["value"] == known[variable].default


@pytest.mark.parametrize("name", ["requirements.txt", "requirements/dev.txt"])
def test_every_package_is_pinned_by_version_and_hash_and_comes_from_no_named_index(
    name: str,
) -> None:
    content = text(name)
    assert pins(name)
    blocks = re.split(r"\n(?=\S)", content.strip())
    for block in blocks:
        if not block.startswith("#"):
            assert PINNED.match(block), block[:80]
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]
    assert "://" not in content
    assert not re.search(r"^\s*(-i|-f|-e|--index|--extra-index|--find|--trusted)", content, re.M)


def test_what_is_asked_for_is_pinned() -> None:
    assert wanted("requirements/base.in") <= set(pins("requirements.txt"))
    assert wanted("requirements/dev.in") <= set(pins("requirements/dev.txt"))


def test_the_tests_run_with_the_versions_that_are_deployed() -> None:
    deployed, tested = pins("requirements.txt"), pins("requirements/dev.txt")
    for package in set(deployed) & set(tested):
        assert deployed[package] == tested[package], package


def test_every_package_the_worker_imports_is_asked_for_and_no_other() -> None:
    imports = third_party("*.py", "etl/**/*.py")
    for name, packages in OPTIONAL.items():
        assert wanted(f"requirements/{name}.in") == set(packages.values())
    # tzdata is what zoneinfo looks for by itself
    assert wanted("requirements/base.in") == imports - optional() | {"tzdata"}


def test_every_package_the_tests_and_scripts_import_is_asked_for() -> None:
    asked = wanted("requirements/base.in") | wanted("requirements/dev.in")
    imports = third_party("tests/**/*.py", "samples/*.py", "dev/*/*.py")
    assert imports - optional() <= asked


@pytest.mark.parametrize("name", ["uv.lock", "Pipfile", "Pipfile.lock", "poetry.lock"])
def test_no_second_lock_file_stops_the_build(name: str) -> None:
    assert not (PROJECT / name).exists()


def test_git_ignores_the_virtual_environment_and_the_credentials() -> None:
    ignored = text(".gitignore").splitlines()
    assert {".venv", ".env"} <= set(ignored)
    assert ".env.example" not in ignored


def test_the_makefile_and_ci_know_the_commands_the_readme_names() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    assert {"demo", "run", "test", "check", "lock"} <= targets
    assert set(re.findall(r"^make ([a-z]+)", text("README.md"), re.MULTILINE)) <= targets
    assert set(re.findall(r"make ([a-z]+)", text(".ci/run"))) <= targets


def test_the_references_table_of_settings_is_the_register() -> None:
    told = text("docs/reference.md")
    for setting in REGISTER:
        default = f"`{setting.default}`" if setting.default else "none"
        assert f"| `{setting.variable}` | {default} | {setting.meaning} |" in told


def test_the_reference_lists_every_source_and_its_licence() -> None:
    told = text("docs/reference.md")
    for source in SOURCES.values():
        if source.level == "countries":
            row = rf"^\| `{source.name}` \|.*\| {re.escape(source.licence)} \|$"
            assert re.search(row, told, re.MULTILINE), source.name


def test_the_reference_explains_every_event_of_the_log() -> None:
    told = text("docs/reference.md")
    code = [PROJECT / "app.py", *(PROJECT / "etl").rglob("*.py")]
    events = {
        event
        for path in code
        for event in re.findall(r'log\.\w+\(\s*"([a-z]+\.[a-z_]+)"', path.read_text("utf-8"))
    }
    assert len(events) > 12
    assert [event for event in sorted(events) if f"`{event}`" not in told] == []


def test_the_reference_names_every_command() -> None:
    from etl.cli.main import cli

    told = text("docs/reference.md")
    shown = [name for name, command in cli.commands.items() if not command.hidden]
    assert [name for name in shown if f"`python app.py {name}`" not in told] == []


def test_the_makefile_the_container_and_heroku_name_pythons_that_are_supported() -> None:
    [supported] = re.findall(r"^SUPPORTED := (.*)$", text("Makefile"), re.MULTILINE)
    assert supported.split() == ["3.14", "3.13", "3.12", "3.11"]
    oldest = tomllib.loads(text("pyproject.toml"))["project"]["requires-python"]
    assert oldest == f">={supported.split()[-1]}"
    assert text("runtime.txt").strip().removeprefix("python-") in supported.split()
    if (PROJECT / ".python-version").exists():
        assert text(".python-version").strip() == text("runtime.txt").strip().removeprefix(
            "python-"
        )


def test_the_readme_is_one_page_whose_links_lead_somewhere() -> None:
    readme = text("README.md")
    assert len(readme.splitlines()) < 150
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme)
    assert len(linked) > 10
    assert [name for name in linked if not (PROJECT / name).exists()] == []
