"""Errors to Sentry too, where SENTRY_DSN is set and its package is there."""

import logging

from etl import log

INSTALL = "python -m pip install -r requirements-sentry.txt"
SHUTDOWN_S = 2


def set_up(dsn: str, release: str) -> None:
    """What is logged as an error from now on goes there, with its traceback and nothing else.

    None of Sentry's own integrations: they would send along command lines, the machine's name and
    the URLs of requests, in which a secret may stand.
    """
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.atexit import AtexitIntegration
        from sentry_sdk.integrations.logging import LoggingIntegration
    except ImportError:
        log.warning("sentry.not_set_up", error=f"SENTRY_DSN is set; install it: {INSTALL}")
        return
    try:
        sentry_sdk.init(
            dsn,
            release=release or None,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[
                LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
                AtexitIntegration(callback=lambda pending, timeout: None),
            ],
            # nothing personal is sent unless asked for; the option that said so is deprecated
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            server_name="worker",
            shutdown_timeout=SHUTDOWN_S,
        )
    except ValueError:  # its message has the DSN in it
        log.warning("sentry.not_set_up", error="SENTRY_DSN is not one that Sentry gave out")
