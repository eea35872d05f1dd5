"""What can go wrong, drawn once.

EtlError                     one clear line for a person, exit status 1
├── ConfigError              settings are wrong (exit status 2); every fault is named at once
├── SourceUnavailable        the source can't be reached or broke off: worth another try
├── SourceChanged            the source answered, but not with what it used to send
├── DataRejected             read well, but not fit to be published; lists every reason
├── StoreError               the bucket or folder refused or failed; names it and the next step
│   └── StateConflict        somebody else wrote in between (HTTP 412 or 409)
└── AlertError               somebody could not be told, or a subscription not be made
"""

from collections.abc import Sequence

SHOWN = 20


class EtlError(Exception):
    """The root: what it says is meant for the person who runs the worker."""


class _ManyFaults(EtlError):
    """Several faults found before anything was written; all are kept, the message shows twenty."""

    def __init__(self, faults: Sequence[str] | str) -> None:
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        shown = self.faults[:SHOWN]
        if len(self.faults) > SHOWN:
            shown.append(f"and {len(self.faults) - SHOWN} more")
        super().__init__("; ".join(shown))


class ConfigError(_ManyFaults):
    """Settings that can't be used."""


class SourceUnavailable(EtlError):
    """Unreachable, too slow, or broken off in the middle; another try may succeed."""


class SourceChanged(_ManyFaults):
    """Not the format that is known: another try would give the same."""


class DataRejected(_ManyFaults):
    """Checks that failed; `run --force` publishes all the same."""


class StoreError(EtlError):
    """The store refused or failed."""


class StateConflict(StoreError):
    """A conditional write lost: the object is not the one that was read."""


class AlertError(EtlError):
    """SNS, Translate or Comprehend refused or failed; no run fails by it."""
