"""Take the links to the page out of the reports, once OUTPUTS leaves the page out."""

import re

from etl.report.monthly.shelf import INDEX
from etl.store import Store, Upload
from etl.store.layout import LATEST_CSV, PAGE, REPORTS


def unlink_page(store: Store) -> None:
    """Replace the links to the page by their text, and that of the list by one to latest.csv.

    Raises StoreError.
    """
    for entry in list(store.list(REPORTS)):
        stored = store.read(entry.key) if entry.key.endswith(".html") else None
        if stored is None:
            continue
        before = stored.body.decode()
        up = "../" * entry.key.count("/")
        if entry.key == INDEX:
            after = before.replace(f'"{up}{PAGE}"', f'"{up}{LATEST_CSV}"')
        else:
            after = re.sub(rf'<a href="{re.escape(up + PAGE)}[^"]*">(.*?)</a>', r"\1", before)
        if after != before:
            store.write(Upload(entry.key, after.encode()))
