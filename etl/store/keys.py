"""Which keys are valid, and which media type belongs to a key's ending. Pure."""

from unicodedata import category, normalize

MAX_KEY_BYTES = 900  # S3 allows 1024, the folder included

# The first ending that matches counts, so feed.xml comes before .xml.
CONTENT_TYPES = {
    ".json": "application/json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    "feed.xml": "application/atom+xml; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def content_type(key: str) -> str:
    """Return the media type of a key by its ending."""
    name = key.lower()
    known = (kind for ending, kind in CONTENT_TYPES.items() if name.endswith(ending))
    return next(known, "application/octet-stream")


def valid_key(key: str, within: str = "") -> str:
    """Return the key. Raises ValueError if it points outside the folder or breaks a store.

    `within` is a folder of folders, such as "runs/": the key must lie in one of these.
    """
    if len(key) > MAX_KEY_BYTES or len(key.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        raise ValueError(f"key {key[:40]!r}... is longer than {MAX_KEY_BYTES} bytes")
    # str.isprintable, which is quick, refuses these and a few others
    odd = not key.isprintable() and any(category(char) in ("Cc", "Cs") for char in key)
    if odd or "\\" in key:
        raise ValueError(f"key {key!r} has a backslash, a control character or half of a pair")
    if key.startswith("/"):
        raise ValueError(f"key {key!r} begins with a slash")
    if any(segment in ("", ".", "..") for segment in key.removesuffix("/").split("/")):
        raise ValueError(f"key {key!r} has an empty, '.' or '..' segment")
    if key.endswith("/"):
        raise ValueError(f"key {key!r} ends with a slash, like a folder, and no object's key does")
    if within and (not key.startswith(within) or "/" not in key.removeprefix(within)):
        raise ValueError(f"key {key!r} is not in a folder of {within}")
    return key


def valid_name(name: str) -> str:
    """Return the name. Raises ValueError if it can't be one segment of a key."""
    if "/" in valid_key(name):
        raise ValueError(f"name {name!r} has a slash")
    return name


def is_valid(key: str) -> bool:
    """Say whether `valid_key` accepts the key. HTTP clients would resolve `..` in it."""
    try:
        valid_key(key)
    except ValueError:
        return False
    return True


def alike(key: str) -> str:
    """Return a form that is the same for two keys if a file system may take them for one.

    Windows and macOS ignore case, macOS how a letter is composed. Windows also drops dots and
    blanks at the end of a name; what follows a colon there names a part of the same file.
    """
    folded = normalize("NFKC", normalize("NFKC", key).casefold())
    return "/".join(name.partition(":")[0].rstrip(". ") for name in folded.split("/"))


def valid_prefix(prefix: str) -> str:
    """Like `valid_key`, for a prefix of keys, which may be empty or end with a slash."""
    return prefix and valid_key(prefix.removesuffix("/")) and prefix
