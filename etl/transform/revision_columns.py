"""The columns of revisions.csv, part of the register of columns. Pure."""

from etl.extract import levels
from etl.extract.sources import MEASURES
from etl.transform.columns import NAMES, Field

FIGURES = (
    Field("snapshots", "integer", "in how many snapshots the series is", "snapshots"),
    Field(
        "cells_compared",
        "integer",
        "cells (a measure on a day) that a snapshot and the one before it have, summed up",
        "cells",
    ),
    Field("cells_restated", "integer", "those of cells_compared that differed", "cells"),
    *(
        Field(
            f"net_{measure}",
            "integer",
            f"sum of what the restatements changed the count of {measure} by, on the last day of "
            "each pair. Missing where the source lacks the measure",
            measure,
        )
        for measure in MEASURES
    ),
    Field("last_revised", "date", "the last snapshot that restated a cell. Missing: none did"),
    Field("biggest_measure", "string", "the measure of the cell that was restated most"),
    Field("biggest_date", "date", "the day of that cell"),
    Field("biggest_snapshot", "date", "the snapshot that restated it"),
    Field("biggest_before", "integer", "the cell in the snapshot before"),
    Field("biggest_after", "integer", "the cell in that snapshot"),
)
DAYS = [field.name for field in FIGURES if field.type == "date"]


def revision_fields(level: str = "countries") -> tuple[Field, ...]:
    """Return the columns of revisions.csv, in their order."""
    return (*(NAMES[name] for name in levels.names(level)), *FIGURES)
