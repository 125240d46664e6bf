"""Lighter pages: what a page does not use is not loaded, and what it shows has its place at once.

A Sphinx extension. The theme's own layout is in `templates/layout.html`, its icons in `icons.css`.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging
from sphinx.util.images import get_image_size

# A script that only some pages need, by a part of its name, and how such a page is known.
NEEDED = {
    "clipboard.min": '<div class="highlight',
    "copybutton": '<div class="highlight',
    "design-tabs": 'class="sd-tab',
    "togglebutton": "dropdown",
}
FORMULA = re.compile(
    r'(<math display="inline"(?:(?!</math>).)*</math>)([.,;:?!)]+)', flags=re.DOTALL
)
JOINED = r'<span class="joined">\1\2</span>'
FIRST = "documentation_options.js"  # what follows it in the page already speaks to it

# In the theme's script: what follows the page's load, and gives tab stops to whatever is too wide.
MEASURED = re.compile(
    r'"complete"===document\.readyState\?(\w+)\(\):window\.addEventListener\("load",\1\)'
)


def _lighten(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Leave out what a page does not use; let its scripts wait until it is there."""
    body = context.get("body", "")
    context["script_files"] = [
        one
        for one in context["script_files"]
        if all(mark in body for name, mark in NEEDED.items() if name in str(one.filename or ""))
    ]
    if pagename == "search":
        return
    context["script_files"] = [
        type(one)(one.filename, priority=one.priority, **{**one.attributes, "defer": "defer"})
        if one.filename and FIRST not in str(one.filename)
        else one
        for one in context["script_files"]
    ]
    assert isinstance(app.builder, StandaloneHTMLBuilder)
    sources = {name: Path(app.srcdir / source) for source, name in app.builder.images.items()}
    folder = app.builder.imagedir
    pattern = re.compile(rf'<img (?=[^>]*src="{folder}/([^"]+)")')
    late = "" if pagename == app.config.root_doc else 'loading="lazy" '
    sized = pattern.sub(lambda found: f"<img {late}{_size(found[1], sources)}", body)
    context["body"] = _plain(_mended(sized))


def _size(name: str, sources: dict[str, Path]) -> str:
    """Return an image's size as attributes, so that nothing moves when it comes."""
    size = get_image_size(sources[name]) if name in sources else None
    return f'width="{size[0]}" height="{size[1]}" ' if size else ""


def _mended(body: str) -> str:
    """Mend what extensions write amiss: one id for all exercises, sources that are no items.

    And keep a sign with the formula before it, which browsers else put on the next line.
    """
    body = FORMULA.sub(JOINED, body)
    body = re.sub(
        r'<section id="(exercise|solution)-content">', r'<section class="\1-content">', body
    )
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def _plain(body: str) -> str:
    """Unwrap names, punctuation and blanks of listings: half of all elements, all of one color."""
    return re.sub(r'<span class="[npw]">([^<]*)</span>|<span></span>', r"\1", body)


def _calm(app: Sphinx, error: Exception | None) -> None:
    """Take out of the theme's script what measures the whole page at once: book.js does it."""
    if error or app.builder.format != "html":
        return
    script = Path(app.outdir) / "_static" / "scripts" / "pydata-sphinx-theme.js"
    text, found = MEASURED.subn("void 0", script.read_text(encoding="utf-8"))
    if found:
        script.write_text(text.partition("\n//# sourceMappingURL")[0] + "\n", encoding="utf-8")
    elif "void 0})();" not in text:
        logging.getLogger(__name__).warning(f"{script.name} is not as pages.py knows it")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to Sphinx, after the extensions whose files are looked at."""
    app.connect("html-page-context", _lighten, priority=900)
    app.connect("build-finished", _calm)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
