"""Signed links and forms, by which people without credentials can read or write objects."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True)
class Link:
    """A URL by which anybody can read one object until `expires_at`."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Post:
    """The fields of a form by which anybody can write objects below one folder."""

    url: str
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Temporary:
    """Credentials that expire, and every link with them, at `until`; None: not known when."""

    until: datetime | None


class Signer(Protocol):
    """A signer with the store's present credentials. Every method raises StoreError."""

    temporary: Temporary | None  # None: the credentials do not expire

    def link(self, key: str, lasts: timedelta) -> Link:
        """Sign a link to an object. Nothing is sent, so the object may not exist."""

    def post(self, folder: str, media_type: str, most_bytes: int, lasts: timedelta) -> Post:
        """Sign a form that can write into `folder` only.

        `media_type` may be a prefix that ends with a slash, such as image/.
        """

    def address(self, key: str) -> str:
        """Return an object's URL without a signature, for objects that everybody can read."""
