"""Print figures about the code's layout, as a Markdown table: `python -m dev.tools.rooms`.

A room is a module or a package in etl/, or app.py, or config.py. Imports inside functions and for
the type checker count, too.
"""

import ast
from collections import Counter
from statistics import median

from etl import PROJECT

# A room imports only rooms to its left: tests/project/test_layers.py.
ORDER = (
    *("errors", "log", "settings", "worker", "extract", "config", "transform", "store", "history"),
    *("load", "alerts", "report", "inbox", "upkeep", "pipeline", "archive", "cli", "app"),
)
LONGEST = 40  # lines of a function, its signature and docstring included
MOST_PARAMETERS = 6
NOT_COUNTED = {"__init__.py", "__pycache__"}
MODULES = {
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in [PROJECT / "app.py", PROJECT / "config.py", *sorted(PROJECT.glob("etl/**/*.py"))]
}
Function = ast.FunctionDef | ast.AsyncFunctionDef
Graph = dict[str, set[str]]  # room -> the rooms that it imports


def room(module: str) -> str:
    """Return the room of a module: `store` for etl.store.s3.upload; empty for etl itself."""
    return module.removeprefix("etl").lstrip(".").split(".")[0]


def nodes(module: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))))


def imported(module: str) -> set[str]:
    """Return the project's modules that a module imports, inside functions too."""
    names = set[str]()
    for node in nodes(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names & MODULES.keys()


def against_the_order() -> set[str]:
    """Return the imports of a room to the right: `etl.load.version -> inbox`."""
    pairs = ((module, room(name)) for module in MODULES for name in imported(module) if room(name))
    return {
        f"{module} -> {other}"
        for module, other in pairs
        if room(module) and ORDER.index(other) > ORDER.index(room(module))
    }


def room_imports() -> Graph:
    graph: Graph = {room(module): set() for module in MODULES if room(module)}
    for module in MODULES:
        if own := room(module):
            graph[own] |= {room(name) for name in imported(module)} - {own, ""}
    return graph


def reached(graph: Graph, start: str) -> set[str]:
    """Return the rooms that one imports, directly or indirectly."""
    found, waiting = set[str](), [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def cycles(graph: Graph) -> set[frozenset[str]]:
    """Return the groups of rooms that all reach each other."""
    reach = {name: reached(graph, name) for name in graph}
    return {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in graph
        if name in reach[name]
    }


def level(graph: Graph, name: str) -> int:
    """Return one more than the highest level that a room imports; cycles share one level."""
    cycle = {other for other in reached(graph, name) if name in reached(graph, other)} | {name}
    below = set().union(*(graph[other] for other in cycle)) - cycle
    return 1 + max((level(graph, other) for other in below), default=0)


def parameters(function: Function) -> int:
    """Count the parameters, keyword-only ones too, without self and cls."""
    named = function.args
    names = [one.arg for one in (*named.posonlyargs, *named.args, *named.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def figures() -> dict[str, object]:
    graph = room_imports()
    lines = {name: len(path.read_bytes().splitlines()) for name, path in MODULES.items()}
    largest = max(lines, key=lambda name: lines[name])
    walked = [node for module in MODULES for node in nodes(module)]
    functions = [node for node in walked if isinstance(node, Function)]
    long = [f for f in functions if 1 + (f.end_lineno or 0) - f.lineno > LONGEST]
    wide = [f for f in functions if parameters(f) > MOST_PARAMETERS]
    classes = Counter(node.name for node in walked if isinstance(node, ast.ClassDef))
    return {
        "names in etl/": len({path.name for path in (PROJECT / "etl").iterdir()} - NOT_COUNTED),
        "levels of imports between rooms": max(level(graph, name) for name in graph),
        "imports between rooms, counted once per pair": sum(map(len, graph.values())),
        "cycles between rooms": len(cycles(graph)),
        "imports against the order": len(against_the_order()),
        "modules": len(lines),
        "median lines of a module": round(median(lines.values())),
        "largest module": f"{largest}, {lines[largest]} lines",
        f"functions over {LONGEST} lines": len(long),
        f"functions with more than {MOST_PARAMETERS} parameters": len(wide),
        "class names used twice": sum(count > 1 for count in classes.values()),
    }


if __name__ == "__main__":
    rows = "".join(f"\n| {name} | {value} |" for name, value in figures().items())
    print("| figure | value |\n|---|---|" + rows)
