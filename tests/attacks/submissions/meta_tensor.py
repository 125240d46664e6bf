# class: odd_values
# tries: a tensor without data
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.zeros((), device="meta")
