"""The types of an element of coviddata's stats.json: a country, a region or a place."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from etl.errors import UPSETTING
from etl.extract.sources.coviddata_faults import KEY
from etl.extract.sources.faults import COUNT_LIMIT, LONGEST_TEXT

# a total can be negative by mistake; `without_negative` decides what becomes of it
Count = Annotated[int, Meta(ge=-COUNT_LIMIT, le=COUNT_LIMIT)]
Key = Annotated[str, Meta(pattern=KEY, max_length=LONGEST_TEXT)]
CLEAN = rf"^(?=\s*\S)[^{UPSETTING}]*\Z"
Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT, pattern=CLEAN)]


class Numbers(Struct, gc=False):
    cases: Count
    deaths: Count
    recoveries: Count


class Day(Struct, gc=False):
    new: Numbers
    cumulative: Numbers


class NamedCountry(Struct):
    key: Key
    name: Name


class NamedRegion(Struct):
    key: Key
    name: Name
    country: NamedCountry


class NamedPlace(Struct):
    key: Key
    name: Name
    country: NamedCountry
    region: NamedRegion | msgspec.UnsetType = msgspec.UNSET


class OfCountry(Struct):
    entity: NamedCountry = field(name="country")
    dates: dict[str, Day]


class OfRegion(Struct):
    entity: NamedRegion = field(name="region")
    dates: dict[str, Day]


class OfPlace(Struct):
    entity: NamedPlace = field(name="place")
    dates: dict[str, Day]


class EarlyCountry(OfCountry):
    """As in March 2020, when the days were called `data`."""

    dates: dict[str, Day] = field(name="data")


class EarlyRegion(OfRegion):
    dates: dict[str, Day] = field(name="data")


class EarlyPlace(OfPlace):
    dates: dict[str, Day] = field(name="data")


Entity = NamedCountry | NamedRegion | NamedPlace
AnyElement = OfCountry | OfRegion | OfPlace


@dataclass(frozen=True)
class ElementForm:
    """The form of an element at a level, and its `early` one; `keys` is how many keys it has,
    without the days'."""

    level: str
    element: type[AnyElement]
    early: type[AnyElement]
    keys: int

    @cached_property
    def strict(self) -> msgspec.json.Decoder[AnyElement]:
        return msgspec.json.Decoder(self.element)

    @cached_property
    def lax(self) -> msgspec.json.Decoder[AnyElement]:
        return msgspec.json.Decoder(self.element, strict=False)

    @cached_property
    def strict_early(self) -> msgspec.json.Decoder[AnyElement]:
        return msgspec.json.Decoder(self.early)

    @cached_property
    def lax_early(self) -> msgspec.json.Decoder[AnyElement]:
        return msgspec.json.Decoder(self.early, strict=False)


COUNTRIES = ElementForm("countries", OfCountry, EarlyCountry, keys=4)
REGIONS = ElementForm("regions", OfRegion, EarlyRegion, keys=8)
PLACES = ElementForm("places", OfPlace, EarlyPlace, keys=15)


def names(entity: Entity) -> tuple[str | None, ...]:
    """Return an entity's keys and names, its own first, in the order of `levels.names`."""
    own: tuple[str | None, ...] = (entity.key, entity.name)
    if isinstance(entity, NamedPlace):
        region = entity.region
        own += (region.key, region.name) if isinstance(region, NamedRegion) else (None, None)
    return own if isinstance(entity, NamedCountry) else (*own, *names(entity.country))
