# class: encoding
# tries: coding: utf-7 in the second line makes the compiler see other lines than the reader
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.full((), float("nan"))
