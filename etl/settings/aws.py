"""AWS's and the network's own variables, and mistakes that any variable may have."""

import os
import re
from collections.abc import Iterator, Mapping

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OTHERS = ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL")
# each is read by requests or by boto3, which fail at the first https:// without naming it
CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
UNQUOTE = "remove the quotes: docker's --env-file, unlike a shell, keeps them"


def aws_faults(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each key that can't be sent, each endpoint that is no URL, and each CA
    bundle that does not exist or has no certificate.

    The values of keys and endpoints are not shown: either may contain a password.
    """
    for name in KEYS:
        if not re.fullmatch(r"[!-~]*", environ.get(name, "")):
            yield f"{name}: contains a line break, a space or a letter with an accent; set it again"
    for name, value in environ.items():
        is_url = value.lower().startswith(("http://", "https://"))
        if name.startswith("AWS_ENDPOINT_URL") and value and not is_url:
            yield f"{name}: expected a URL that begins with https://"
    for name in CA_BUNDLES:
        if problem := _bundle_fault(name, environ.get(name, "")):
            yield f"{name}: {problem}; correct the path, or unset {name}"


def _bundle_fault(name: str, path: str) -> str:
    """Return what is wrong with a CA bundle; empty if nothing is, or none is set."""
    if not path:
        return ""
    if not os.path.exists(path):
        return f"the file {path} does not exist"
    if os.path.isdir(path):  # of hashed certificates; boto3 takes none
        return f"{path} is a folder, and boto3 needs a file" if name == "AWS_CA_BUNDLE" else ""
    try:
        with open(path, "rb") as file:
            return "" if b"CERTIFICATE-----" in file.read() else f"{path} has no certificate in it"
    except OSError as exc:
        return f"{path} can't be read ({exc.strerror})"


def is_quoted(value: str) -> bool:
    """Return whether a value is in quotes, which a shell or python-dotenv would have removed."""
    return len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"


def quote_hint(value: str) -> str:
    """Return what to add to the fault of a value, if the quotes around it are the reason."""
    return f"; {UNQUOTE}" if is_quoted(value) else ""
