"""`validate`: would a run accept this file?"""

from datetime import UTC, datetime
from pathlib import Path

import click

from etl.cli.options import JSON, in_force, open_store
from etl.errors import DataRejected, SourceChanged
from etl.extract.sources import SOURCES


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@JSON
def validate(file: Path, as_json: bool) -> None:
    """Check a file as a run would, and publish nothing.

    \b
    python app.py validate stats.json              SOURCE says which format to expect
    SOURCE=jhu python app.py validate folder/      a folder with its three files, by name

    The file is read, repaired, merged and checked, and compared with the published version if that
    can be read. Lists up to 1,000 faults. The exit status is 0 if a run would publish the file, and
    1 if not.
    """
    from etl.cli.print_validation import print_faults, print_valid
    from etl.upkeep import validate as validating

    settings = in_force()
    source = SOURCES[settings.source.data_set]
    if file.is_dir() != (len(source.files) > 1):
        wanted = f"a folder with {', '.join(source.files)}" if source.files[1:] else "a file"
        raise click.BadParameter(f"SOURCE={settings.source.name} needs {wanted}", param_hint="FILE")
    try:
        checked = validating.validate(settings, open_store, file, datetime.now(UTC))
    except (SourceChanged, DataRejected) as exc:
        print_faults(file, source, exc, as_json=as_json)
        raise SystemExit(1) from exc
    print_valid(file, source, checked, as_json=as_json)
