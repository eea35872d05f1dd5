"""The plan of the code: one order of rooms, and every import points to the left in it."""

import ast
import sys
from collections.abc import Iterator
from functools import cache

import pytest

from dev.tools.rooms import MODULES, against_the_order, room
from tests.support.processes import modules_after

# who alone may know a package from elsewhere
KNOWN_TO = {
    "boto3": ("etl.store.s3.", "etl.alerts.aws"),
    "botocore": ("etl.store.s3.", "etl.alerts.aws"),
    "dask": ("etl.archive.cluster",),
    "distributed": ("etl.archive.cluster", "etl.archive.on_dask", "etl.archive.workers"),
    "bokeh": ("etl.report.monthly.charts",),
    "click": ("etl.cli.",),
    "rich": ("etl.cli.",),
}
WORLD = {"boto3", "botocore", "requests", "os", "logging"}  # what pure code must not touch


def imports_in(nodes: list[ast.stmt], lazily: bool) -> Iterator[str]:
    """Yield the dotted names that running the code imports; inside functions too, if `lazily`."""
    for node in nodes:
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                assert node.level == 0, "imports are absolute here"
                assert node.module is not None
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.If() if ast.unparse(node.test) == "TYPE_CHECKING":
                yield from imports_in(node.orelse, lazily)
            case ast.If() if ast.unparse(node.test) == "__name__ == '__main__'" and not lazily:
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not lazily:
                pass
            case _:
                inside = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.stmt)]
                for handler in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
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


def ours(module: str) -> set[str]:
    """The project's modules that importing a module imports, itself included."""
    found, waiting = set[str](), [module]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            for known in [name, *imports(name, lazily=False)]:
                waiting += packages(known)
    return found


def theirs(module: str, lazily: bool) -> set[str]:
    """The first names of what is imported from elsewhere."""
    return {name.split(".")[0] for name in imports(module, lazily)} - {"etl", "config", "app"}


def brought_by(module: str) -> dict[str, set[str]]:
    """What importing a module imports from elsewhere, by the module of ours that does."""
    return {name: theirs(name, lazily=False) for name in ours(module)}


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
        "if __name__ == '__main__':\n    import lazy3\n"
        "match x:\n    case 1:\n        import n\n"
    )
    eager = {"a", "b.c", "d", "d.e", *"fghijklmn"}
    lazy = {"lazy1", "lazy2", "lazy3"}
    assert set(imports_in(tree.body, lazily=False)) == eager
    assert set(imports_in(tree.body, lazily=True)) == eager | lazy


def test_every_import_points_to_the_left() -> None:
    assert against_the_order() == set()


def test_what_is_imported_for_the_type_checker_alone_is_not_ours() -> None:
    for name, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                found = set(imports_in(node.body, lazily=True))
                assert not {one for one in found if one.startswith(("etl", "config"))}, name


@pytest.mark.parametrize("package", KNOWN_TO)
def test_a_package_is_known_to_its_rooms_alone(package: str) -> None:
    knowing = {name for name in MODULES if package in theirs(name, lazily=True)}
    assert knowing
    assert all(name.startswith(KNOWN_TO[package]) for name in knowing), knowing


def test_the_transformation_is_pure() -> None:
    for name in MODULES:
        if room(name) == "transform":
            assert not theirs(name, lazily=True) & WORLD, name


def test_the_idle_worker_imports_the_standard_library_alone() -> None:
    allowed = sys.stdlib_module_names | {"dotenv"}
    for name, imported in brought_by("app").items():
        assert imported <= allowed, f"app brings {imported - allowed} through {name}"


def test_the_idle_worker_holds_nothing_heavy_once_its_settings_are_read() -> None:
    modules = modules_after("import app; app.load_settings(); app.doubts.warn({})")
    assert "_hashlib" not in modules  # it loads OpenSSL, 3.5 MB
    assert not modules & {"logging", "traceback", "zoneinfo"}  # 1.3 MB
    held = {name.split(".")[0] for name in modules} - sys.stdlib_module_names
    heavy = {"boto3", "botocore", "requests", "pandas", "numpy", "pyarrow", "msgspec", "click"}
    assert not held & (heavy | {"rich", "python_calamine", "dotenv"})


def test_the_help_brings_click_and_no_room_that_works() -> None:
    allowed = sys.stdlib_module_names | {"click", "dotenv"}
    of_commands = [name for name in MODULES if name.startswith("etl.cli.commands.")]
    for module in ["etl.cli.main", *of_commands]:
        for name, imported in brought_by(module).items():
            assert imported <= allowed, f"{module} brings {imported - allowed} through {name}"


def test_a_command_loads_no_other_command() -> None:
    modules = modules_after("from etl.cli.main import main; main(['ls', '--help'])")
    start = "etl.cli.commands."
    assert {name for name in modules if name.startswith(start)} == {f"{start}files"}


def test_a_run_brings_pandas_only_once_there_is_something_to_do() -> None:
    heavy = {"pandas", "numpy", "pyarrow", "jinja2", "dask", "distributed", "bokeh"}
    for name, imported in brought_by("etl.pipeline").items():
        assert not imported & heavy, f"etl.pipeline brings it by {name}"


def test_a_report_alone_brings_its_templates() -> None:
    for module in ("etl.cli.screen", "etl.load.version", "etl.upkeep.monthly"):
        for name, imported in brought_by(module).items():
            assert not imported & {"bokeh", "jinja2"}, f"{module} brings it through {name}"
