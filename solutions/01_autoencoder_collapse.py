# %% exercise="variance_floor"
def variance_floor(x: Tensor) -> Tensor:
    deviation = x - x.mean(dim=1, keepdim=True)  # (B, T, F)
    return deviation.square().mean()

# %% [markdown] exercise="variance_floor"
# TODO why

# %% exercise="explained_variance"
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))  # (F,)
    flat = target - target.mean(dim=1, keepdim=True)  # (B, T, F)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)  # (B, T, F)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))

# %% exercise="difference"
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)

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

# %% exercise="strict_mse"
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        shapes = f"{tuple(prediction.shape)}, {tuple(target.shape)}"
        raise ValueError(f"shapes differ: {shapes}")
    return (prediction - target).square().mean()

# %% exercise="Windows"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(
                f"need 0 <= overlap < window <= {len(data)}, "
                f"got window {window} and overlap {overlap}"
            )
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2).contiguous()  # (k, T, F)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()

# %% exercise="reconstruction_loss"
def reconstruction_loss(
    model: nn.Module, batch: Tensor, reverse: bool
) -> Tensor:
    target = batch.flip(1) if reverse else batch  # (B, T, F)
    return strict_mse(model(batch), target)

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

# %% exercise="anomaly_score"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mean = fit_on.mean(dim=0)  # (F,)
    centered = fit_on - mean  # (M, F)
    covariance = centered.T @ centered / len(fit_on)  # (F, F)
    gap = residual - mean  # (N, F)
    return (gap * torch.linalg.solve(covariance, gap.T).T).sum(1)
