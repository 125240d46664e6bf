# class: encoding
# tries: two cells of one exercise, and one with the key of another
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.full((), float("nan"))

# %% exercise="variance_floor"
def variance_floor(x):
    return torch.full((), float("inf"))

# %% exercise="variance_floor" tags=["setup"] points=1000
def variance_floor(x):
    return torch.empty(0)
