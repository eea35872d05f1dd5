from dev.tools import rooms


def test_rooms_of_a_cycle_are_found_and_share_a_level() -> None:
    graph = {"app": {"b"}, "a": {"b"}, "b": {"a", "c"}, "c": set[str]()}
    assert rooms.cycles(graph) == {frozenset({"a", "b"})}
    assert [rooms.level(graph, name) for name in ("c", "a", "b", "app")] == [1, 2, 2, 3]


def test_an_import_within_a_function_or_for_types_counts() -> None:
    assert "etl.report.page.page" in rooms.imported("etl.report.page.add")
    assert rooms.room("etl.store.s3.upload") == "store"
    assert {name for name in rooms.MODULES if not rooms.room(name)} == {"etl"}


def test_every_room_has_its_place_in_the_order() -> None:
    assert {rooms.room(name) for name in rooms.MODULES} - {""} == set(rooms.ORDER)


def test_the_figures_keep_to_the_order_and_the_limits() -> None:
    shown = rooms.figures()
    assert shown["names in etl/"] == 16
    assert shown["imports against the order"] == shown["cycles between rooms"] == 0
    assert shown["functions over 40 lines"] == shown["functions with more than 6 parameters"] == 0
    assert shown["class names used twice"] == 0
