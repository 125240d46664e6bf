"""Formulas as MathML, written when the book is built: no script, nothing that moves, any screen.

A Sphinx extension. latex2mathml translates; the letters come from STIX Two Math, of which the
pages that hold formulas get the few glyphs that the book uses.
"""

import base64
import io
import re
import unicodedata
from html import unescape
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from fontTools import subset
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

STYLE = "math.css"
LETTERS = (*range(0x1D434, 0x1D468), 0x210E, *range(0x1D6E2, 0x1D71C))  # slanted, as variables are
PRIMES = "\N{PRIME}\N{DOUBLE PRIME}\N{TRIPLE PRIME}"
BARS = "|\N{DOUBLE VERTICAL LINE}"
THIN = "0.167em"


def mathml(tex: str, display: bool = False) -> str:
    """Return a formula's MathML; ValueError names a command that cannot be translated."""
    root = ElementTree.fromstring(convert(tex, display="block" if display else "inline"))
    namespace = root.tag.removesuffix("math")
    for one in root.iter():
        one.tag = one.tag.removeprefix(namespace)
    text = "".join(root.itertext())
    if "\\" in text:
        raise ValueError(f"no MathML for {text[text.index(chr(92)) :].split()[0]} in {tex!r}")
    _space(root)
    for parent in reversed(list(root.iter())):  # what is inside first
        _primes(parent)
        _functions(parent)
    root.set("alttext", " ".join(tex.split()))
    return ElementTree.tostring(root, encoding="unicode")


def line(tex: str) -> str:
    r"""Return a displayed formula, in parts at each \qquad: a narrow page sets them in lines."""
    parts = re.split(r"\\qquad(?![A-Za-z])", tex)
    if any(
        one.count("{") != one.count("}") or r"\left" in one or r"\begin" in one for one in parts
    ):
        return mathml(tex, display=True)
    whole = [mathml(one, display=True) for one in parts]
    if len(whole) == 1:
        return whole[0]
    inline = 'display="inline" displaystyle="true"'
    return " ".join(one.replace('display="block"', inline, 1) for one in whole)


def _space(root: ElementTree.Element) -> None:
    """Give operators the space that TeX gives them."""
    for one in root.iter():
        if one.tag == "mi" and one.text == ";":
            one.tag = "mo"
        elif one.tag == "mo" and one.text == "^":
            one.text = "\N{MODIFIER LETTER CIRCUMFLEX ACCENT}"
        elif one.tag == "mo" and one.text == "*":
            one.text = "\N{ASTERISK OPERATOR}"
        elif one.tag == "mo" and (one.text or "").isalpha() and len(one.text or "") > 1:
            one.tag = "mi"  # max, min: names, as sin and tanh are
        elif one.tag == "mo" and one.text and one.text in f"/{BARS}{PRIMES}":
            one.set("lspace", "0")
            one.set("rspace", "0")


def _primes(parent: ElementTree.Element) -> None:
    """Set primes beside their letter, where their glyph is raised already, not above it."""
    for place, one in enumerate(parent):
        if one.tag in ("msup", "msubsup") and (one[-1].text or " ") in PRIMES:
            row = ElementTree.Element("mrow")
            prime = ElementTree.Element("mo", {"lspace": "0", "rspace": "0"})
            prime.text = one[-1].text
            row.extend([one[0], prime])
            if one.tag == "msubsup":
                below = ElementTree.Element("msub")
                below.extend([row, one[1]])
                row = below
            parent[place] = row


def _functions(parent: ElementTree.Element) -> None:
    """Put a thin space around a function's name where no parenthesis or operator stands there."""
    if parent.tag not in ("math", "mrow"):
        return
    for place in reversed(range(len(parent) - 1)):
        pair = parent[place], parent[place + 1]
        if any(map(_is_name, pair)) and not any(one.tag in ("mo", "mspace") for one in pair):
            parent.insert(place + 1, ElementTree.Element("mspace", {"width": THIN}))


def _is_name(one: ElementTree.Element) -> bool:
    base = one[0] if one.tag in ("msub", "msup", "msubsup", "munder") and len(one) else one
    return base.tag == "mi" and len(base.text or "") > 1


def font(characters: set[str]) -> bytes:
    """Return STIX Two Math (OFL) as WOFF with the glyphs of these characters, larger ones too."""
    slanted = (chr(one) for one in LETTERS)
    wanted = {*characters, *(c for c in slanted if unicodedata.normalize("NFKC", c) in characters)}
    options = subset.Options(
        flavor="woff", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 13, 14]
    )
    options.drop_tables += ["GDEF", "GPOS", "GSUB"]
    package = find_spec("ziamath")  # for its font alone: importing it would warn
    assert package is not None and package.origin is not None
    whole = Path(package.origin).with_name("fonts") / "STIXTwoMath-Regular.ttf"
    found = subset.load_font(io.BytesIO(whole.read_bytes()), options)
    small = subset.Subsetter(options)
    small.populate(unicodes=[ord(one) for one in wanted])
    small.subset(found)
    written = io.BytesIO()
    found.flavor = "woff"
    found.save(written)
    return written.getvalue()


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(_translated(node, display=False))
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})</span>')
    self.body.append(_translated(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def _translated(node: nodes.math | nodes.math_block, display: bool) -> str:
    try:
        return line(node.astext()) if display else mathml(node.astext())
    except ValueError as error:
        logging.getLogger(__name__).warning(str(error), location=node)
        return ""


def _link(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    if "<math" in context.get("body", ""):
        app.add_css_file(STYLE)


def _write_font(app: Sphinx, error: Exception | None) -> None:
    """Write the style with the glyphs of all pages; inside it, so that nothing is set twice."""
    if error or app.builder.format != "html":
        return
    pages = [path.read_text(encoding="utf-8") for path in Path(app.outdir).glob("*.html")]
    formulas = [one for page in pages for one in re.findall(r"<math.*?</math>", page, re.DOTALL)]
    characters = set(unescape(re.sub(r"<[^>]+>", "", "".join(formulas))))
    data = base64.b64encode(font(characters)).decode() if characters else ""
    rule = f"@font-face {{ font-family: Formulas; src: url(data:font/woff;base64,{data}); }}\n"
    (Path(app.outdir) / "_static" / STYLE).write_text(rule, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("html-page-context", _link)
    app.connect("build-finished", _write_font)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
