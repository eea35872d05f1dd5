"""List the tools that faults.py compares, and make the small source that each publishes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dev.bench.peers import reading
from tests.support.builders import country, day, stats_json  # faults.py puts tests/ on the path

FIRST_DAY = date(2020, 3, 1)


@dataclass(frozen=True)
class Tool:
    """A tool, and the ways to read what it published: each is a line of the table."""

    name: str
    script: str
    readers: Mapping[str, reading.Reader]
    countries: int = 2
    days: int = 20

    def document(self, nth: int) -> bytes:
        """Return the source of the first day, or of the second, which corrects the last count."""
        made = []
        for n in range(self.countries):
            series = {}
            for i in range(self.days + nth - 1):
                correction = 3 if nth == 2 and i == self.days - 1 else 0
                series[str(FIRST_DAY + timedelta(days=i))] = day(
                    new_cases=1000 + n,
                    cumulative_cases=(1000 + n) * (i + 1) + correction,
                    cumulative_deaths=10 * i,
                    cumulative_recoveries=500 * i,
                )
            made.append(country(f"country-{n:03}", days=series))
        return stats_json(made)


OURS = Tool(
    "this project",
    "",
    {"by its manifest": reading.read_by_manifest, "by stable names": reading.read_stable_names},
)
AWSWRANGLER = Tool("awswrangler, overwrite", "with_awswrangler.py", {"": reading.read_awswrangler})
TOOLS = {
    "ours": OURS,
    "dlt": Tool("dlt, replace", "with_dlt.py", {"": reading.read_dlt}),
    "awswrangler": AWSWRANGLER,
    # from 5 MB on it uploads in parts, which two years of the source's countries reach
    "awswrangler-7mb": Tool(
        f"{AWSWRANGLER.name}, 7 MB", AWSWRANGLER.script, AWSWRANGLER.readers, 200, 600
    ),
    "naive": Tool("pandas, one object", "naive.py", {"": reading.read_naive}),
    "polars": Tool("Polars, one object", "with_polars.py", {"": reading.read_polars}),
}
