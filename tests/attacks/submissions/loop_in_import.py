# class: loop
# tries: an endless loop while the cells run, inside C code that no signal interrupts
# honest: variance_floor=0
# %% exercise="variance_floor"
import re
re.match(r"(a+)+$", "a" * 64 + "b")

def variance_floor(x):
    return torch.full((), float("nan"))
