"""One look for every figure of the book."""

from typing import Any

import matplotlib as mpl
import seaborn as sns

SETTINGS: dict[Any, Any] = {
    "figure.dpi": 110,
    "figure.constrained_layout.use": True,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "figure.facecolor": "white",
}


def style() -> None:
    """Set the palette (color-blind safe), the fonts and the spines for the figures that follow."""
    sns.set_theme(context="notebook", style="ticks", palette="colorblind")
    mpl.rcParams.update(SETTINGS)
