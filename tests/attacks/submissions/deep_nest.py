# class: nesting
# tries: tuples nested a million deep overflow the encoder's stack
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    a = ()
    for _ in range(10**6):
        a = (a,)
    return a
