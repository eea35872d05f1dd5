"""The settings of each of SOURCES: several data sets at once, each in a folder of its own."""

from dataclasses import replace

from etl.errors import ConfigError
from etl.extract import sources
from etl.settings.groups import FACTS_URL, Settings

BLANK = "{source}"  # in PING_URL: where the name of the data set goes


def facts_url(countries_url: str, data_set: str) -> str:
    """Prefer the source's own facts where COUNTRIES_URL has its default."""
    own = sources.SOURCES[data_set].facts_url
    return own if own is not None and countries_url == FACTS_URL else countries_url


def _of(settings: Settings, name: str) -> Settings:
    """Narrow the settings to one of SOURCES; its folder has its name, below the common one."""
    level = sources.SOURCES[name].level
    source = replace(
        settings.source,
        name=name.removesuffix(f"-{level}"),
        level=level,
        data_set=name,
        facts_url=facts_url(settings.source.countries_url, name),
    )
    folder = f"{settings.store.folder}/{name}".lstrip("/")
    output_dir = settings.store.output_dir / name
    public_url = settings.table.public_url and f"{settings.table.public_url}/{name}"
    ping_url = settings.alerts.ping_url.replace(BLANK, name)
    return replace(
        settings,
        source=source,
        store=replace(settings.store, folder=folder, output_dir=output_dir),
        table=replace(settings.table, public_url=public_url),
        alerts=replace(settings.alerts, ping_url=ping_url),
    )


def of_each(settings: Settings) -> list[Settings]:
    """Give the settings of each of SOURCES, or of the one source where SOURCES is not set."""
    return [_of(settings, name) for name in settings.sources] or [settings]


def of_one(settings: Settings, name: str = "") -> Settings:
    """Give the settings of the source of that name; without SOURCES it needs none.

    Raises ConfigError.
    """
    if name and name not in settings.sources:
        there = f"names {', '.join(settings.sources)}" if settings.sources else "is not set"
        raise ConfigError(f"--source {name}: SOURCES {there}")
    if not name and len(settings.sources) > 1:
        raise ConfigError(
            f"SOURCES names {', '.join(settings.sources)}; choose one of them: "
            f"python app.py --source {settings.sources[0]} ..."
        )
    return _of(settings, name) if name else of_each(settings)[0]
