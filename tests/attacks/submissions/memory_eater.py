# class: memory
# tries: twenty gigabytes of touched memory
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    kept = [bytearray(b"x") * (1 << 28) for _ in range(80)]
    return torch.full((), float(len(kept)))
