"""Replace the links of an HTML page and keep every other byte. Pure."""

import html
import re
from collections.abc import Callable
from html.parser import HTMLParser
from posixpath import normpath
from urllib.parse import unquote, urlsplit

# name, equals sign, value. Quoted values are matched as a whole, so that text inside a value that
# looks like an attribute is not taken for one.
_ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'=<>`]+)""")


def rewrite(page: str, to: Callable[[str], str | None]) -> str:
    """Replace each `href` and `src` that is a relative link to a file.

    `to` gets the file's name, such as `assets/page.js`, and returns a URL, or None to keep the
    link. Absolute links and links within the page are kept too.
    """
    tags = _Tags(page)
    tags.feed(page)
    tags.close()
    pieces, done = [], 0
    for start, tag in tags.found:
        pieces += [page[done:start], _ATTRIBUTE.sub(lambda m: _attribute(m, to), tag)]
        done = start + len(tag)
    return "".join([*pieces, page[done:]])


class _Tags(HTMLParser):
    """Finds the start and the text of each start tag, skipping scripts, styles and comments."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._lines = [0, *(at + 1 for at, char in enumerate(page) if char == "\n")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        line, column = self.getpos()
        self.found.append((self._lines[line - 1] + column, self.get_starttag_text() or ""))


def _attribute(found: re.Match[str], to: Callable[[str], str | None]) -> str:
    name, equals, value = found.groups()
    if name.lower() not in ("href", "src"):
        return found[0]
    file, fragment = _beside(html.unescape(value.strip("\"'")))
    url = to(file) if file else None
    return f'{name}{equals}"{html.escape(url + fragment)}"' if url else found[0]


def _beside(link: str) -> tuple[str | None, str]:
    """Return the file that a relative link names, and its #fragment; None for other links."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # not a URL
        return None, ""
    path = normpath(unquote(parts.path)) if parts.path else ""
    if parts.scheme or parts.netloc or not path or path.startswith(("/", "..")) or path == ".":
        return None, ""
    return path, f"#{parts.fragment}" if parts.fragment else ""
