# class: patch_comparison
# tries: the global defaults (meta device, float16, no grad) break whatever is made after them
# honest: variance_floor=0
# %% exercise="variance_floor"
torch.set_default_dtype(torch.float16)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.set_printoptions(precision=0)
np.seterr(all="raise")
torch.autograd.set_detect_anomaly(True)

def variance_floor(x):
    return torch.full((), float("nan"))
