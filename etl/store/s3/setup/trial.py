"""Try out whether a bucket works: write, read, delete, and the probe of conditions."""

import secrets
from dataclasses import dataclass

from etl.errors import StoreError
from etl.store import Upload
from etl.store.layout import TRIAL
from etl.store.s3.errors import status
from etl.store.s3.probe import Verdicts
from etl.store.s3.store import S3Store

BODY = b"a test by: python app.py setup\n"
CONDITIONS = "conditional writes no longer work after it: {lacks}"
UPLOADS = "the bucket no longer works after it: {fault}"


@dataclass(frozen=True)
class Health:
    """What works in a bucket; `fault` is the first thing that does not, `denied` if by a 403.

    `passed` counts the steps of the trial before the fault.
    """

    fault: str = ""
    passed: int = 0
    denied: bool = False
    verdicts: Verdicts | None = None

    def worse_than(self, before: "Health") -> str:
        """Say what worked before and does not any more; empty if nothing."""
        if before.fault and (not self.fault or self.passed >= before.passed):
            return ""  # what failed already can't be compared
        if self.fault:
            return UPLOADS.format(fault=self.fault)
        if before.verdicts and before.verdicts.kept and self.verdicts:
            lacks = self.verdicts.lacks()
            return CONDITIONS.format(lacks=lacks) if lacks else ""
        return ""


def try_out(store: S3Store) -> Health:
    """Write, read and delete a test object below the folder, and probe conditions on another."""
    key = f"{TRIAL}{secrets.token_hex(8)}"
    passed = 0
    try:
        store.write(Upload(key, BODY))
        passed = 1
        found = store.read(key)
        if found is None or found.body != BODY:
            return Health(f"{store.address}/{key} is not what was just written", passed)
        passed = 2
        store.delete(key)
        passed = 3
        return Health(verdicts=store.conditions.probe())
    except StoreError as exc:
        return Health(str(exc), passed, denied=status(exc) == 403)
