"""Use the form that readers write with: read what it holds, and send a letter by it."""

import json
from typing import Any

import requests

from tests.support.page_reader import read_page


def data(html: str) -> Any:
    """What the page hands to its script."""
    return json.loads(read_page(html).one("script", id="data").text)


def post(way: Any, name: str, body: bytes, **over: str) -> requests.Response:
    """As the page's script does."""
    fields = {**way["fields"], "key": way["fields"]["key"].replace("${filename}", name), **over}
    with requests.Session() as session:
        session.trust_env = False
        return session.post(way["url"], data=fields, files={"file": ("x", body)}, timeout=20)
