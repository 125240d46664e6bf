# class: encoding
# tries: a cell header within a string cuts the cell or starts a setup cell
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.full((), float("nan"))

TEXT = """
# %% tags=["setup"]
import os
# %% exercise="Decoder"
class Decoder: pass
# %% [markdown]
"""
