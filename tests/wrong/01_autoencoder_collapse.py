# %% exercise="variance_floor" mistake="global_mean" hint=1 says="One mean for all sequences and features; take the mean over time of each."
def variance_floor(x: Tensor) -> Tensor:
    return (x - x.mean()).square().mean()


# %% exercise="variance_floor" mistake="mean_over_the_batch" hint=2 says="The first axis is the batch; a sequence's mean runs over time."
def variance_floor(x: Tensor) -> Tensor:
    return (x - x.mean(dim=0, keepdim=True)).square().mean()


# %% exercise="variance_floor" mistake="one_line_for_all_sequences" hint=1 says="One constant for each feature; give every sequence its own."
def variance_floor(x: Tensor) -> Tensor:
    return (x - x.mean(dim=(0, 1), keepdim=True)).square().mean()


# %% exercise="variance_floor" mistake="one_line_for_all_features" hint=1 says="One constant for each sequence; give every feature its own."
def variance_floor(x: Tensor) -> Tensor:
    return (x - x.mean(dim=(1, 2), keepdim=True)).square().mean()


# %% exercise="variance_floor" mistake="unbiased" hint=2 says="This divides by T - 1, as var does by default; a loss divides by T."
def variance_floor(x: Tensor) -> Tensor:
    return x.var(dim=1).mean()


# %% exercise="variance_floor" mistake="median" hint=1 says="The median minimizes the absolute error; the squared error wants the mean."
def variance_floor(x: Tensor) -> Tensor:
    middle = x.median(dim=1, keepdim=True).values
    return (x - middle).square().mean()


# %% exercise="variance_floor" mistake="sum_over_features" hint=2 says="Features are added up; an MSE averages over them too."
def variance_floor(x: Tensor) -> Tensor:
    return x.var(dim=1, correction=0).sum(dim=1).mean()


# %% exercise="variance_floor" mistake="mean_of_squares" values="vary" says="Subtracting two large squares loses all digits; subtract the mean before squaring."
def variance_floor(x: Tensor) -> Tensor:
    return (x.square().mean(dim=1) - x.mean(dim=1).square()).mean()


# %% exercise="explained_variance" mistake="one_for_all_features" hint=2 says="One number for all features; keep the feature axis when you sum."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum()
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum()


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum() / flat.square().sum()


# %% exercise="explained_variance" mistake="one_score_for_all_features" hint=2 says="The ratio is right, but R² is one number; keep its feature axis too."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum()
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum()


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="one_ratio_for_all_features" hint=2 says="R² is right, but the ratio is one number; keep its feature axis too."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum() / flat.square().sum()


# %% exercise="explained_variance" mistake="against_zero" hint=2 says="This compares with predicting zero; subtract the target's mean below the line."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    return 1 - error / target.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="pooled_mean" hint=1 says="One mean for all sequences; measure each against its own mean."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=(0, 1))
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=(0, 1))
    flat = target - target.mean(dim=(0, 1))
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="pooled_mean"
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    residual = (target - prediction).square().sum((0, 1))
    total = (target - target.mean((0, 1))).square().sum((0, 1))
    return 1 - residual / total


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(1, keepdim=True)
    should = target - target.mean(1, keepdim=True)
    return moved.square().sum((0, 1)) / should.square().sum((0, 1))


# %% exercise="explained_variance" mistake="swapped" hint=2 says="Prediction and target have changed places; divide by the movement of the target."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = prediction - prediction.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return flat.square().sum((0, 1)) / moved.square().sum((0, 1))


# %% exercise="explained_variance" mistake="forgives_an_offset" says="The error's own mean is taken out; count the whole squared error."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = target - prediction
    error = error - error.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error.square().sum((0, 1)) / flat.square().sum((0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="average_of_scores" hint=2 says="Each sequence's R² counts alike; add errors over sequences before dividing."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=1)
    flat = target - target.mean(dim=1, keepdim=True)
    return (1 - error / flat.square().sum(dim=1)).mean(dim=0)


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="average_of_ratios" hint=2 says="Each sequence's ratio counts alike; add movements over sequences before dividing."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    ratio = prediction.var(dim=1) / target.var(dim=1)
    return ratio.mean(dim=0)


# %% exercise="explained_variance" mistake="ratio_of_deviations" says="This is the ratio of standard deviations; leave the squares in."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    ratio = moved.square().sum((0, 1)) / flat.square().sum((0, 1))
    return ratio.sqrt()


# %% exercise="explained_variance" mistake="ratio_about_the_target_mean" says="The prediction moves about its own mean, not about the target's; subtract its own."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    mean = target.mean(dim=1, keepdim=True)
    moved, flat = prediction - mean, target - mean
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="ratio_keeps_the_prediction_level" says="The prediction's level counts as movement; subtract its mean over time."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    flat = target - target.mean(dim=1, keepdim=True)
    return prediction.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="explained_variance" mistake="ratio_keeps_the_target_level" hint=2 says="The target's level counts as movement; subtract its mean over time."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / flat.square().sum(dim=(0, 1))


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / target.square().sum((0, 1))


# %% exercise="difference" mistake="view_alias" hint=2 says="The saved first row is a view, so restoring it does nothing; work on a copy."
def difference(x: Tensor) -> Tensor:
    first = x[:, 0]
    x -= x.roll(1, dims=1)
    x[:, 0] = first
    return x


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="roll_wraps_around" hint=2 says="Rolling puts the last row before the first; keep the first row as it is."
def difference(x: Tensor) -> Tensor:
    return x - x.roll(1, dims=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="first_row_zero" hint=1 says="A first row of zeros loses the level; keep the first row as it is."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1] * 0, x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="first_row_dropped" hint=1 says="One row is missing, and the level with it; put the first row in front."
def difference(x: Tensor) -> Tensor:
    return x.diff(dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="wrong_sign" says="The sign is turned; a change is the later value minus the earlier."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, :-1] - x[:, 1:]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="runs_into_the_next_sequence" hint=2 says="Flattening lets one sequence run into the next; difference along the time axis."
def difference(x: Tensor) -> Tensor:
    rows = x.reshape(-1, x.size(2))
    changes = torch.cat([rows[:1], rows.diff(dim=0)])
    return changes.view_as(x)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="runs_into_the_next_sequence"
def difference(x: Tensor) -> Tensor:
    rows = x.reshape(-1, x.shape[-1])
    changes = torch.diff(rows, dim=0)
    return torch.cat([rows[:1], changes], dim=0).reshape(x.shape)


def undo_difference(d: Tensor) -> Tensor:
    rows = d.reshape(-1, d.shape[-1])
    return torch.cumsum(rows, dim=0).reshape(d.shape)


# %% exercise="difference" mistake="sum_runs_into_the_next_sequence" says="Flattening lets the sum run on into the next sequence; sum along the time axis."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.reshape(-1, d.size(2)).cumsum(dim=0).view_as(d)


# %% exercise="difference" mistake="undo_over_the_batch" says="The sum runs over the batch; sum along time."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=0)


# %% exercise="difference" mistake="undo_forgets_what_came_before" hint=2 says="Only the last change is added; add up all changes so far."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    return torch.cat([d[:, :1], d[:, 1:] + d[:, :-1]], dim=1)


# %% exercise="difference" mistake="differences_in_place" hint=2 says="An assignment gives a second name, not a copy; the caller's data changes, so clone it."
def difference(x: Tensor) -> Tensor:
    d = x
    d[:, 1:] = x[:, 1:] - x[:, :-1]
    return d


def undo_difference(d: Tensor) -> Tensor:
    return d.cumsum(dim=1)


# %% exercise="difference" mistake="undoes_in_place" says="The loop adds into the caller's tensor; write into a new one."
def difference(x: Tensor) -> Tensor:
    return torch.cat([x[:, :1], x[:, 1:] - x[:, :-1]], dim=1)


def undo_difference(d: Tensor) -> Tensor:
    for t in range(1, d.size(1)):
        d[:, t] += d[:, t - 1]
    return d


# %% exercise="Decoder" mistake="scrambling_view" hint=2 says="A view cannot swap time and batch; stack the outputs on a new axis 1."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.cat(outputs).view(h.size(0), steps, -1)


# %% exercise="Decoder" mistake="stacked_on_axis_0" hint=2 says="Time comes first here; the batch is the first axis, so stack on axis 1."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs)


# %% exercise="Decoder" mistake="cat_on_axis_0" hint=2 says="cat on axis 0 makes a batch of B times T; stack the steps on a new axis."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.cat(outputs)


# %% exercise="Decoder" mistake="cat_on_axis_0"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        hx, cx = state
        said = [self.read_out(hx)]
        while len(said) < steps:
            hx, cx = self.cell(said[-1], (hx, cx))
            said.append(self.read_out(hx))
        return torch.cat(said, dim=0).unsqueeze(0)


# %% exercise="Decoder" mistake="bare_squeeze" says="A bare squeeze also drops a batch or a time axis of one; drop none."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1).squeeze()


# %% exercise="Decoder" mistake="squeezed_time_axis" says="squeeze(1) drops the time axis when steps is 1; keep it."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1).squeeze(1)


# %% exercise="Decoder" mistake="third_module" values="vary" says="There is a third module, which nothing uses; own `cell` and `read_out` only."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)
        self.start = nn.Linear(n_features, hidden)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="cell_before_the_first_output" hint=1 says="The cell runs before the first output; read the given state first."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        output, outputs = self.read_out(h) * 0, []
        for _ in range(steps):
            h, c = self.cell(output, (h, c))
            output = self.read_out(h)
            outputs.append(output)
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="cell_before_the_first_output"
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        h, c = state
        output = self.read_out(h)
        outputs = []
        for _ in range(steps):
            h, c = self.cell(output, (h, c))
            output = self.read_out(h)
            outputs.append(output)
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="fed_with_zeros" hint=1 says="The cell is fed zeros at every step; feed it what it has just produced."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[0] * 0, (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="fed_with_the_first_output" hint=2 says="The cell is fed the first output again and again; feed the latest one."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        output = self.read_out(h)
        outputs = [output]
        for _ in range(steps - 1):
            h, c = self.cell(output, (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="cell_state_left_behind" hint=2 says="Only h moves on; carry the cell state c from step to step too."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, _ = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="detached" says="Detaching the output cuts the gradient between steps; feed it as it is."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1].detach(), (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="preallocated" says="torch.zeros ignores the state's dtype and device; stack the outputs, or make them alike."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        output = self.read_out(h)
        outputs = torch.zeros(h.size(0), steps, output.size(1))
        outputs[:, 0] = output
        for t in range(1, steps):
            h, c = self.cell(output, (h, c))
            output = self.read_out(h)
            outputs[:, t] = output
        return outputs


# %% exercise="Decoder" mistake="outputs_kept_on_self" says="The list lives on the module and keeps growing; start a new one each call."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)
        self.outputs = []

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        self.outputs.append(self.read_out(h))
        for _ in range(steps - 1):
            h, c = self.cell(self.outputs[-1], (h, c))
            self.outputs.append(self.read_out(h))
        return torch.stack(self.outputs, dim=1)


# %% exercise="Decoder" mistake="whole_lstm" says="`cell` is a whole nn.LSTM; the exercise asks for one nn.LSTMCell."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTM(n_features, hidden, batch_first=True)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state[0][None], state[1][None]
        outputs = [self.read_out(h[0])]
        for _ in range(steps - 1):
            _, (h, c) = self.cell(outputs[-1][:, None], (h, c))
            outputs.append(self.read_out(h[0]))
        return torch.stack(outputs, dim=1)


# %% exercise="strict_mse" mistake="broadcasts" hint=1 says="Different shapes broadcast in silence; compare the shapes first and raise ValueError."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="counts_entries" hint=2 says="As many entries is not the same shape; compare the shapes."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.numel() != target.numel():
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="counts_axes" hint=2 says="As many axes is not the same shape; compare the shapes."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.ndim != target.ndim:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="compares_the_batch_only" hint=2 says="Only the first axis is compared; compare the whole shape."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape[:1] != target.shape[:1]:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="asserts" hint=2 says="An assertion is no ValueError, and python -O removes it; raise the error yourself."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    shapes = f"{prediction.shape} and {target.shape}"
    assert prediction.shape == target.shape, shapes
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="refuses_unless_broadcast" hint=1 says="This only forbids what torch refuses anyway; forbid every difference of shapes."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    try:
        return (prediction - target).square().mean()
    except RuntimeError as error:
        raise ValueError(str(error)) from error


# %% exercise="strict_mse" mistake="broadcasts_before_comparing" hint=2 says="Shapes that cannot broadcast end in torch's RuntimeError; compare before anything else."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    one, other = torch.broadcast_tensors(prediction, target)
    if (one.shape, other.shape) != (prediction.shape, target.shape):
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="always_raises" says="`is not` asks for one object, so equal shapes are refused; use !=."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape is not target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="three_axes_only" says="Equal shapes with fewer axes are refused; any equal shapes will do."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.ndim != 3 or prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="nameless_refusal" says="The error does not say which shapes met; put both into its message."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError("prediction and target differ in shape")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="names_one_shape" says="The error names only one of the two shapes; name both."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError(f"unexpected shape {prediction.shape}")
    return (prediction - target).square().mean()


# %% exercise="strict_mse" mistake="summed" says="The squares are summed; average them."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return (prediction - target).square().sum()


# %% exercise="strict_mse" mistake="no_gradient" says="item() leaves the graph, so nothing can be trained; return the tensor."
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    if prediction.shape != target.shape:
        raise ValueError(f"{prediction.shape} and {target.shape}")
    return torch.tensor((prediction - target).square().mean().item())


# %% exercise="Windows" mistake="ignored_overlap" hint=1 says="The overlap is ignored; the next window starts window - overlap steps on."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="overlap_as_stride" hint=1 says="The overlap is used as the stride; the stride is window - overlap."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, overlap)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="short_tail" hint=1 says="The last window is shorter than the others; leave the tail out."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data), window - overlap)
        self.items = [data[s : s + window] for s in starts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return torch.stack(self.items[index])
        return self.items[index].clone()


# %% exercise="Windows" mistake="short_tail"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        length = data.shape[0]
        if not 0 <= overlap < window <= length:
            raise ValueError("need 0 <= overlap < window <= n")
        self.series, self.size = data, window
        hop = window - overlap
        self.starts = list(range(0, length - overlap, hop))

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            chosen = self.starts[index]
            if len(chosen) == 0:
                return self.series.new_zeros(0, self.size, self.series.shape[1])
            return torch.stack([self.series[s : s + self.size] for s in chosen])
        s = self.starts[index]
        return self.series[s : s + self.size].clone()


# %% exercise="Windows" mistake="last_window_missing" hint=1 says="The last whole window is missing; a range ends before its stop."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data) - window, window - overlap)
        self.items = [data[s : s + window] for s in starts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return torch.stack(self.items[index])
        return self.items[index].clone()


# %% exercise="Windows" mistake="scrambled_features" hint=2 says="unfold puts time last, and reshape does not move it back; transpose."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.reshape(len(views), window, -1)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="features_before_time" hint=2 says="Items are (F, window); time comes first."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        self.items = data.unfold(0, window, window - overlap)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="views_of_the_data" hint=2 says="Items share memory with the data and with each other; copy each one."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index]


# %% exercise="Windows" mistake="copied_once" hint=2 says="The windows are copied once but handed out themselves; copy each item."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index]


# %% exercise="Windows" mistake="slices_are_views" hint=2 says="Single items are copies, slices are not; copy both."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return self.items[index]
        return self.items[index].clone()


# %% exercise="Windows" mistake="slices_are_views"
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if overlap < 0 or overlap >= window or window > len(data):
            raise ValueError(f"no window of {window}, overlap {overlap}")
        self.all = data.unfold(0, window, window - overlap).mT  # (k, w, F)

    def __len__(self) -> int:
        return self.all.size(0)

    def __getitem__(self, index: int | slice) -> Tensor:
        match index:
            case slice():
                return self.all[index]
            case _:
                if not -len(self) <= index < len(self):
                    raise IndexError(f"window {index} of {len(self)}")
                return self.all[index].clone()


# %% exercise="Windows" mistake="items_are_views" hint=2 says="Slices are stacked into copies, single items still share memory; copy them too."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data) - window + 1, window - overlap)
        self.items = [data[s : s + window] for s in starts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return torch.stack(self.items[index])
        return self.items[index]


# %% exercise="Windows" mistake="no_slices" says="A slice is multiplied like a number; treat ints and slices apart."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        self.data, self.window = data, window
        self.stride = window - overlap

    def __len__(self) -> int:
        return (len(self.data) - self.window) // self.stride + 1

    def __getitem__(self, index: int | slice) -> Tensor:
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        start = index % len(self) * self.stride
        return self.data[start : start + self.window].clone()


# %% exercise="Windows" mistake="slices_are_lists" says="A slice gives a list of windows; stack them into one tensor."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data) - window + 1, window - overlap)
        self.items = [data[s : s + window].clone() for s in starts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return [item.clone() for item in self.items[index]]
        return self.items[index].clone()


# %% exercise="Windows" mistake="no_end" says="Items past the last are handed out, short or empty; raise IndexError."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        self.data, self.window = data, window
        self.stride = window - overlap

    def __len__(self) -> int:
        return (len(self.data) - self.window) // self.stride + 1

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            chosen = range(*index.indices(len(self)))
            return torch.stack([self[i] for i in chosen])
        if index < 0:
            index += len(self)
        start = index * self.stride
        return self.data[start : start + self.window].clone()


# %% exercise="Windows" mistake="counts_forward_only" says="Item -1 is empty, for a negative index is multiplied like any other; count it from the end."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        self.data, self.window = data, window
        self.stride = window - overlap

    def __len__(self) -> int:
        return (len(self.data) - self.window) // self.stride + 1

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            chosen = range(*index.indices(len(self)))
            return torch.stack([self[i] for i in chosen])
        if index >= len(self):
            raise IndexError(index)
        start = index * self.stride
        return self.data[start : start + self.window].clone()


# %% exercise="Windows" mistake="full_overlap_allowed" values="vary" hint=2 says="A window that overlaps itself wholly never moves on; refuse overlap >= window."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap <= window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="negative_overlap_allowed" hint=2 says="A negative overlap skips steps between windows; refuse it."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not overlap < window <= len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        views = data.unfold(0, window, window - overlap)
        self.items = views.transpose(1, 2).contiguous()

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="Windows" mistake="long_window_allowed" values="vary" hint=2 says="A window longer than the data is not refused; raise ValueError."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window:
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data) - window + 1, window - overlap)
        self.items = [data[s : s + window].clone() for s in starts]

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        if isinstance(index, slice):
            return torch.stack(self.items[index])
        return self.items[index].clone()


# %% exercise="Windows" mistake="whole_series_refused" says="One window as long as the data is allowed; refuse only longer ones."
class Windows(Dataset):
    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        if not 0 <= overlap < window < len(data):
            raise ValueError(f"window {window}, overlap {overlap}")
        starts = range(0, len(data) - window + 1, window - overlap)
        self.items = torch.stack([data[s : s + window] for s in starts])

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int | slice) -> Tensor:
        return self.items[index].clone()


# %% exercise="reconstruction_loss" mistake="ignores_reverse" hint=1 says="The target never turns; flip it along time when reverse is set."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    return strict_mse(model(batch), batch)


# %% exercise="reconstruction_loss" mistake="flips_only_in_training" hint=1 says="Validation measures against the unflipped target; flip in both."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    turned = reverse and model.training
    target = batch.flip(1) if turned else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="flips_only_in_validation" hint=1 says="Training measures against the unflipped target; flip in both."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    turned = reverse and not model.training
    target = batch.flip(1) if turned else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="training_always_flips" hint=1 says="Training turns the target even without reverse; flip only when asked."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    turned = reverse or model.training
    target = batch.flip(1) if turned else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="always_flips" says="The target turns even without reverse; flip only when asked."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    return strict_mse(model(batch), batch.flip(1))


# %% exercise="reconstruction_loss" mistake="flips_features" hint=2 says="The last axis holds the features; flip the time axis."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    target = batch.flip(2) if reverse else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="flips_the_batch" hint=2 says="The first axis is the batch; flip the time axis."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    target = batch.flip(0) if reverse else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="flips_time_and_features" hint=2 says="Two axes are flipped; flip time alone."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    target = batch.flip(1, 2) if reverse else batch
    return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="flips_the_input" hint=1 says="The model is fed the flipped batch; flip the target and feed the batch itself."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    fed = batch.flip(1) if reverse else batch
    return strict_mse(model(fed), batch)


# %% exercise="reconstruction_loss" mistake="flips_both" hint=1 says="Input and target are flipped, so nothing runs backwards; flip the target alone."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    if reverse:
        batch = batch.flip(1)
    return strict_mse(model(batch), batch)


# %% exercise="reconstruction_loss" mistake="no_gradient" says="No gradient reaches the model, so it cannot learn; keep the graph."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    target = batch.flip(1) if reverse else batch
    with torch.no_grad():
        return strict_mse(model(batch), target)


# %% exercise="reconstruction_loss" mistake="summed_over_time" hint=2 says="Errors are summed over time; the loss is a mean over all axes."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    target = batch.flip(1) if reverse else batch
    return (model(batch) - target).square().sum(1).mean()


# %% exercise="fit_sequence" mistake="raw_data" hint=1 says="The network is fed the raw data; standardize each feature over time first."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(x)
        if step == 1000 or strict_mse(output, x) < tolerance:
            return output.detach(), step
        optimizer.zero_grad()
        strict_mse(output, x).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="scale_without_centering" hint=2 says="The features are scaled but not centered; subtract each mean first."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    std = x.std(1, keepdim=True)
    scaled = x / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="centering_without_scale" hint=2 says="The features are centered but keep their units; divide by each deviation."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean = x.mean(1, keepdim=True)
    centered = x - mean
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(centered)
        restored = output.detach() + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, centered).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="one_mean_for_all_features" hint=2 says="One mean and one scale for all features; standardize each by its own."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(), x.std()
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="one_mean_for_all_features"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    level, spread = x.mean(), x.std(correction=0)
    if spread == 0:
        spread = torch.ones_like(spread)
    z = (x - level) / spread
    with seeded(seed):
        model = Autoencoder(x.shape[-1], hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    taken = 0
    while True:
        guess = model(z)
        answer = guess.detach() * spread + level
        if mse_loss(answer, x) < tolerance or taken == 1000:
            return answer, taken
        optimizer.zero_grad()
        mse_loss(guess, z).backward()
        optimizer.step()
        taken += 1


# %% exercise="fit_sequence" mistake="timid_rate" hint=2 says="The features are ready but the steps are tiny; try a larger learning rate."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="stops_on_the_standardized_loss" hint=1 says="The tolerance is compared with the standardized loss; compare in the units of x."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        loss = strict_mse(output, scaled)
        if step == 1000 or loss < tolerance:
            return output.detach() * std + mean, step
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="stops_on_the_standardized_loss"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    mean = x.mean(1, keepdim=True)
    std = x.var(1, keepdim=True, correction=0).sqrt()
    std = std + (std == 0)
    normal = (x - mean) / std
    with seeded(seed):
        autoencoder = Autoencoder(x.size(-1), hidden)
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr=1e-2)
    steps = 0
    output = autoencoder(normal)
    loss = strict_mse(output, normal)
    while loss.item() >= tolerance and steps < 1000:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps += 1
        output = autoencoder(normal)
        loss = strict_mse(output, normal)
    return output.detach() * std + mean, steps


# %% exercise="fit_sequence" mistake="returns_the_standardized" says="The reconstruction is still standardized; give it back its scale and its mean."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return output.detach(), step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="steps_before_looking" hint=2 says="It steps once even where the tolerance is met; measure before you step."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1, 1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step


# %% exercise="fit_sequence" mistake="counts_one_too_many" hint=2 says="The count is one more than the steps taken; none taken is zero."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1, 1002):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1001 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="counts_one_too_few" hint=2 says="The count is the index of the last step, one less than the steps taken."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    output = model(scaled)
    restored = output.detach() * std + mean
    if strict_mse(restored, x) < tolerance:
        return restored, 0
    for step in range(1000):
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()
        output = model(scaled)
        restored = output.detach() * std + mean
        if strict_mse(restored, x) < tolerance:
            return restored, step
    return restored, 1000


# %% exercise="fit_sequence" mistake="counts_one_too_few"
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    mu = x.mean(1, keepdim=True)
    sigma = x.std(1, keepdim=True, correction=0)
    sigma = torch.where(sigma > 0, sigma, torch.ones_like(sigma))
    inputs = (x - mu) / sigma
    with seeded(seed):
        model = Autoencoder(x.shape[-1], hidden)
    opt = torch.optim.Adam(model.parameters(), lr=0.01)
    output, last = model(inputs), 0
    for step in range(1000):
        if mse_loss(output.detach() * sigma + mu, x) < tolerance:
            break
        opt.zero_grad()
        mse_loss(output, inputs).backward()
        opt.step()
        output, last = model(inputs), step
    return output.detach() * sigma + mu, last


# %% exercise="fit_sequence" mistake="returns_nothing_at_the_limit" says="After the last step nothing is returned; return what was reached."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1000):
        output = model(scaled)
        restored = output.detach() * std + mean
        if strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="gives_up_after_sixty" says="Sixty steps are the aim, not the limit; go on, up to a thousand."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(seed):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(61):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 60 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="seeds_everybody" says="torch.manual_seed changes the caller's random numbers; use seeded(seed)."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    torch.manual_seed(seed)
    model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="same_weights_always" values="vary" says="The seed is fixed inside; use the one that is given."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    with seeded(0):
        model = Autoencoder(x.size(2), hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1001):
        output = model(scaled)
        restored = output.detach() * std + mean
        if step == 1000 or strict_mse(restored, x) < tolerance:
            return restored, step
        optimizer.zero_grad()
        strict_mse(output, scaled).backward()
        optimizer.step()


# %% exercise="fit_sequence" mistake="weights_drawn_outside" says="The weights are drawn before the seed is set; build the model inside seeded(seed)."
def fit_sequence(x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4) -> tuple[Tensor, int]:
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    scaled = (x - mean) / std
    model = Autoencoder(x.size(2), hidden)
    with seeded(seed):
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
        for step in range(1001):
            output = model(scaled)
            restored = output.detach() * std + mean
            if step == 1000 or strict_mse(restored, x) < tolerance:
                return restored, step
            optimizer.zero_grad()
            strict_mse(output, scaled).backward()
            optimizer.step()


# %% exercise="anomaly_score" mistake="fitted_on_the_test_set" hint=2 says="Mean and covariance come from the residuals to be scored; take them from fit_on."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - residual.mean(dim=0)
    covariance = gap.T @ gap / len(residual)
    return (gap * torch.linalg.solve(covariance, gap.T).T).sum(1)


# %% exercise="anomaly_score" mistake="centered_on_the_test_set" hint=2 says="The mean comes from the residuals to be scored; take it from fit_on."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - residual.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    return (gap @ torch.linalg.inv(covariance) * gap).sum(dim=1)


# %% exercise="anomaly_score" mistake="missing_inverse" hint=2 says="The covariance multiplies where it should divide; use its inverse, or solve."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    return (gap @ covariance * gap).sum(dim=1)


# %% exercise="anomaly_score" mistake="features_one_by_one" hint=1 says="Only the variances are used; the inverse of the whole covariance is needed."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    return (gap.square() / fit_on.var(dim=0, correction=0)).sum(dim=1)


# %% exercise="anomaly_score" mistake="mean_forgotten" hint=2 says="The residuals' usual mean is not subtracted; measure from the mean of fit_on."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    covariance = torch.cov(fit_on.T, correction=0)
    inverse = torch.linalg.inv(covariance)
    return (residual @ inverse * residual).sum(dim=1)


# %% exercise="anomaly_score" mistake="second_moment" says="The covariance is not centered; subtract the mean of fit_on before multiplying."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    moment = fit_on.T @ fit_on / len(fit_on)
    return (gap @ torch.linalg.inv(moment) * gap).sum(dim=1)


# %% exercise="anomaly_score" mistake="unbiased_covariance" hint=2 says="The covariance is divided by M - 1; divide by M."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T)
    return (gap @ torch.linalg.inv(covariance) * gap).sum(dim=1)


# %% exercise="anomaly_score" mistake="negative" says="The sign is turned, so the unusual scores low; make it high."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    return -(gap @ torch.linalg.inv(covariance) * gap).sum(dim=1)


# %% exercise="anomaly_score" mistake="distance_not_squared" says="This is the distance; return its square."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    squared = (gap @ torch.linalg.inv(covariance) * gap).sum(dim=1)
    return squared.sqrt()


# %% exercise="anomaly_score" mistake="every_pair" hint=2 says="This is (N, N), each residual against every other; keep the diagonal only."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    return gap @ torch.linalg.inv(covariance) @ gap.T


# %% exercise="anomaly_score" mistake="bare_squeeze" says="A bare squeeze turns one score into a scalar; keep the axis of residuals."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    gap = residual - fit_on.mean(dim=0)
    covariance = torch.cov(fit_on.T, correction=0)
    inverse = torch.linalg.inv(covariance)
    return (gap[:, None] @ inverse @ gap[:, :, None]).squeeze()


# %% exercise="variance_floor" mistake="in_place" values="vary" says="The caller's x is centered too; subtract into a new tensor."
def variance_floor(x: Tensor) -> Tensor:
    x -= x.mean(dim=1, keepdim=True)
    return x.square().mean()


# %% exercise="explained_variance" mistake="padded_denominator" values="vary" says="A constant in the denominator weighs on small units; divide by the deviation alone."
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    error = (target - prediction).square().sum(dim=(0, 1))
    flat = target - target.mean(dim=1, keepdim=True)
    return 1 - error / (flat.square().sum(dim=(0, 1)) + 1e-4)


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    moved = prediction - prediction.mean(dim=1, keepdim=True)
    flat = target - target.mean(dim=1, keepdim=True)
    return moved.square().sum((0, 1)) / flat.square().sum((0, 1))


# %% exercise="reconstruction_loss" mistake="flips_only_with_gradients" hint=1 says="Under no_grad the target stays unflipped; let reverse alone decide."
def reconstruction_loss(model: nn.Module, batch: Tensor, reverse: bool) -> Tensor:
    turned = reverse and torch.is_grad_enabled()
    target = batch.flip(1) if turned else batch
    return strict_mse(model(batch), target)


# %% exercise="anomaly_score" mistake="in_place" says="The caller's errors are centered too; subtract into new tensors."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mean = fit_on.mean(dim=0)
    fit_on -= mean
    residual -= mean
    covariance = fit_on.T @ fit_on / len(fit_on)
    return (residual * torch.linalg.solve(covariance, residual.T).T).sum(1)


# %% exercise="anomaly_score" mistake="heavy_ridge" values="vary" says="A constant on the diagonal outweighs small covariances; leave it out or scale it."
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    mean = fit_on.mean(dim=0)
    centered = fit_on - mean
    covariance = centered.T @ centered / len(fit_on)
    covariance = covariance + 1e-3 * torch.eye(len(mean))
    gap = residual - mean
    return (gap * torch.linalg.solve(covariance, gap.T).T).sum(1)


# %% exercise="variance_floor" mistake="mean_over_features" hint=2 says="That mean mixes the features of a step; average over time, axis 1."
def variance_floor(x: Tensor) -> Tensor:
    return (x - x.mean(dim=2, keepdim=True)).square().mean()


# %% exercise="Decoder" mistake="swapped_state" says="The state comes as h, then c; unpack it in that order."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        c, h = state
        outputs = [self.read_out(h)]
        for _ in range(steps - 1):
            h, c = self.cell(outputs[-1], (h, c))
            outputs.append(self.read_out(h))
        return torch.stack(outputs, dim=1)


# %% exercise="Decoder" mistake="buffer_on_the_cpu" values="vary" says="The buffer is made on the CPU; make it where the state is, or stack."
class Decoder(nn.Module):
    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.cell = nn.LSTMCell(n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, state: tuple[Tensor, Tensor], steps: int) -> Tensor:
        h, c = state
        first = self.read_out(h)
        shape = len(h), steps, first.size(1)
        outputs = torch.zeros(shape, dtype=h.dtype)
        outputs[:, 0] = first
        for t in range(1, steps):
            h, c = self.cell(outputs[:, t - 1].clone(), (h, c))
            outputs[:, t] = self.read_out(h)
        return outputs
