# class: flood
# tries: the worker's own cap on an error's text is patched away, for messages of 15 MB a check
# honest: variance_floor=0
# %% exercise="variance_floor"
import sys

sys.modules["unrolled.worker"].described = lambda error: (["builtins.ValueError"], "A" * 15_000_000)

def variance_floor(x):
    raise ValueError
