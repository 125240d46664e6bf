"""Links of the rendered pages: what is inside the book has to be there."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from myst_parser.slugs import github_slugify

Read = Callable[[Path], "Page"]
HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?", re.IGNORECASE)


class Page(HTMLParser):
    """What a page links to, what it fetches, and the places that it can be linked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and set(found.get("rel", "").split()) & {"stylesheet", "icon", "preload"}:
            self.fetched.append(found.get("href", ""))
        if tag in ("script", "img", "iframe", "source", "video") and "src" in found:
            self.fetched.append(found["src"])
        places = ("id", "name") if tag == "a" else ("id",)
        self.ids |= {found[name] for name in places if name in found}


def anchor(heading: str) -> str:
    """Return the place of a heading on its page, as MyST names it."""
    return github_slugify(heading.lstrip("# "))


def broken(html: Path, site: str) -> Iterator[str]:
    """Yield a line for each link in a folder of pages that leads nowhere.

    site: the address at which the folder is published; links to it are links to the folder. Of
    links to other hosts only the form is checked, and a page may fetch nothing from there.
    """
    read: Read = cache(Page)
    for path in sorted(html.rglob("*.html")):
        if "_static" in path.relative_to(html).parts:  # the theme's own templates
            continue
        name, page = path.relative_to(html), read(path)
        for link in page.links:
            problem = _problem(html, path, link, site, read)
            if problem:
                yield f"{name}: {link}: {problem}"
        for address in page.fetched:
            parts = urlsplit(address)
            if parts.netloc:
                yield f"{name}: fetches {address} from another host"
            elif not parts.scheme and not (path.parent / unquote(parts.path)).is_file():
                yield f"{name}: fetches {address}, which is not there"


def _problem(html: Path, path: Path, link: str, site: str, read: Read) -> str:
    try:
        parts = urlsplit(link)
    except ValueError as error:
        return str(error)
    if link.startswith(site):
        parts, path = urlsplit(link.removeprefix(site) or "index.html"), html / "index.html"
    elif parts.scheme in ("http", "https"):
        well = HOST.fullmatch(parts.netloc) and not re.search(r"[\s<>\"{}]", link)
        return "" if well else "not a well-formed address"
    elif parts.scheme or parts.netloc:
        return "" if parts.scheme == "mailto" else f"{parts.scheme or 'no'} scheme"
    target = path.parent / unquote(parts.path) if parts.path else path
    if not target.is_file():
        return "no such file"
    place = unquote(parts.fragment)
    if place and target.suffix == ".html" and place not in read(target).ids:
        return "no such place on the page"
    return ""
