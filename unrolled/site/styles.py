"""One style for the book: all of the theme's and ours, in order, without what no page uses.

A Sphinx extension. A rule stays when every class and id that its selector asks for is a word of
some page or of some script; so what scripts add later is kept as well.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx

BOOK = "book.css"
THEME = ("basic.css", "styles/pydata-sphinx-theme.css")  # which the layout names, not Sphinx
APART = ("math.css",)  # large, and not for every page
SCRIPTS_LEFT_OUT = ("fontawesome.js",)  # its words are every icon's; no page loads it
ICON_FONT = "Font Awesome"  # icons.css takes its place


def used(rules: Iterable[Any], words: set[str]) -> Iterator[Any]:
    """Yield the rules of a style of which a page with these words could show something."""
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [one for one in _selectors(rule.prelude) if _asked(one) <= words]
            if kept:
                rule.prelude = [token for one in kept for token in (*one, _COMMA)][:-1]
                yield rule
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports", "layer"):
            if rule.content is None:
                yield rule
                continue
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            rule.content = list(used(inner, words))
            if rule.content:
                yield rule
        elif rule.type != "at-rule" or rule.lower_at_keyword != "font-face":
            yield rule
        elif ICON_FONT not in tinycss2.serialize(rule.content).replace("\\", ""):
            yield rule


_COMMA = tinycss2.parse_one_component_value(",")


def _selectors(prelude: Iterable[Any]) -> list[list[Any]]:
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _asked(selector: list[Any]) -> set[str]:
    """Return the classes and ids that an element must have; those in :not(…), :is(…) are free."""
    asked = {token.value for token in selector if token.type == "hash"}
    for before, token in pairwise(selector):
        if before.type == "literal" and before.value == "." and token.type == "ident":
            asked.add(token.value)
    return asked


def compose(static: Path, names: Iterable[str], words: set[str]) -> str:
    """Return the styles `names` of the folder `static` as one, with the paths that they hold."""
    parts = []
    for name in names:
        text = (static / name).read_text(encoding="utf-8")
        rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
        part = "\n".join(rule.serialize() for rule in used(rules, words))
        parts.append(_moved(part, posixpath.dirname(name)))
    return "\n".join(parts)


def _moved(style: str, folder: str) -> str:
    """Return a style of a folder below with its paths as they are from here."""
    pattern = re.compile(r"""(url\(["']?)(?!data:|#|/)([^)"']+)""")
    return pattern.sub(
        lambda found: found[1] + posixpath.normpath(posixpath.join(folder, found[2])), style
    )


class _Styles:
    """The names of the styles that pages ask for, as the pages are written."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def gather(
        self, app: Sphinx, page: str, template: str, context: dict[str, Any], _: object
    ) -> None:
        """Take the styles out of a page, except those that stay apart."""
        paths = [str(one.filename) for one in context["css_files"]]
        names = [path.removeprefix("_static/") for path in paths]
        self.names += [n for n in names if n not in self.names and n not in APART]
        context["css_files"] = [
            one for one, name in zip(context["css_files"], names, strict=True) if name in APART
        ]

    def write(self, app: Sphinx, error: Exception | None) -> None:
        """Write the one style that stands in for them."""
        if error or app.builder.format != "html":
            return
        static = Path(app.outdir) / "_static"
        texts = [*Path(app.outdir).glob("*.html"), *static.rglob("*.js")]
        words: set[str] = set()
        for path in texts:
            if path.name not in SCRIPTS_LEFT_OUT:
                words.update(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")))
        style = compose(static, [*THEME, *self.names], words)
        (static / BOOK).write_text(style, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx, after all extensions that add styles."""
    styles = _Styles()
    app.connect("html-page-context", styles.gather, priority=950)
    app.connect("build-finished", styles.write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
