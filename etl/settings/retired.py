"""Settings of earlier versions that no longer exist: ignored with a warning, never an error."""

from collections.abc import Mapping

from etl import log
from etl.settings.alert_rules import retired_kinds

VARIABLES = ("SENTRY_DSN", "HEROKU_RELEASE_VERSION")


def still_set(environ: Mapping[str, str]) -> list[str]:
    """List the settings that are ignored, without their values, which may be secret."""
    variables = [name for name in VARIABLES if environ.get(name, "").strip()]
    kinds = retired_kinds(environ.get("ALERT_ON", ""))
    return variables + [f"{kind} in ALERT_ON" for kind in kinds]


def warn(environ: Mapping[str, str]) -> None:
    """Log one warning that lists all ignored settings, if there are any."""
    if names := still_set(environ):
        log.warning(
            "settings.ignored", settings=names, reason="they no longer exist and may be removed"
        )
