"""Signed links and forms: what a store that has a server hands to people without credentials."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True)
class Link:
    """A URL by which anybody can read one object until it expires."""

    url: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True)
class Post:
    """The fields of a form by which anybody can write objects below one folder."""

    url: str
    fields: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Temporary:
    """Credentials that end by themselves, and every link with them; None: it is not known when."""

    until: datetime | None


class Signer(Protocol):
    """Signs with the store's credentials of this moment. Every method raises StoreError."""

    temporary: Temporary | None  # None: the credentials last

    def link(self, key: str, lasts: timedelta) -> Link:
        """Sign a link to an object. Nothing is sent: whether the object exists is not known."""

    def post(self, folder: str, media_type: str, most_bytes: int, lasts: timedelta) -> Post:
        """Sign a form that writes into `folder` alone; `media_type` may be the start of one, such
        as image/."""

    def address(self, key: str) -> str:
        """Give the plain URL of an object, for what everybody can read."""
