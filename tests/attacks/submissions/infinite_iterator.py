# class: loop
# tries: an iterator without end is exhausted by the encoder
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return __import__('itertools').count()
