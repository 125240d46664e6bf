"""One look for every figure of the book."""

import sys
from typing import Any

import matplotlib as mpl
import seaborn as sns

SETTINGS: dict[Any, Any] = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.titlelocation": "left",
    "figure.titlesize": 12,  # what is said above several panels looks as above a single one
    "figure.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "white",
}
PALETTE = "colorblind"
# The same look for figures that a reader can move.
MOVABLE: dict[str, Any] = {
    "axis": {"grid": False, "titleFontWeight": "normal"},
    "header": {"titleFontWeight": "normal"},
    "legend": {"titleFontWeight": "normal"},
    "title": {"anchor": "start", "fontWeight": "normal"},
    "view": {"stroke": None},
}


def style() -> None:
    """Set the palette (color-blind safe), the fonts and the spines for the figures that follow.

    A figure of Altair is sent as Vega-Lite, which JupyterLab, VS Code and the build draw without a
    network; Colab, which cannot draw it, gets the page that is Altair's default.
    """
    import altair as alt  # takes a second, and checks import this module without drawing

    sns.set_theme(context="notebook", style="ticks", palette=PALETTE)
    mpl.rcParams.update(SETTINGS)
    colors = sns.color_palette(PALETTE).as_hex()
    config: Any = MOVABLE | {"mark": {"color": colors[0]}, "range": {"category": colors}}
    alt.theme.register("unrolled", enable=True)(lambda: {"config": config})
    alt.renderers.enable("default" if "google.colab" in sys.modules else "mimetype")
