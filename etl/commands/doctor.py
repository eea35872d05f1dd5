"""`doctor`: is what is published what it should be?"""

import click

from etl.commands import JSON, in_force, open_store


@click.command()
@click.option("--heal", is_flag=True, help="Mend what can be mended.")
@JSON
def doctor(heal: bool, as_json: bool) -> None:
    """Verify what is published: every digest against the bytes.

    Says what is damaged, missing or left over, and what to do; exit status 1 if anything failed.
    """
    from etl import doctor as doctors
    from etl.screen import print_findings

    store = open_store(in_force())
    mended = list(doctors.heal(store)) if heal else []
    findings = [*mended, *doctors.examine(store)]
    print_findings(findings, as_json=as_json)
    if any(finding.level == "failed" for finding in findings):
        raise SystemExit(1)
