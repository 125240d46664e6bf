# %% exercise="variance_floor"
def variance_floor(x: Tensor) -> Tensor:
    deviation = x - x.mean(dim=1, keepdim=True)  # (B, T, F)
    return deviation.square().mean()

# %% [markdown] exercise="variance_floor"
# `keepdim=True` keeps an axis of length one where time was, so that
# every sequence and feature subtracts its own mean. The mean of the
# squares divides by $BTF$, as the loss does; `torch.var` would by
# default divide by $T - 1$ and put the floor too high.

# %% exercise="explained_variance"
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))  # (F,)
    flat = target - target.mean(dim=1, keepdim=True)  # (B, T, F)
    return 1 - error / flat.square().sum(dim=(0, 1))  # (F,)


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)  # (B, T, F)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))

# %% [markdown] exercise="explained_variance"
# Both numbers are sums over sequences and time divided by the same
# sum, so a feature with a small spread counts as much as one with a
# large spread. Summing before dividing, not averaging ratios, keeps a
# sequence that hardly moves from deciding the score.

# %% exercise="difference"
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)

# %% [markdown] exercise="difference"
# `cat` makes a new tensor, so the first row is a copy and nothing is
# shared with the argument. The sum of the first $t$ differences is
# $x_t$ because every other term cancels, which needs the first row to
# be $x_1$ itself.

# %% exercise="Decoder"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        h, c = state  # (B, H) each
        outputs = [self.read_out(h)]  # (B, F)
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)  # (B, T, F)

# %% [markdown] exercise="Decoder"
# The outputs wait in a list and `stack` gives time an axis of its
# own, so no entry can slip into another sequence. One turn fewer than
# steps, because the first output reads the code as it came.

# %% exercise="strict_mse"
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        shapes = f"{tuple(prediction.shape)}, {tuple(target.shape)}"
        raise ValueError(f"shapes differ: {shapes}")
    return (prediction - target).square().mean()

# %% [markdown] exercise="strict_mse"
# The comparison of shapes comes before the subtraction, since
# afterward the damage has a plausible shape. The message names both
# shapes: who reads it wants to know which of the two to mend.

# %% exercise="Windows"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(
                f"need 0 <= overlap < window <= {len(data)}, "
                f"got window {window} and overlap {overlap}"
            )
        views = data.unfold(0, window, window - overlap)  # (N, F, T)
        self.items = views.transpose(1, 2).contiguous()  # (N, T, F)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()

# %% [markdown] exercise="Windows"
# `unfold` puts the window's axis last, so it is moved before the
# features; `contiguous` and `clone` cut the ties to the data. A short
# tail never appears, because `unfold` yields whole windows only.

# %% exercise="reconstruction_loss"
def reconstruction_loss(
    model: nn.Module, batch: Tensor, reverse: bool
) -> Tensor:
    target = batch.flip(1) if reverse else batch  # (B, T, F)
    return strict_mse(model(batch), target)

# %% [markdown] exercise="reconstruction_loss"
# One function for both loops cannot turn the target in one of them
# only. `flip(1)` is time; `flip(2)` would reverse the features and
# still train without complaint.

# %% exercise="fit_sequence"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std  # (1, T, F)
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean  # (1, T, F)
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()

# %% [markdown] exercise="fit_sequence"
# The network sees standardized numbers, the tolerance judges the
# output after it has been taken back to the units of `x`. The error is
# looked at before each update, so the returned reconstruction is the
# one that passed, and the count is that of the updates made for it.

# %% exercise="anomaly_score"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mean = fit_on.mean(dim=0)  # (F,)
    centered = fit_on - mean  # (M, F)
    covariance = centered.T @ centered / len(fit_on)  # (F, F)
    gap = residual - mean  # (N, F)
    return (gap * torch.linalg.solve(covariance, gap.T).T).sum(1)

# %% [markdown] exercise="anomaly_score"
# Mean and covariance come from normal data alone, so that an anomaly
# cannot widen the yardstick by which it is measured. `solve` applies
# the inverse without forming it, which is faster and more accurate.
