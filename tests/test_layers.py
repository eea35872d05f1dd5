"""The import plan, held by reading the code: who may know of whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from etl import PROJECT

MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [
        PROJECT / "app.py",
        PROJECT / "config.py",
        *sorted((PROJECT / "etl").rglob("*.py")),
    ]
}
PURE_ALERTS = ("alert", "gsm", "incidents", "messages", "rules", "seen", "settings", "thresholds")
PURE_INBOX = ("contents", "errors", "jpeg", "letter", "notice", "png", "rules")
PURE = [
    name
    for name in MODULES
    if name in ("etl.transform", "etl.filters", "etl.checks", "etl.changes", "etl.schedule")
    or name in ("etl.fields", "etl.report.month", "etl.report.monthly", "etl.report.numbers")
    or name in ("etl.report.restated", "etl.standstill", "etl.scale.tallies")
    or name.startswith(("etl.outputs", "etl.bucket"))
    or name in [f"etl.alerts.{noun}" for noun in (*PURE_ALERTS, "translation")]
    or name in [f"etl.inbox.{noun}" for noun in PURE_INBOX]
]
FETCHING = ("etl.report.archive", "etl.report.due", "etl.report.making")  # a month's snapshots
REPORT = [name for name in MODULES if name.startswith("etl.report") and name not in FETCHING]
OUTSIDE = {"boto3", "botocore", "requests", "os", "logging"}  # what a pure room must not touch
S3 = {name for name in MODULES if name.startswith("etl.stores.s3")}


def guards(node: ast.If) -> bool:
    """Whether what is inside is not run on import."""
    test = ast.unparse(node.test)
    return test in ("TYPE_CHECKING", "typing.TYPE_CHECKING", "__name__ == '__main__'")


def imports_in(nodes: list[ast.stmt], lazily: bool) -> Iterator[str]:
    """The dotted names that are imported; inside functions too, if `lazily`."""
    for node in nodes:
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                assert node.level == 0, "imports are absolute here"
                assert node.module is not None
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.If() if guards(node):
                yield from imports_in(node.orelse, lazily)
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not lazily:
                pass
            case _:
                inside = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]
                handlers = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
                for handler in handlers:
                    inside += handler.body
                yield from imports_in(inside, lazily)


@cache
def imports(module: str, lazily: bool) -> frozenset[str]:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    return frozenset(imports_in(tree.body, lazily))


def packages(name: str) -> Iterator[str]:
    """a, a.b and a.b.c of a.b.c: importing the last imports them all."""
    parts = name.split(".")
    yield from (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def ours(module: str, lazily: bool) -> set[str]:
    """The project's modules that a module imports, itself or through others; itself included."""
    found, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            waiting += packages(name)
            for imported in imports(name, lazily):
                waiting += packages(imported)
    return found


def theirs(module: str, lazily: bool) -> set[str]:
    """The first names of what is imported from elsewhere."""
    return {name.split(".")[0] for name in imports(module, lazily)} - {"etl", "config", "app"}


def from_outside(module: str, lazily: bool) -> dict[str, set[str]]:
    """What reaches a module from elsewhere, by the module of ours that brings it."""
    return {name: theirs(name, lazily) for name in ours(module, lazily)}


def test_this_test_sees_every_way_of_importing() -> None:
    tree = ast.parse(
        "import a, b.c\n"
        "from d import e\n"
        "try:\n    import f\nexcept ImportError:\n    import g\nelse:\n    import h\n"
        "if x:\n    import i\nelse:\n    import j\n"
        "with x:\n    import k\n"
        "class X:\n    import l\n    def f(self): import lazy1\n"
        "def f():\n    if x:\n        import lazy2\n"
        "if TYPE_CHECKING:\n    import types1\nelse:\n    import m\n"
        "if __name__ == '__main__':\n    import main1\n"
        "match x:\n    case 1:\n        import n\n"
    )
    eager = {"a", "b.c", "d", "d.e", *"fghijklmn"}
    assert set(imports_in(tree.body, lazily=False)) == eager
    assert set(imports_in(tree.body, lazily=True)) == eager | {"lazy1", "lazy2"}


def test_the_rooms_are_where_this_test_looks_for_them() -> None:
    assert {"app", "config", "etl", "etl.edition", "etl.outputs.table"} <= set(MODULES)
    assert len(PURE) >= 19
    assert "etl.stores.s3" in S3
    assert "etl.transform" in ours("etl.checks", lazily=True)  # through etl.changes, too
    assert "etl.outputs" in ours("etl.edition", lazily=False)


@pytest.mark.parametrize("module", PURE)
def test_a_pure_room_never_touches_the_world_itself_or_through_others(module: str) -> None:
    for name, imported in from_outside(module, lazily=True).items():
        assert not imported & OUTSIDE, f"{module} reaches {imported & OUTSIDE} through {name}"


def test_the_pure_rooms_know_neither_the_settings_nor_the_edges() -> None:
    edges = {"app", "config", "etl.cli", "etl.log", "etl.extract", "etl.load", "etl.pipeline"}
    edges |= {name for name in MODULES if name.startswith("etl.commands")}
    for module in PURE:
        known = ours(module, lazily=True)
        assert not known & edges
        assert not any(name.startswith("etl.stores") for name in known)


@pytest.mark.parametrize("module", REPORT)
def test_the_page_is_made_of_what_it_is_given(module: str) -> None:
    for name, imported in from_outside(module, lazily=True).items():
        assert not imported & OUTSIDE, f"{module} reaches {imported & OUTSIDE} through {name}"


def test_only_a_page_that_is_made_brings_its_template_and_no_run_brings_bokeh() -> None:
    assert {name for name in MODULES if "bokeh" in theirs(name, lazily=True)} == {
        "etl.report.chart",
        "etl.report.figures",
    }
    assert "etl.report.figures" not in ours("etl.cli", lazily=True)
    assert "etl.report.page" in ours("etl.cli", lazily=True)
    assert "etl.report.chart" not in ours("etl.report.due", lazily=False)  # once a month
    for name, imported in from_outside("etl.edition", lazily=False).items():
        assert "jinja2" not in imported, f"etl.edition brings it through {name}"


def test_the_idle_worker_imports_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"dotenv"}
    for name, imported in from_outside("app", lazily=False).items():
        assert imported <= allowed, f"app brings {imported - allowed} through {name}"


def test_the_idle_worker_holds_nothing_heavy_once_its_settings_are_read(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import app; app.load_settings();"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-c", program, str(PROJECT)],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    held = set(child.stdout.split()) - sys.stdlib_module_names
    heavy = {"boto3", "botocore", "requests", "pandas", "numpy", "pyarrow", "msgspec", "click"}
    assert "dotenv" in held
    assert not held & (heavy | {"rich", "python_calamine"})


def test_a_run_brings_pandas_only_once_there_is_something_to_do() -> None:
    for name, imported in from_outside("etl.pipeline", lazily=False).items():
        assert not imported & {"pandas", "numpy", "pyarrow"}, f"etl.pipeline brings it by {name}"


def test_bokeh_and_the_templates_are_brought_by_a_report_alone() -> None:
    for module in ("etl.cli", "etl.pipeline", "etl.screen", "etl.edition"):
        for name, imported in from_outside(module, lazily=False).items():
            assert not imported & {"bokeh", "jinja2"}, f"{module} brings it through {name}"
    knowing = {name for name in MODULES if "bokeh" in theirs(name, lazily=True)}
    assert knowing <= {"etl.report.chart", "etl.report.figures"}
    assert "etl.report.chart" in knowing


def test_boto3_is_known_to_the_s3_store_to_load_and_to_the_clients_of_the_alerts_alone() -> None:
    knowing = {name for name in MODULES if theirs(name, lazily=True) & {"boto3", "botocore"}}
    assert knowing <= S3 | {"etl.load", "etl.alerts.aws"}
    assert "etl.stores.s3" in knowing


def test_load_brings_botocore_only_when_it_uploads() -> None:
    for name, imported in from_outside("etl.load", lazily=False).items():
        assert not imported & {"boto3", "botocore"}, f"etl.load brings it through {name}"


def test_dask_is_known_to_the_scale_rooms_that_use_it_alone() -> None:
    knowing = {name for name in MODULES if theirs(name, lazily=True) & {"dask", "distributed"}}
    assert knowing == {"etl.scale.cluster", "etl.scale.revisions"}
    for name in MODULES:
        assert not theirs(name, lazily=False) & {"dask", "distributed"}, name


def test_no_daily_run_knows_the_scale_rooms() -> None:
    assert not {name for name in ours("etl.pipeline", lazily=True) if "etl.scale" in name}


def test_the_help_brings_click_and_no_room_that_works() -> None:
    for name, imported in from_outside("etl.cli", lazily=False).items():
        allowed = sys.stdlib_module_names | {"click", "dotenv"}
        assert imported <= allowed, f"etl.cli brings {imported - allowed} through {name}"
