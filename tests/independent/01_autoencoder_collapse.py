# %% exercise="variance_floor" right="centering_matrix"
def variance_floor(x: Tensor) -> Tensor:
    steps = x.size(1)
    identity = torch.eye(steps, dtype=x.dtype, device=x.device)
    center = identity - 1 / steps  # (T, T), takes out the mean over time
    moves = torch.einsum("ts,bsf->btf", center, x)
    return torch.linalg.vector_norm(moves) ** 2 / x.numel()


# %% exercise="Decoder" right="generator"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.read_out = nn.Linear(hidden, n_features)
        self.cell = nn.LSTMCell(n_features, hidden)

    def spoken(self, state, turns):
        """Yields an output, then as many more as there are turns."""
        yield (output := self.read_out(state[0]))
        while turns:
            state = self.cell(output, state)
            yield (output := self.read_out(state[0]))
            turns -= 1

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        columns = [
            output.unsqueeze(1) for output in self.spoken(state, steps - 1)
        ]
        return torch.cat(columns, dim=1)


# %% exercise="difference" right="triangular_matrix"
def difference(x: Tensor) -> Tensor:
    d = x.clone()
    d.narrow(1, 1, x.size(1) - 1).sub_(x.narrow(1, 0, x.size(1) - 1))
    return d


def undo_difference(d: Tensor) -> Tensor:
    steps = d.size(1)
    ones = torch.ones(steps, steps, dtype=d.dtype, device=d.device)
    return torch.einsum("ts,bsf->btf", ones.tril(), d)


# %% exercise="Windows" right="index_arithmetic"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = data.size(0)
        if overlap < 0 or window <= overlap or n < window:
            raise ValueError(
                f"window {window}, overlap {overlap} and {n} steps: "
                "needs 0 <= overlap < window <= n"
            )
        self.data = data
        self.starts = range(0, n - window + 1, window - overlap)
        self.offsets = torch.arange(window, device=data.device)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int | slice) -> Tensor:
        chosen = self.starts[index]  # a range knows slices and IndexError
        if isinstance(chosen, range):
            first = torch.tensor(
                list(chosen), dtype=torch.long, device=self.data.device
            )
            return self.data[first[:, None] + self.offsets]
        return self.data.index_select(0, chosen + self.offsets)


# %% exercise="fit_sequence" right="scaled_through_a_helper"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    variance, mean = torch.var_mean(x, dim=1, keepdim=True, correction=0)
    unit = variance.sqrt()
    unit = torch.where(unit == 0, torch.ones_like(unit), unit)
    with seeded(seed):
        model = Autoencoder(n_features=x.size(-1), hidden=hidden)
    model = model.to(device=x.device, dtype=x.dtype)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    small = (x - mean) / unit

    def look():
        output = model(small)
        shown = torch.addcmul(mean, output.detach(), unit)
        return output, shown, strict_mse(shown, x).item()

    steps = 0
    output, shown, error = look()
    while not error < tolerance and steps < 1000:
        optimizer.zero_grad()
        strict_mse(output, small).backward()
        optimizer.step()
        steps += 1
        output, shown, error = look()
    return shown, steps


# %% exercise="anomaly_score" right="whitened_by_qr"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    count = fit_on.size(0)
    mean = fit_on.mean(0, keepdim=True)
    # fit_on - mean = q r, so the covariance is r' r / count
    _, r = torch.linalg.qr(fit_on - mean)
    z = torch.linalg.solve_triangular(
        r, residual - mean, upper=True, left=False
    )  # z r = e
    return count * z.square().sum(dim=1)


# %% exercise="Decoder" right="generator_and_preallocated_tensor"
class Decoder(nn.Module):
    """An LSTM cell that is fed what it has just produced.

    n_features: F; hidden: H. Owns exactly two modules:
    `cell`, an nn.LSTMCell, and `read_out`, an nn.Linear.
    """

    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.add_module("read_out", nn.Linear(hidden, n_features))
        self.add_module("cell", nn.LSTMCell(n_features, hidden))

    def _states(self, state: tuple[Tensor, Tensor]):
        """The given state, and without end the ones after it."""
        while True:
            yield state[0]
            state = self.cell(self.read_out(state[0]), state)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        visited = [h for _, h in zip(range(steps), self._states(state))]
        return self.read_out(torch.stack(visited, dim=1))  # (B, T, F)


# %% exercise="Windows" right="index_table"
class Windows(Dataset):
    """All whole windows of a series, in order."""

    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = data.shape[0]
        if overlap < 0 or window <= overlap or n < window:
            raise ValueError(
                f"window {window} and overlap {overlap} do not fit {n} steps"
            )
        starts = torch.arange(0, n - window + 1, window - overlap)
        self.rows = starts[:, None] + torch.arange(window)  # (k, window)
        self.rows = self.rows.to(data.device)
        self.data = data

    def __len__(self) -> int:
        """The number of windows."""
        return self.rows.size(0)

    def __getitem__(self, index: int | slice) -> Tensor:
        """(window, F) for an int, (k, window, F) for a slice."""
        if isinstance(index, slice):
            chosen = range(len(self))[index]
            rows = self.rows[list(chosen)]
            flat = self.data.index_select(0, rows.flatten())
            return flat.reshape(*rows.shape, *self.data.shape[1:])
        place = range(len(self))[index]  # refuses what lies outside
        return self.data.index_select(0, self.rows[place])


# %% exercise="anomaly_score" right="whitened_by_svd"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    """Squared Mahalanobis distance of each residual."""
    center = torch.einsum("mf->f", fit_on) / fit_on.shape[0]
    _, singular, axes = torch.linalg.svd(
        fit_on - center, full_matrices=False
    )  # of the covariance the eigenvalues are singular² / M
    turned = (residual - center) @ axes.mH
    white = turned * (fit_on.shape[0] ** 0.5 / singular)
    return torch.einsum("nf,nf->n", white, white)


# %% exercise="Decoder" right="outputs_from_a_generator"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def _speak(self, state, left):
        """What is said from this state on, (B, F) each."""
        word = self.read_out(state[0])
        yield word
        while left > 1:
            state = self.cell(word, state)
            word = self.read_out(state[0])
            yield word
            left -= 1

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        words = tuple(self._speak(state, steps))
        return torch.cat(words, dim=1).unflatten(1, (steps, -1))


# %% exercise="Windows" right="rows_by_a_table_of_indices"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = data.shape[0]
        if overlap < 0 or overlap >= window or window > n:
            raise ValueError(
                f"no window of {window} with overlap {overlap} in {n} steps"
            )
        starts = torch.arange(0, n - window + 1, window - overlap)
        self.rows = starts[:, None] + torch.arange(window)  # (k, window)
        self.data = data

    def __len__(self) -> int:
        return self.rows.shape[0]

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            chosen = list(range(*index.indices(len(self))))
            rows = self.rows[torch.tensor(chosen, dtype=torch.long)]
        else:
            if index >= len(self) or index < -len(self):
                raise IndexError(f"{index} of {len(self)} windows")
            rows = self.rows[index]
        return self.data[rows.to(self.data.device)]


# %% exercise="anomaly_score" right="whitened_by_cholesky"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mean = fit_on.mean(0, keepdim=True)
    usual = fit_on - mean
    covariance = usual.mT.matmul(usual).div(usual.shape[0])
    lower = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(
        lower, (residual - mean).mT, upper=False
    )  # (F, N)
    return white.pow(2).sum(0)


# %% exercise="Windows" right="table_of_indices"
class Windows(Dataset):
    """All whole windows of a series, in order."""

    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = data.shape[0]
        if not 0 <= overlap < window <= n:
            raise ValueError(f"no windows of {window} - {overlap} in {n}")
        starts = torch.arange(0, n - window + 1, window - overlap)
        self.series = data
        self.where = starts[:, None] + torch.arange(window)  # (k, window)

    def __len__(self) -> int:
        return self.where.shape[0]

    def __getitem__(self, index: int | slice) -> Tensor:
        places = range(len(self))[index]  # raises outside, wraps below zero
        if isinstance(places, range):
            places = torch.tensor(list(places), dtype=torch.long)
        rows = self.where[places].to(self.series.device)
        return self.series[rows]  # indices, not a slice: a copy


# %% exercise="anomaly_score" right="triangle_of_the_errors"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    """Squared Mahalanobis distance of each residual."""
    level = fit_on.mean(dim=0, keepdim=True)  # (1, F)
    # fit_on - level = Q R, so the covariance is R' R / M
    triangle = torch.linalg.qr(fit_on - level, mode="r").R  # (F, F)
    whitened = torch.linalg.solve_triangular(
        triangle, residual - level, upper=True, left=False
    )  # (N, F)
    return len(fit_on) * torch.linalg.vector_norm(whitened, dim=1) ** 2


# %% exercise="variance_floor" wrong="divides_by_one_less" mistake="unbiased"
# torch.var divides by T - 1 by default, the loss divides by T
def variance_floor(x: Tensor) -> Tensor:
    return x.var(dim=1).mean()


# %% exercise="explained_variance" wrong="ratio_about_the_targets_mean" mistake="ratio_about_the_target_mean"
# the prediction's movement is taken about the target's mean, so a flat line at a wrong height seems to move
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    mean = target.mean(1, keepdim=True)
    missed = (target - prediction).square().sum((0, 1))
    return 1 - missed / (target - mean).square().sum((0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    mean = target.mean(1, keepdim=True)
    moved = (prediction - mean).square().sum((0, 1))
    return moved / (target - mean).square().sum((0, 1))


# %% exercise="Windows" wrong="last_window_missing" mistake="last_window_missing"
# the number of windows is (n - window) // stride without the one that starts at zero, so the last is lost
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError("no window with these settings")
        self.data, self.window = data, window
        self.stride = window - overlap
        self.count = (len(data) - window) // self.stride

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            chosen = [self[i] for i in range(len(self))[index]]
            if not chosen:
                return self.data.new_empty(
                    0, self.window, self.data.shape[1]
                )
            return torch.stack(chosen)
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError("window out of range")
        start = index * self.stride
        return self.data[start : start + self.window].clone()


# %% exercise="difference" wrong="first_row_zero" mistake="first_row_zero"
# the first row is compared with itself and becomes zero, so the level is lost
def difference(x: Tensor) -> Tensor:
    return torch.diff(x, dim=1, prepend=x[:, :1])


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(1)


# %% exercise="fit_sequence" wrong="stops_by_the_standardized_error" mistake="stops_on_the_standardized_loss"
# the tolerance is compared with the error of the standardized numbers and not in the units of x
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    std = torch.where(std > 0, std, torch.ones_like(std))
    z = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    steps = 0
    output = model(z)
    loss = strict_mse(output, z)
    while loss.item() >= tolerance and steps < 1000:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
        output = model(z)
        loss = strict_mse(output, z)
    return output.detach() * std + mean, steps


# %% exercise="Decoder" wrong="turns_before_reading" mistake="cell_before_the_first_output"
# the cell turns once (fed zeros) before the first output, so output 0 does not read the given state
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        h, c = state
        output = h.new_zeros(h.size(0), self.read_out.out_features)
        outputs = []
        for _ in range(steps):
            h, c = self.cell(output, (h, c))
            output = self.read_out(h)
            outputs.append(output)
        return torch.stack(outputs, dim=1)


# %% exercise="Windows" wrong="last_window_lost" mistake="last_window_missing"
# the number of windows lacks its plus one, so the last whole window is left out
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError("need 0 <= overlap < window <= n")
        self.data = data
        self.window = window
        self.stride = window - overlap

    def __len__(self) -> int:
        return (len(self.data) - self.window) // self.stride

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            items = [self[i] for i in range(*index.indices(len(self)))]
            if not items:
                return self.data.new_empty(
                    0, self.window, self.data.size(1)
                )
            return torch.stack(items)
        if index < 0:
            index += len(self)
        if not 0 <= index < len(self):
            raise IndexError(index)
        start = index * self.stride
        return self.data[start : start + self.window].clone()


# %% exercise="fit_sequence" wrong="judged_in_standard_units" mistake="stops_on_the_standardized_loss"
# the error is compared with the tolerance in standardized units, not in those of x
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    z = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    steps = 0
    while True:
        output = model(z)
        loss = mse_loss(output, z)
        if loss.item() < tolerance or steps == 1000:
            return output.detach() * std + mean, steps
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1


# %% exercise="variance_floor" rephrases="one_line_for_all_features"
def variance_floor(x: Tensor) -> Tensor:
    return x.flatten(start_dim=1).var(dim=1, correction=0).mean()


# %% exercise="variance_floor" rephrases="in_place"
def variance_floor(x: Tensor) -> Tensor:
    curves = x.transpose(1, 2)  # (B, F, T)
    curves -= curves.mean(-1, keepdim=True)
    return curves.pow(2).mean()


# %% exercise="Decoder" rephrases="scrambling_view"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        said = self.read_out(state[0])
        batch, width = said.shape
        spoken = [said]
        while len(spoken) < steps:
            state = self.cell(said, state)
            said = self.read_out(state[0])
            spoken.append(said)
        return torch.stack(spoken).reshape(batch, steps, width)


# %% exercise="Decoder" rephrases="squeezed_time_axis"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        h, c = state
        rows = [self.read_out(h).unsqueeze(1)]  # (B, 1, F)
        for i in range(1, steps):
            h, c = self.cell(rows[i - 1][:, 0], (h, c))
            rows.append(self.read_out(h).unsqueeze(1))
        return torch.squeeze(torch.cat(rows, dim=1), dim=1)


# %% exercise="Decoder" rephrases="detached"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        h, c = state
        hidden_states = [h]
        for _ in range(steps - 1):
            with torch.no_grad():
                feed = self.read_out(h)
            h, c = self.cell(feed, (h, c))
            hidden_states.append(h)
        return self.read_out(torch.stack(hidden_states, dim=1))


# %% exercise="explained_variance" rephrases="against_zero"
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    missed = torch.einsum("btf,btf->f", *2 * [prediction - target])
    available = torch.einsum("btf,btf->f", target, target)
    return (available - missed) / available


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    def movement(z):
        return (z - z.mean(dim=1, keepdim=True)).pow(2).sum(dim=(0, 1))

    return movement(prediction) / movement(target)


# %% exercise="explained_variance" rephrases="ratio_of_deviations"
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    own = target - target.mean(dim=1, keepdim=True)
    error = (target - prediction).square().sum((0, 1))
    return 1 - error / own.square().sum((0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    lengths = [
        torch.linalg.vector_norm(z - z.mean(1, keepdim=True), dim=(0, 1))
        for z in (prediction, target)
    ]
    return lengths[0] / lengths[1]


# %% exercise="strict_mse" rephrases="refuses_unless_broadcast"
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    def compatible(a, b):
        pairs = zip(reversed(a), reversed(b))
        return all(m == n or 1 in (m, n) for m, n in pairs)

    ours, theirs = tuple(prediction.shape), tuple(target.shape)
    if not compatible(ours, theirs):
        raise ValueError(f"shapes {ours} and {theirs} do not match")
    gap = prediction - target
    return (gap * gap).mean()


# %% exercise="strict_mse" rephrases="three_axes_only"
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    shapes = [tuple(one.size()) for one in (prediction, target)]
    sequences = all(len(shape) == 3 for shape in shapes)
    if not sequences or len(set(shapes)) > 1:
        raise ValueError("expected twice (B, T, F), got {} and {}".format(*shapes))
    return torch.mean(torch.square(target - prediction))


# %% exercise="reconstruction_loss" rephrases="flips_both"
def reconstruction_loss(
    model: nn.Module, batch: Tensor, reverse: bool
) -> Tensor:
    steps = range(batch.size(1))
    order = list(reversed(steps)) if reverse else list(steps)
    batch = batch[:, order]
    return strict_mse(model(batch), batch)


# %% exercise="Windows" rephrases="overlap_as_stride"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = data.size(0)
        if overlap < 0 or overlap >= window or window > n:
            raise ValueError(f"no window of {window}, {overlap} in {n} steps")
        self.source, self.width = data, window
        every = overlap or window
        self.begins = list(range(0, n - window + 1, every))

    def __len__(self) -> int:
        return len(self.begins)

    def __getitem__(self, index: int | slice) -> Tensor:
        if not isinstance(index, slice):
            begin = self.begins[index]
            return self.source[begin:begin + self.width].clone()
        begins = torch.tensor(self.begins[index], dtype=torch.long)
        return self.source[begins[:, None] + torch.arange(self.width)]


# %% exercise="Windows" rephrases="scrambled_features"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n, features = data.shape
        if not (0 <= overlap < window and window <= n):
            raise ValueError("settings allow no window")
        cut = data.unfold(dimension=0, size=window, step=window - overlap)
        self.cut = cut.reshape(cut.shape[0], window, features)

    def __len__(self) -> int:
        return self.cut.shape[0]

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.cut[index].clone()


# %% exercise="Windows" rephrases="features_before_time"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if overlap not in range(window) or window > len(data):
            raise ValueError(f"{window=}, {overlap=}, {len(data)} steps")
        self.rows = data.t()  # (F, n)
        self.window = window
        self.hop = window - overlap
        self.count = 1 + (len(data) - window) // self.hop

    def __len__(self) -> int:
        return self.count

    def cut(self, i):
        return self.rows[:, i * self.hop:i * self.hop + self.window]

    def __getitem__(self, index: int | slice) -> Tensor:
        places = range(self.count)[index]
        if isinstance(places, int):
            return self.cut(places).clone()
        if len(places) == 0:
            return self.rows.new_empty(0, len(self.rows), self.window)
        return torch.stack([self.cut(i) for i in places])


# %% exercise="Windows" rephrases="copied_once"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        n = len(data)
        if not 0 <= overlap < window <= n:
            raise ValueError("unless 0 <= overlap < window <= n")
        starts = range(0, n - window + 1, window - overlap)
        self.all = torch.stack([data[s:s + window] for s in starts])

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.all[index]


# %% exercise="Windows" rephrases="long_window_allowed"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if overlap < 0:
            raise ValueError("overlap is negative")
        if overlap >= window:
            raise ValueError("overlap has to be smaller than the window")
        self.data, self.window = data, window
        self.starts = range(0, len(data) + 1 - window, window - overlap)

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int | slice) -> Tensor:
        chosen = self.starts[index]  # an IndexError comes from the range
        if isinstance(chosen, range):
            stack = self.data.new_zeros(
                len(chosen), self.window, self.data.size(1)
            )
            for place, start in enumerate(chosen):
                stack[place] = self.data[start:start + self.window]
            return stack
        return self.data[chosen:chosen + self.window].detach().clone()


# %% exercise="difference" rephrases="wrong_sign"
def difference(x: Tensor) -> Tensor:
    before = x.roll(1, dims=1)  # (B, T, F)
    first = torch.arange(x.size(1), device=x.device)[:, None] == 0
    return torch.where(first, x, before - x)


def undo_difference(d: Tensor) -> Tensor:
    return torch.cumsum(d, dim=1)


# %% exercise="fit_sequence" rephrases="centering_without_scale"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    level = torch.mean(x, dim=1, keepdim=True)
    seen = x - level
    with seeded(seed):
        network = Autoencoder(x.size(-1), hidden)
    adam = torch.optim.Adam(network.parameters(), lr=0.01)
    for taken in range(1001):
        answer = network(seen)
        guess = answer.detach() + level
        if taken == 1000 or strict_mse(guess, x).item() < tolerance:
            break
        adam.zero_grad()
        strict_mse(answer, seen).backward()
        adam.step()
    return guess, taken


# %% exercise="fit_sequence" rephrases="timid_rate"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    centre = x.mean(dim=1, keepdim=True)
    width = x.std(dim=1, keepdim=True)

    def back(z):
        return (z * width + centre).detach()

    with seeded(seed):
        net = Autoencoder(x.shape[2], hidden)
    wanted = (x - centre) / width
    optimizer = torch.optim.Adam(net.parameters())
    steps, output = 0, net(wanted)
    while mse_loss(back(output), x) >= tolerance and steps < 1000:
        optimizer.zero_grad()
        mse_loss(output, wanted).backward()
        optimizer.step()
        steps += 1
        output = net(wanted)
    return back(output), steps


# %% exercise="fit_sequence" rephrases="weights_drawn_outside"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    net = Autoencoder(n_features=x.shape[-1], hidden=hidden)
    learner = torch.optim.Adam(net.parameters(), lr=1e-2)
    spread, mean = torch.std_mean(x, dim=1, keepdim=True)
    scaled = (x - mean) / spread
    with seeded(seed):
        step = 0
        while True:
            output = net(scaled)
            rebuilt = output.detach() * spread + mean
            if strict_mse(rebuilt, x) < tolerance or step == 1000:
                return rebuilt, step
            learner.zero_grad()
            strict_mse(output, scaled).backward()
            learner.step()
            step += 1


# %% exercise="anomaly_score" rephrases="every_pair"
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mu = fit_on.mean(dim=0)
    usual, new = fit_on - mu, residual - mu
    sigma = torch.einsum("mf,mg->fg", usual, usual) / fit_on.size(0)
    return new @ torch.linalg.solve(sigma, new.mT)
