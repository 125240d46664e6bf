# class: memory
# tries: four bytes of storage with the shape of four terabytes
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return torch.zeros(1).expand(10**12)
