# class: flood
# tries: an exception message of 500 MB
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    raise ValueError("x" * (500 << 20))
