import hashlib
import re
import subprocess
import sys
from pathlib import Path

from etl import PROJECT
from etl.extract.sources import SAMPLES
from etl.load.fingerprint import CODE
from etl.store.memory import MemoryStore
from tests.support.pages import page_of
from tests.support.runs import (
    assert_settled,
    contents,
    growing,
    published_store,
    run,
)


def test_the_page_needs_only_scripts_of_its_own_named_by_what_they_hold(
    sample: MemoryStore,
) -> None:
    objects = contents(sample)
    manifest = assert_settled(objects)
    scripts = [s.attributes["src"] for s in page_of(sample).all("script") if "src" in s.attributes]
    assets = [file["name"] for file in manifest["files"] if file["name"].startswith("assets/")]
    [alone] = set(assets) - set(scripts)  # of chart.html
    assert alone.startswith("assets/alone-")
    assert sorted([*scripts, alone]) == sorted(assets)
    assert len(scripts) == 4
    for name in scripts:
        digest = hashlib.sha256(objects[name]).hexdigest()[:12]
        assert re.fullmatch(rf"assets/[a-z]+-{digest}\.js", name)
    html = objects["index.html"].decode()
    loaded = re.sub(r"<a [^>]*>", "", html)  # links lead elsewhere, but load nothing
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", loaded)
    assert not re.search(r"@import|url\(", html)


def test_a_run_to_a_folder_imports_neither_bokeh_nor_boto3(tmp_path: Path) -> None:
    (tmp_path / "stats.json").write_bytes(growing(20))
    program = (
        "import sys; from etl.cli.main import main; status = main(['run']);"
        "heavy = {'bokeh', 'tornado', 'PIL', 'boto3', 'botocore'} & set(sys.modules);"
        "print(status, 'jinja2' in sys.modules, *heavy)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={"SOURCE_URL": "stats.json", "COUNTRIES_URL": "", "PYTHONPATH": str(SAMPLES.parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout == "0 True\n"


def test_every_file_that_shapes_the_page_counts_as_code() -> None:
    rooms = PROJECT / "etl"
    held = {path.suffix for path in rooms.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert held == set(CODE)


def test_assets_that_no_page_names_any_more_go_and_those_that_stay_may_be_kept_for_ever(
    tmp_path: Path,
) -> None:
    store, source = published_store(tmp_path)
    before = {key for key in contents(store) if key.startswith("assets/")}
    source.write_bytes(growing(21))
    run(store, source)
    objects = contents(store)
    assert_settled(objects)
    gone = before - objects.keys()
    assert [re.sub("-.*", "", name) for name in gone] == ["assets/series"]
