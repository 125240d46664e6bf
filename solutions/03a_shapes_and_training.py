# %% exercise="lstm_parameters"
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    count = 4 * ((n_in + units) * units + units)
    return shapes | {"count": count}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    count = 3 * ((n_in + units) * units + 2 * units)
    return shapes | {"count": count}

# %% [markdown] exercise="lstm_parameters"
# The four gates stand side by side in one matrix, because one product of
# matrices is faster than four. Keras' GRU has three, and two rows of biases:
# the recurrent one has to stay apart, since the reset gate multiplies it.

# %% exercise="to_supervised"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in:]

# %% [markdown] exercise="to_supervised"
# Input and target are cut from one window, so they cannot overlap and cannot
# get out of step. The view puts the window's axis last, where Keras expects
# the features; `swapaxes` moves names, a `reshape` would have moved numbers.

# %% exercise="one_hot"
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]  # (..., n)


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low, high = values[:n_train].min(0), values[:n_train].max(0)
    span = np.where(high > low, high - low, 1.0)  # (F,)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=None):
        of = slice(None) if columns is None else columns
        return x * span[of] + low[of]

    return scale, restore

# %% [markdown] exercise="one_hot"
# Each of the three decides something once that must hold everywhere after:
# which symbol a column stands for, where a sequence ends, what counts as one.
# So the decision is made from the training rows alone, is kept, and can be
# undone, for the columns that a model predicts as well as for all.

# %% exercise="build"
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)  # (B, H)
    every = layers.LSTM(units, return_sequences=True)  # (B, T, H)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]  # (..., 1)
    return keras.Sequential(stack)

# %% [markdown] exercise="build"
# One question decides each: does the next layer want one vector or one for
# each step? Where the lengths differ the whole input has to pass through a
# single vector, and `RepeatVector` hands it out again once for each step.

# %% exercise="echo_batches"
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]  # (B, T, F), (B, F)


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))

# %% [markdown] exercise="echo_batches"
# The generator is handed on and never made anew, so no update sees a batch a
# second time. There is nothing to memorize, and no validation set is needed:
# every batch is one before it is trained on.

# %% exercise="ar2_baseline"
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)  # (T - 2, 3)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)

# %% [markdown] exercise="ar2_baseline"
# A damped oscillation obeys a law of two terms, and each has its own, so each
# sequence is fitted alone. The constant is needed because these swing about
# one half and not about zero.

# %% exercise="repeats"
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(float(train(seed)))
    return {
        "values": values,
        "median": float(np.median(values)),
        "low": min(values),
        "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, val_loss = history["loss"], history["val_loss"]
    best = int(np.argmin(val_loss))
    if val_loss[-1] > 1.1 * val_loss[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"

# %% [markdown] exercise="repeats"
# A single run tells as much about its seed as about its setting; three
# numbers tell how far to trust the difference of two. And a curve is judged
# by where it is going, not by the gap between training and validation, which
# may be there from the first epoch to the last and hurt nobody.
