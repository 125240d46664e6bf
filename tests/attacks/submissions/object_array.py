# class: odd_values
# tries: an array of dtype object is pickled on the way
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return np.array([lambda: 0, {}], dtype=object)
