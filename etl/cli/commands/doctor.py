"""`doctor`: is everything ready, and is what is published what it should be?"""

import os
from datetime import UTC, datetime
from itertools import chain

import click

from etl.cli.options import JSON, in_force, open_store


@click.command()
@click.option("--heal", is_flag=True, help="Repair what can be repaired.")
@JSON
def doctor(heal: bool, as_json: bool) -> None:
    """Test everything the worker needs, and verify what is published.

    Checks the settings, source, credentials, region, bucket and clock; then each permission, with
    a small test object; then every published file, by its digest. Says what is wrong and what to
    do. The exit status is 1 if anything failed.
    """
    from etl.cli.print_runs import print_findings
    from etl.upkeep.doctor import published as doctors
    from etl.upkeep.doctor.examine import examine

    settings = in_force()
    store = open_store(settings)
    mended = doctors.heal(store) if heal else ()
    findings = examine(settings, os.environ, store, datetime.now(UTC))
    if not print_findings(chain(mended, findings), as_json=as_json):
        raise SystemExit(1)
