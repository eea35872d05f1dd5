"""The columns of TABLES and TRANSFORM while the files are written: their count, and their notes."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from msgspec.structs import replace

from etl.errors import DataRejected
from etl.history.own_note import ColumnNote, OwnNote, StepNote, TableNote
from etl.settings import alert_rules
from etl.settings.alert_rules import AlertRule
from etl.transform.columns import Field


@dataclass
class OwnColumns:
    """What is joined (own_columns.Joined) and run (own_step.StepRun), and how much is missing.

    Empty where neither TABLES nor TRANSFORM is set. It counts while groups are written.
    """

    tables: Sequence[Any] = ()
    step: Any = None
    rows: int = 0
    missing: dict[str, int] = field(default_factory=dict)

    @property
    def dropped(self) -> Collection[str]:
        return self.step.dropped if self.step else ()

    def groups(self, tidy: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Add the columns to the tidy tables of whole series. Raises StepFailed, DataRejected."""
        if self.tables:
            from etl.transform.own_columns import join

            tidy = (join(group, self.tables) for group in tidy)
        if self.step is None:
            yield from tidy
            return
        left = False
        for group in self.step.groups(tidy):
            left = True
            yield group
        if not left:
            raise DataRejected(f"{self.step.own.name} dropped every row of the table")

    def without_dropped(self, table: pd.DataFrame) -> pd.DataFrame:
        dropped = [name for name in self.dropped if name in table]
        return table.drop(columns=dropped) if dropped else table

    def count(self, group: pd.DataFrame) -> None:
        """Count the rows, and the cells without a value in the columns that readers get."""
        self.rows += len(group)
        for one in self.declared():
            missing = int(group[one.name].isna().sum()) if one.name in group else 0
            self.missing[one.name] = self.missing.get(one.name, 0) + missing

    def fields(self) -> list[Field]:
        """Return the columns, with the share of missing values in their meaning."""
        return [
            replace(
                one, meaning=f"{one.meaning}; missing in {self._share(one.name):.1%} of the rows"
            )
            for one in self.declared()
        ]

    def note(self) -> OwnNote:
        """Return the manifest's entry."""
        step = self.step and StepNote(
            name=self.step.own.name,
            sha256=self.step.own.sha256,
            rows_dropped=self.step.rows_dropped,
            columns_dropped=list(self.step.dropped),
            columns_added=list(self.step.added or {}),
        )
        columns = [
            ColumnNote(one.name, one.type, one.unit, one.meaning, round(self._share(one.name), 4))
            for one in self.declared()
        ]
        return OwnNote(step=step, columns=columns)

    def warnings(self, rules: Sequence[AlertRule]) -> list[str]:
        """Return the step's warnings, and one if rules of ALERT_RULES name no figure."""
        warnings = self.step.all_warnings() if self.step else []
        own = [one.name for one in self.declared() if one.type in ("integer", "number")]
        if (self.tables or self.step) and (unknown := alert_rules.unknown(rules, own)):
            known = ", ".join([*alert_rules.MEASURES, *own])
            warnings.append(
                f"ALERT_RULES: no figure is called {', '.join(unknown)}; there are {known}"
            )
        return warnings

    def declared(self) -> list[Field]:
        """Return the columns as they are declared; those of the step once it has run."""
        joined = [one for table in self.tables for one in table.fields]
        added = self.step.fields if self.step else []
        return [one for one in (*joined, *added) if one.name not in self.dropped]

    def _share(self, name: str) -> float:
        return self.missing.get(name, 0) / max(self.rows, 1)


def table_notes(tables: Sequence[Any], digests: Sequence[str]) -> list[TableNote]:
    """Return the manifest's entries of the joined tables, whose files have these digests."""
    return [
        TableNote(
            name=one.table.name,
            rows=one.table.rows,
            matched=one.matched,
            unmatched=one.table.unmatched,
            left_out=one.left_out,
            columns=list(one.columns),
            sha256=sha256,
        )
        for one, sha256 in zip(tables, digests, strict=True)
    ]
