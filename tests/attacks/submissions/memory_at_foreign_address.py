# class: odd_values
# tries: an array interface pointing at unmapped memory crashes or leaks on encoding
# honest: variance_floor=0
# %% exercise="variance_floor"
class Window:
    __array_interface__ = {"shape": (4096,), "typestr": "<f4", "data": (4096, False), "version": 3}

def variance_floor(x):
    return np.asarray(Window())
