"""Figures that a reader can move.

A chapter draws one with Altair and binds its parameters to sliders and lists. On the page it
becomes a picture, which is there without scripts and in print, and native controls below it; the
live chart takes the picture's place when it comes near. Vega itself comes out of vl-convert; the
book's other half of this is `static/movable.js`.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any

import vl_convert
from nbformat import NotebookNode
from sphinx.application import Sphinx

from unrolled.errors import BookError
from unrolled.files import write_atomic

VEGA_LITE = re.compile(r"application/vnd\.vegalite\.v\d+\+json")
SCHEMA = re.compile(r"vega-lite/v(\d+\.\d+)")
# What `movable.js` needs. Alone, `vega` is null in the bundles of vl-convert 1.8 and 1.9.
EXPORTS = "window.vegaEmbed = vegaEmbed;"

# Whatever is neither data nor given a color by the chapter has the color of the text around it.
INK = "currentColor"
LOOK: dict[str, dict[str, Any]] = {
    "axis": {
        "domainColor": INK,
        "labelColor": INK,
        "tickColor": INK,
        "titleColor": INK,
        "labelFontSize": 12,
        "titleFontSize": 12,
    },
    "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
    "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12},
    "title": {"color": INK, "fontSize": 14, "subtitleColor": INK},
    "rule": {"color": INK},
    "text": {"color": INK, "fontSize": 12},
}


def with_movable(page: NotebookNode, place: str) -> None:
    """Replace the Vega-Lite outputs of a page by HTML.

    place: the chapter's file, for messages. Raises BookError for a figure without alt text and for
    a control that is neither a range nor a list.
    """
    numbers = count(1)
    for cell in page.cells:
        for output in cell.get("outputs", []):
            for kind, spec in output.get("data", {}).items():
                if VEGA_LITE.fullmatch(kind):
                    alt = cell.metadata.get("alt")
                    if not alt:
                        raise BookError(f'{place}: a figure without alt text; add alt="…"')
                    try:
                        html = figure(spec, alt, f"movable-{next(numbers)}")
                    except ValueError as error:
                        raise BookError(f"{place}: {str(error).splitlines()[0]}") from error
                    output["data"] = {"text/html": html}
                    break


def figure(spec: Mapping[str, Any], alt: str, name: str) -> str:
    """Return a Vega-Lite chart as HTML: a picture, its controls, and what the live chart needs.

    name: unique on the page. Raises ValueError for a chart that Vega-Lite refuses.
    """
    found = SCHEMA.search(spec.get("$schema", ""))
    if found is None:
        raise ValueError("a chart that does not say which version of Vega-Lite it is for")
    chart, release = _in_ink(spec), found[1]
    controls = list(_controls(chart))
    svg = vl_convert.vegalite_to_svg(chart, vl_version=release)
    svg = re.sub(r'(\bid="|url\(#)', rf"\g<1>{name}-", svg)
    svg = svg.replace("<svg", '<svg aria-hidden="true"', 1)  # the alt text says it all
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if size is None:
        raise ValueError("a picture without a size")
    vega = vl_convert.vegalite_to_vega(chart, vl_version=release)
    del vega["$schema"]  # it names the version that Vega-Lite was written for, not the bundle's
    live = json.dumps(vega, separators=(",", ":"))
    return "\n".join(
        [
            f'<figure class="movable" id="{name}">',
            f'<div class="movable-picture" role="img" aria-label="{escape(alt)}"'
            f' style="aspect-ratio: {size[1]} / {size[2]}">{svg}</div>',
            '<form class="movable-controls" autocomplete="off">',
            *controls,
            "</form>",
            f'<script type="application/json">{live.replace("<", chr(92) + "u003c")}</script>',
            "</figure>",
        ]
    )


def _in_ink(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in the page's colors, without the descriptions of each mark."""
    chart = copy.deepcopy(dict(spec))
    config = chart.setdefault("config", {})
    for part, settings in LOOK.items():
        config[part] = config.get(part, {}) | settings
    config |= {"background": "transparent", "aria": False}
    return chart


def _controls(chart: dict[str, Any]) -> Iterator[str]:
    """Take the bindings out of a chart, whose controls Vega would add later; yield them as HTML."""
    for param in chart.get("params", []):
        bind = param.pop("bind", None)
        if bind is None:
            continue
        kind, said = bind.get("input"), escape(bind.get("name", param["name"]).strip())
        if "value" not in param:
            raise ValueError(f"{param['name']} has no value to begin with")
        head = f'<label><span>{said}</span><{{}} name="{escape(param["name"])}"'
        if kind == "range":
            limits = {one: bind.get(one) for one in ("min", "max", "step")}
            if None in limits.values():
                raise ValueError(f"{param['name']}: a range needs min, max and step")
            limits["value"] = param["value"]
            for one, value in limits.items():
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise ValueError(f"{param['name']}: {one} is {value!r}; expected a number")
            if not limits["min"] <= limits["value"] <= limits["max"]:
                raise ValueError(f"{param['name']}: {param['value']} is outside of its range")
            settings = "".join(f' {one}="{value}"' for one, value in limits.items())
            # The slider tells its value itself; the number beside it is for the eye.
            yield (
                f'{head.format("input")} type="range"{settings}>'
                f'<output aria-hidden="true">{param["value"]}</output></label>'
            )
        elif kind == "select":
            if param["value"] not in bind["options"]:
                raise ValueError(f"{param['name']}: {param['value']!r} is none of its options")
            shown = bind.get("labels") or bind["options"]
            options = "".join(
                f'<option value="{escape(json.dumps(value))}"'
                f"{' selected' * (value == param['value'])}>{escape(str(label))}</option>"
                for value, label in zip(bind["options"], shown, strict=True)
            )
            yield f"{head.format('select')}>{options}</select></label>"
        else:
            raise ValueError(f"{param['name']} is bound to {kind!r}; bind to a range or a select")


# --- Sphinx -----------------------------------------------------------------------------------


def setup(app: Sphinx) -> dict[str, Any]:
    """Let the pages that need it load the script, and write Vega beside it."""
    app.connect("html-page-context", _load)
    app.connect("build-finished", _write_vega)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _load(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    if '<figure class="movable"' in context.get("body", ""):
        app.add_js_file("movable.js", loading_method="defer")


def _write_vega(app: Sphinx, error: Exception | None) -> None:
    """Write the part of Vega that draws; bundling takes seconds, so once for each version."""
    if error or app.builder.format != "html":
        return
    pages = Path(app.outdir).glob("*.html")
    if not any("movable.js" in path.read_text(encoding="utf-8") for path in pages):
        return
    path = Path(app.outdir) / "_static" / "vega.js"
    banner = (
        f"/* Vega {vl_convert.get_vega_version()}, "
        f"bundled by vl-convert {version('vl-convert-python')}."
        " Copyright University of Washington Interactive Data Lab, BSD-3-Clause;"
        " D3 is by Mike Bostock, ISC. */\n"
    )
    if not (path.is_file() and _opening(path) == banner):
        # A module's code: as a script it needs a scope of its own.
        script = f'(() => {{"use strict";{vl_convert.javascript_bundle(EXPORTS)}}})();\n'
        write_atomic(path, banner + script)


def _opening(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return lines.readline()
