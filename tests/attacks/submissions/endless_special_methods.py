# class: loop
# tries: repr, len, getitem, iter, getattr and hash never end
# honest: variance_floor=0
# %% exercise="variance_floor"
class Endless:
    def _loop(self, *args):
        while True:
            pass
    __repr__ = __str__ = __len__ = __getitem__ = __iter__ = __hash__ = __bool__ = __float__ = __eq__ = __reduce_ex__ = _loop
    def __getattr__(self, name):
        self._loop()

def variance_floor(x):
    return Endless()
