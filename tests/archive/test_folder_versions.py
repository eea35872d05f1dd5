"""The moment in a file's name."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from etl.archive.folder_versions import moment_in_name

NOON = time(12, tzinfo=UTC)


@given(st.integers(0, 10 * 365 * 86_400), st.sampled_from("-_ T"))
def test_a_moment_in_a_name_is_read_however_it_is_written(seconds: int, between: str) -> None:
    moment = datetime(2019, 12, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    def at(day: date) -> datetime:
        return datetime.combine(day, NOON)

    for form in ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d"):
        day = f"{moment:{form}}"
        assert moment_in_name(f"stats-{day}.json", at) == at(moment.date())
        assert moment_in_name(f"{day}{between}{moment:%H%M%S}Z.json.gz", at) == moment
        assert moment_in_name(f"2019-13-40/{day}/stats.json", at) == at(moment.date())
    assert moment_in_name(f"{moment:%Y%m%d}99.json", at) is None
    assert moment_in_name("stats.json", at) is None
