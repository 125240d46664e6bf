# class: odd_values
# tries: complex infinity breaks the comparison
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.full((), complex("inf+nanj"))
