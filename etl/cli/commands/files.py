"""Single objects of the folder: list, look, fetch, put, remove."""

import os
import re
from itertools import islice
from pathlib import Path
from typing import Any

import click

from etl.cli.options import JSON, YES, Key, confirm, in_common, in_force, open_store
from etl.errors import ConfigError
from etl.report.numbers import human
from etl.store import Store, Upload, valid_prefix

META_BYTES = 1_900  # S3 takes 2,048, and the digest is among them
_META = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]*)=([!-~]([ -~]*[!-~])?)?")


class Meta(click.ParamType[tuple[str, str]]):
    """A name and a value of an object's metadata; S3 keeps names in lower case."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        found = _META.fullmatch(value)
        if not found:
            self.fail(f"expected KEY=VALUE in ASCII, such as author=me, got {value[:80]!r}")
        if found[1].lower() == "sha256":
            self.fail("sha256 is reserved: the worker sets it on each object")
        return found[1].lower(), found[2] or ""


FORCE = click.option("--force", is_flag=True, help="Even if the file belongs to the worker.")


@click.command()
@click.argument("prefix", type=Key(valid_prefix), default="")
@click.option(
    "--max", "most", type=click.IntRange(min=1), metavar="N", help="List at most N files."
)
@JSON
def ls(prefix: str, most: int | None, as_json: bool) -> None:
    """List the files in the folder: size, time, key.

    \b
    python app.py ls                all files
    python app.py ls countries/     files whose key begins with this
    python app.py ls --max 10       the first ten, as the server lists them
    python app.py ls | wc -l        in a pipe: key, bytes and time, separated by tabs
    """
    from etl.cli.print_objects import print_entries

    store = open_store(in_common())
    entries = islice(store.list(prefix, in_order=False), most)
    print_entries(entries, as_json=as_json, where=store.address)


@click.command()
@click.argument("key", type=Key())
@JSON
def head(key: str, as_json: bool) -> None:
    """Show everything that is known about an object, without downloading it."""
    from etl.cli.print_objects import print_head
    from etl.store.transfer import require

    print_head(require(open_store(in_common()), key), as_json=as_json)


@click.command()
@click.argument("key", type=Key())
@click.argument("file", type=click.Path(allow_dash=True), required=False)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def get(key: str, file: str | None, force: bool) -> None:
    """Download an object to FILE or a file with its own name; `-` is standard output.

    The download is verified with its SHA-256. You get either the complete file or none.
    """
    from etl.store.transfer import fetch, fetch_to_stdout

    store = open_store(in_common())
    if file == "-":
        fetch_to_stdout(store, key)
        return
    path = _target(file, Path(key).name)
    found = fetch(store, key, path, replace=force)
    proof = "" if found.sha256 else "; not verified, since the store has no SHA-256 of it"
    click.echo(f"{path}: {human(found.size)}{proof}")


def _target(file: str | None, name: str) -> Path:
    """Return the path to write to: `file`, or `name` if that is a folder or None."""
    path = Path(file or name)
    if path.is_dir():
        return path / name
    if file and file.endswith(os.sep):
        raise click.BadParameter(f"there is no folder {file}; make it first", param_hint="FILE")
    return path


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("key", type=Key(valid_prefix), required=False)
@click.option("--public", is_flag=True, help="Let everyone read it, with an ACL.")
@click.option(
    "--meta", type=Meta(), multiple=True, metavar="KEY=VALUE", help="Metadata; may be repeated."
)
@FORCE
def put(
    file: Path, key: str | None, public: bool, meta: tuple[tuple[str, str], ...], force: bool
) -> None:
    """Upload a file to the folder, under KEY or its own name.

    \b
    python app.py put notes.txt                        under its own name
    python app.py put notes.txt my/notes.txt           under another name
    python app.py put notes.txt my/                    in a folder, under its own name
    python app.py put notes.txt --meta author=me       with your own metadata
    """
    settings = in_force()
    store = open_store(settings)
    if (public or meta) and not settings.store.bucket:
        raise ConfigError("S3_BUCKET: not set; a local folder has no ACLs or metadata")
    if sum(len(name) + len(value) for name, value in dict(meta).items()) > META_BYTES:
        raise click.BadParameter(f"S3 keeps {META_BYTES} bytes of metadata at most")
    name = key if key and not key.endswith("/") else f"{key or ''}{file.name}"
    Key().convert(name, None, None)
    upload = Upload(name, file, metadata=dict(meta))
    _leave_alone(store, upload.key, force)
    try:
        store.write(upload)
    except ValueError as exc:  # a directory keeps some names to itself
        raise click.BadParameter(str(exc)) from exc
    click.echo(f"{store.address}/{upload.key}: {human(upload.size)}, sha256 {upload.sha256}")
    if public:
        from etl.cli.access import make_public

        make_public(settings, upload.key)


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
        raise click.ClickException(
            f"{store.address}/{key} is {what}; to change it anyway, use --force"
        )
