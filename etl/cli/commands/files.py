"""Single objects of the folder: list, look, fetch, put, remove."""

from pathlib import Path

import click

from etl.cli.options import JSON, YES, Key, confirm, in_common, in_force, open_store
from etl.report.numbers import human
from etl.store import Store, Upload, valid_prefix

FORCE = click.option("--force", is_flag=True, help="Even if it is the worker's own.")


@click.command()
@click.argument("prefix", type=Key(valid_prefix), default="")
@JSON
def ls(prefix: str, as_json: bool) -> None:
    """List what lies in the folder: size, time, key.

    \b
    python app.py ls                all of it
    python app.py ls countries/     what begins so
    python app.py ls | wc -l        in a pipe: key, bytes and time, by tabs
    """
    from etl.cli.print_objects import print_entries

    store = open_store(in_common())
    print_entries(store.list(prefix, in_order=False), as_json=as_json, where=store.address)


@click.command()
@click.argument("key", type=Key())
@JSON
def head(key: str, as_json: bool) -> None:
    """Say all that is known of an object, without fetching it."""
    from etl.cli.print_objects import print_head
    from etl.store.transfer import require

    print_head(require(open_store(in_common()), key), as_json=as_json)


@click.command()
@click.argument("key", type=Key())
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), required=False)
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
def get(key: str, file: Path | None, force: bool) -> None:
    """Fetch an object, into FILE or a file of its own name; `-` is standard output.

    What arrives is verified by its SHA-256, and the file is there whole or not at all.
    """
    from etl.store.transfer import fetch, fetch_to_stdout

    store = open_store(in_common())
    if file == Path("-"):
        fetch_to_stdout(store, key)
        return
    name = Path(key).name
    path = Path(name) if file is None else file / name if file.is_dir() else file
    found = fetch(store, key, path, replace=force)
    proof = "" if found.sha256 else "; the store keeps no SHA-256 to verify it by"
    click.echo(f"{path}: {human(found.size)}{proof}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("key", type=Key(), required=False)
@FORCE
def put(file: Path, key: str | None, force: bool) -> None:
    """Put a file into the folder, under KEY or its own name."""
    store = open_store(in_force())
    upload = Upload(key or Key().convert(file.name, None, None), file)
    _leave_alone(store, upload.key, force)
    try:
        store.write(upload)
    except ValueError as exc:  # a directory keeps some names to itself
        raise click.BadParameter(str(exc)) from exc
    click.echo(f"{store.address}/{upload.key}: {human(upload.size)}, sha256 {upload.sha256}")


@click.command()
@click.argument("key", type=Key())
@YES
@FORCE
def rm(key: str, yes: bool, force: bool) -> None:
    """Remove an object, after asking."""
    from etl.store.transfer import require

    store = open_store(in_force())
    found = require(store, key)
    _leave_alone(store, key, force)
    confirm(f"Remove {store.address}/{key} ({human(found.size)})?", yes=yes)
    store.delete(key)
    click.echo(f"{store.address}/{key}: removed")


def _leave_alone(store: Store, key: str, force: bool) -> None:
    from etl.upkeep.versions import owned

    what = None if force else owned(store, key)
    if what:
        raise click.ClickException(f"{store.address}/{key} is {what}; left as it is: say --force")
