# class: flood
# tries: ten million handles in one reply
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return [object() for _ in range(10**7)]
