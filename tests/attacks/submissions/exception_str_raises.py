# class: odd_values
# tries: an exception whose str and repr raise SystemExit breaks the worker's report
# honest: variance_floor=0
# %% exercise="variance_floor"
class Bad(Exception):
    def __str__(self): raise SystemExit(0)
    __repr__ = __str__
    args = property(lambda self: 1 / 0)

def variance_floor(x):
    raise Bad
