# %% exercise="lstm_parameters" mistake="one_gate" hint=1 says="One gate is counted; an LSTM has four."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, units),
        "recurrent_kernel": (units, units),
        "bias": (units,),
    }
    return shapes | {"count": ((n_in + units) * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="no_bias" hint=2 says="No biases are counted; each gate has one for each unit, and the GRU two."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * (n_in + units) * units}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * (n_in + units) * units}


# %% exercise="lstm_parameters" mistake="bias_not_counted" hint=2 says="The LSTM's bias has a shape and is left out of the count; add it."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * (n_in + units) * units}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="naive_gru" hint=2 says="The GRU has one row of biases here; Keras keeps two."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (3 * units,),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + units)}


# %% exercise="lstm_parameters" mistake="gru_count_naive" hint=2 says="The GRU's second row of biases has a shape and is not counted; count both."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + units)}


# %% exercise="lstm_parameters" mistake="gru_like_an_lstm" says="The GRU is given four gates; it has three."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (2, 4 * units),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="pytorch_shapes" hint=2 says="The shapes are those of PyTorch, outputs first; Keras has inputs first."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (4 * units, n_in),
        "recurrent_kernel": (4 * units, units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (3 * units, n_in),
        "recurrent_kernel": (3 * units, units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="pytorch_biases" says="The LSTM has two biases for each gate, as in PyTorch; Keras has one."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (2, 4 * units),
    }
    return shapes | {"count": 4 * ((n_in + units) * units + 2 * units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="recurrent_kernel_forgotten" hint=1 says="The recurrent kernel is not counted; each unit hears all units."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * (n_in * units + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * (n_in * units + 2 * units)}


# %% exercise="lstm_parameters" mistake="square_of_the_inputs" hint=2 says="The recurrent kernel is counted with the inputs squared; it joins units to units."
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
    }
    return shapes | {"count": 4 * ((n_in + units) * n_in + units)}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    shapes = {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (2, 3 * units),
    }
    return shapes | {"count": 3 * ((n_in + units) * n_in + 2 * units)}


# %% exercise="to_supervised" mistake="axes_swapped" hint=2 says="Features come before steps; the order is samples, steps, features."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views
    return windows[..., :n_in], windows[..., n_in:]


# %% exercise="to_supervised" mistake="reshaped" hint=3 says="A reshape has mixed steps and features; move the axes instead."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.reshape(len(views), n_in + n_out, -1)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in:]


# %% exercise="to_supervised" mistake="reshaped"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = np.atleast_2d(series.T).T  # (n, F)
    n, features = table.shape
    if n < n_in + n_out:
        raise ValueError(f"{n} steps are too few for {n_in} + {n_out}")
    views = np.lib.stride_tricks.sliding_window_view(
        table, n_in + n_out, axis=0
    )  # (B, F, n_in + n_out)
    x = views[:, :, :n_in].reshape(len(views), n_in, features)
    y = views[:, :, n_in:].reshape(len(views), n_out, features)
    return x.copy(), y.copy()


# %% exercise="to_supervised" mistake="overlap" hint=1 says="The target begins with the last input; it begins one step later."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    views = np.lib.stride_tricks.sliding_window_view(table, n_in + n_out - 1, axis=0)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in - 1 :]


# %% exercise="to_supervised" mistake="overlap"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series[:, None] if series.ndim == 1 else series
    count = len(table) - n_in - n_out + 1
    if count < 1:
        raise ValueError("the series is too short")
    first = np.arange(count)[:, None]
    seen = first + np.arange(n_in)
    follow = seen[:, -1:] + np.arange(n_out)
    return table[seen], table[follow]


# %% exercise="to_supervised" mistake="a_gap" hint=1 says="A step is skipped between input and target; they are neighbors."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    views = np.lib.stride_tricks.sliding_window_view(table, n_in + n_out + 1, axis=0)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in + 1 :]


# %% exercise="to_supervised" mistake="flattened" says="The features are laid out along time; they have an axis of their own."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    flat = windows.reshape(len(windows), -1, 1)
    cut = n_in * table.shape[1]
    return flat[:, :cut], flat[:, cut:]


# %% exercise="to_supervised" mistake="last_window_lost" says="The last window is left out; it ends with the series."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:-1, :n_in], windows[:-1, n_in:]


# %% exercise="to_supervised" mistake="no_overlap_of_windows" says="The windows lie side by side; a new one begins at every step."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    windows = windows[:: n_in + n_out]
    return windows[:, :n_in], windows[:, n_in:]


# %% exercise="to_supervised" mistake="no_overlap_of_windows"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = np.asarray(series)
    if table.ndim == 1:
        table = table[:, np.newaxis]
    windows = len(table) - n_in - n_out + 1
    if windows < 1:
        raise ValueError("the series is too short for one window")
    inputs, targets = [], []
    for start in range(0, windows, n_in):
        middle = start + n_in
        inputs.append(table[start:middle])
        targets.append(table[middle : middle + n_out])
    return np.stack(inputs), np.stack(targets)


# %% exercise="to_supervised" mistake="first_feature_only" says="Only the first feature is forecast; the target has all of them."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in:, :1]


# %% exercise="to_supervised" mistake="axis_dropped" says="A target of one step loses its axis; keep all three."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    target = windows[:, n_in:]
    return windows[:, :n_in], target[:, 0] if n_out == 1 else target


# %% exercise="to_supervised" mistake="flat_series_stays_flat" hint=2 says="A series of one feature has lost its last axis; keep three axes."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    if series.ndim == 1:
        windows = windows[..., 0]
    return windows[:, :n_in], windows[:, n_in:]


# %% exercise="to_supervised" mistake="swapped_results" says="Targets come first here; return inputs, then targets."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, n_in:], windows[:, :n_in]


# %% exercise="to_supervised" mistake="too_short_is_empty" values="vary" says="A series that is too short raises no ValueError; raise one."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    if len(table) < n_in + n_out:
        return table[:0, None], table[:0, None]
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in:]


# %% exercise="to_supervised" mistake="backward" says="Time runs backward in each window; keep its order."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = series.reshape(len(series), -1)  # (n, F)
    cut = np.lib.stride_tricks.sliding_window_view
    views = cut(table, n_in + n_out, axis=0)  # (B, F, n_in + n_out)
    windows = views.swapaxes(1, 2)[:, ::-1]  # (B, n_in + n_out, F)
    return windows[:, :n_in], windows[:, n_in:]


# %% exercise="to_supervised" mistake="backward"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = np.asarray(series)
    if table.ndim == 1:
        table = table[:, np.newaxis]
    windows = len(table) - n_in - n_out + 1
    if windows < 1:
        raise ValueError("the series is too short for one window")
    inputs, targets = [], []
    for start in range(windows):
        middle = start + n_in
        inputs.append([table[middle - lag] for lag in range(1, n_in + 1)])
        targets.append(table[middle : middle + n_out])
    return np.stack(inputs), np.stack(targets)


# %% exercise="one_hot" mistake="negative_wraps" hint=2 says="A code of -1 becomes the last column; refuse it."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and codes.max() >= n:
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="no_refusal" hint=2 says="A code that is too large passes or fails by accident; raise a ValueError."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    return (codes[..., None] == np.arange(n)).astype("float32")


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="as_many_as_seen" hint=2 says="There are as many columns as codes were seen; n decides."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(codes.max() + 1, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="ranks" hint=1 says="The codes are replaced by their ranks; the code itself names the column."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    ranks = np.unique(codes, return_inverse=True)[1]
    return np.eye(n, dtype="float32")[ranks.reshape(codes.shape)]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="flattened" hint=2 says="The codes are flattened; keep their axes and add one."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes.ravel()]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="counted_from_one" hint=1 says="The codes are taken to begin at one; they begin at zero."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes - 1]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="counted_from_one"
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    """Codes as rows with a single one, float32: (..., n)."""
    codes = np.asarray(codes)
    names = np.linspace(1, n, n).astype(int)  # 1, 2, ..., n
    if not np.isin(codes, names).all():
        raise ValueError("no such code")
    return np.equal.outer(codes, names).astype(np.float32)


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = []
    for one in sequences:
        kept = list(one)[max(len(one) - length, 0) :]
        gap = [value] * (length - len(kept))
        rows.append(gap + kept if where == "before" else kept + gap)
    return np.array(rows, dtype="float32").reshape(-1, length)


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    known = np.asarray(values, dtype=float)[:n_train]
    bottom = known.min(axis=0)
    height = np.ptp(known, axis=0)
    height[height == 0] = 1.0

    def scale(x):
        return (x - bottom) / height

    def restore(x, columns=None):
        if columns is None:
            return x * height + bottom
        return x * height[columns] + bottom[columns]

    return scale, restore


# %% exercise="one_hot" mistake="always_before" says="The filling always stands in front; where decides."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = length - len(kept)
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="always_after" says="The filling always stands behind; in front is the default."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="always_zero" says="The filling is always zero; use the value."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), 0.0, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="start_kept" hint=1 says="Of a long sequence the start is kept; keep its end."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[:length]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="cut_follows_the_filling" hint=1 says="Where the filling goes behind, the end is cut off; a longer sequence loses its start."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        long = max(len(sequence) - length, 0)
        kept = sequence[long:] if where == "before" else sequence[:length]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="longest_decides" says="All rows are as long as the longest sequence; length decides."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    length = max(len(one) for one in sequences)
    rows = np.full((len(sequences), length), value, "float32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="whole_numbers" says="The padded rows hold whole numbers; keep the fractions."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = np.full((len(sequences), length), value, "int32")
    for row, sequence in zip(rows, sequences, strict=True):
        kept = sequence[max(len(sequence) - length, 0) :]
        start = length - len(kept) if where == "before" else 0
        row[start : start + len(kept)] = kept
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="fitted_on_all" hint=1 says="The scale has seen every row; fit it on the first n_train."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values.min(0)  # (F,)
    span = values.max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="fitted_on_the_last" hint=1 says="The scale is that of the last rows; fit it on the first n_train."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[-n_train:].min(0)  # (F,)
    span = values[-n_train:].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="one_scale_for_all" says="All columns share one scale; each has its own."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min()  # (F,)
    span = values[:n_train].max() - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span + low

    return scale, restore


# %% exercise="one_hot" mistake="wrong_columns" hint=3 says="Columns are restored by the scale of the first ones; use that of those named."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        n = x.shape[-1]
        return x * span[:n] + low[:n]

    return scale, restore


# %% exercise="one_hot" mistake="low_forgotten" says="The lowest value is not added back; undo both steps."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns]

    return scale, restore


# %% exercise="one_hot" mistake="standardized" hint=2 says="The columns are standardized; map lowest and highest to 0 and 1."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].mean(0)  # (F,)
    span = values[:n_train].std(0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="divided_by_the_highest" hint=2 says="The values are divided by the highest alone; subtract the lowest first."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = 0 * values[0]
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="constant_divides_by_zero" hint=3 says="A constant column is divided by zero; take one where a column has no range."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low

    def scale(x):
        with np.errstate(all="ignore"):
            return (x - low) / span

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="one_hot" mistake="clipped" says="What lies outside the training range is cut off; let it lie outside."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    return np.eye(n, dtype="float32")[codes]


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
    low = values[:n_train].min(0)  # (F,)
    span = values[:n_train].max(0) - low
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return ((x - low) / span).clip(0, 1)

    def restore(x, columns=slice(None)):
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="build" mistake="sequences_dropped" hint=1 says="The many-to-many network gives one number; its LSTM has to return sequences."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [last]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="sequences_kept" hint=1 says="The many-to-one network gives a number for each step; its LSTM returns the last alone."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [every]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="one_step_only" says="The many-to-one network reads one step; it has to read all."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((1, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="decoder_without_sequences" hint=1 says="The decoder gives one number; it has to return sequences."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), layers.LSTM(units)],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="repeated_at_the_end" says="The numbers of the last framing are one, repeated; repeat the code and decode it."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [every, last, layers.RepeatVector(out_steps)],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="output_as_long_as_the_input" hint=2 says="The code is repeated as often as there were inputs; out_steps decides."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="no_decoder" says="There is no second LSTM, so every output is the same; decode the repeated code."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps)],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="vector_as_one_step" says="The one-to-many network reads a sequence of one step; it gets a plain vector."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (1, features), [layers.Flatten(), layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="one_number_for_many" says="The one-to-many network repeats a single number; run an LSTM over the repeated vector."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(1), last, layers.RepeatVector(out_steps)]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="dense_over_all_steps" hint=2 says="One dense layer sees all steps at once; each step has its number."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
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
    end = [layers.Dense(1)]
    if framing == "many-to-many":
        end = [layers.Flatten(), layers.Dense(steps), layers.Reshape((steps, 1))]
    return keras.Sequential([keras.Input(shape), *stack, *end])


# %% exercise="build" mistake="bidirectional" says="The layer reads backward as well, so early numbers know late inputs; one direction is asked for."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": (
            (steps, features), [layers.Bidirectional(every)]
        ),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="gru" says="The layers are GRUs; the task asks for LSTMs."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.GRU(units)
    every = layers.GRU(units, return_sequences=True)
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
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="encoder_hands_on_steps" says="The encoder hands every step to the decoder; all has to pass through one vector."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": ((steps, features), [every]),
        "encoder-decoder": (
            (steps, features),
            [every, layers.LSTM(units, return_sequences=True)],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="no_read_out" says="The read-out is missing; end with Dense(1)."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
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
    return keras.Sequential([keras.Input(shape), *stack])


# %% exercise="echo_batches" mistake="last_symbol" hint=2 says="The target is the last symbol; place says which."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, -1]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="counted_from_one" says="The place is counted from one; it is counted from zero."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place - 1]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="always_the_third" hint=2 says="The target is always the third symbol; place says which."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, 2]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="target_from_another_draw" hint=2 says="The target is drawn anew and has nothing to do with the input."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, one_hot(rng.integers(symbols, size=n), symbols)


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="target_from_another_draw"
def random_rows(rng, shape, symbols):
    return np.eye(symbols, dtype="float32")[rng.integers(symbols, size=shape)]


def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    inputs = random_rows(rng, (n, length), symbols)
    targets = random_rows(rng, (n, length), symbols)[:, place]
    return inputs, targets


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="codes_as_targets" hint=2 says="The target is a number; return the one-hot row."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, codes[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="same_batch_always" values="vary" hint=1 says="Every batch is the same, since the generator is made anew; draw from rng."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = np.random.default_rng(0).integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="global_generator" values="vary" hint=2 says="The numbers come from another generator, as numpy's global one; draw from rng."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = np.random.randint(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="one_symbol_never_drawn" hint=2 says="The last symbol is never drawn; integers leaves out its upper end already."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols - 1, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="always_ten_symbols" hint=2 says="There are always ten symbols; use the argument."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(10, size=(n, length))
    x = one_hot(codes, 10)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="always_five_steps" hint=2 says="The sequences always have five steps; use length."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, 5))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="one_batch_for_all_updates" hint=1 says="One batch serves all updates; draw a new one for each."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    batch = echo_batches(rng, n)
    for _ in range(updates):
        model.train_on_batch(*batch)


# %% exercise="echo_batches" mistake="one_update" says="The model is updated once; take as many updates as are asked for."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(min(updates, 1)):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="one_sample_each" says="Each update sees one sequence; a batch has n."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.train_on_batch(*echo_batches(rng, 1))


# %% exercise="echo_batches" mistake="one_too_many" says="There is one update too many."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates + 1):
        model.train_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="tested_not_trained" says="The batches are tested on and not trained on; use train_on_batch."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        model.test_on_batch(*echo_batches(rng, n))


# %% exercise="echo_batches" mistake="n_epochs" says="Each batch is trained on sequence by sequence; one update takes the whole batch."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        x, y = echo_batches(rng, n)
        for row in range(n):
            model.train_on_batch(x[row : row + 1], y[row : row + 1])


# %% exercise="ar2_baseline" mistake="last_value" says="The last value is repeated; follow the law of two terms."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(row[-1])
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="the_mean" says="The mean is repeated; follow the law of two terms."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(row.mean())
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="no_constant" hint=2 says="The law has no constant, so it swings about zero; add a column of ones."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], 0 * ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="one_term" hint=2 says="Only one term is used; a swing needs two."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], 0 * row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="one_term"
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    forecast = np.empty((x.shape[0], horizon))
    for i, row in enumerate(x):
        design = np.vander(row[:-1], 2)  # the value before, and a one
        (a, c), *_ = np.linalg.lstsq(design, row[1:], rcond=None)
        value = row[-1]
        for j in range(horizon):
            value = a * value + c
            forecast[i, j] = value
    return forecast


# %% exercise="ar2_baseline" mistake="terms_swapped" says="The two terms have changed places in the forecast."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-2] + b * known[-1] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="one_law_for_all" says="One law is fitted to the first sequence and used for all; each has its own."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        head = np.asarray(x, "float64")[0]
        past = np.stack([head[1:-1], head[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, head[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="not_fed_back" hint=2 says="Every forecast rests on the last two known values; go on from the forecast itself."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * row[-1] + b * row[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="constant_lost" says="The constant is fitted and not added in the forecast."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2])
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="single_precision" says="The equations are solved in single precision; turn the sequences to float64."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float32"):
        ones = np.ones(len(row) - 2, "float32")
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="whole_sequence_returned" says="The known steps come back too; return the forecast alone."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known)
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="ends_of_the_known" says="The last known steps are returned; return those after them."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) - horizon : len(row)])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="one_step_too_far" says="The forecast begins one step too late; the first step after the sequence counts."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon + 1):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) + 1 :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="latest_steps_only" values="vary" says="The law is fitted to a few steps alone, which noise spoils; use all."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64")[:, -5:]:
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        (a, b, c), *_ = np.linalg.lstsq(past, row[2:], rcond=None)
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="repeats" mistake="one_run" says="The training runs once; run it for every seed."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in list(seeds)[:1]:
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


# %% exercise="repeats" mistake="same_seed" says="Every run has the first seed; each has its own."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    seeds = list(seeds)
    for seed in [seeds[0]] * len(seeds):
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


# %% exercise="repeats" mistake="not_seeded" hint=1 says="The runs are not seeded, so they cannot be repeated; put each inside seeded(seed)."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
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


# %% exercise="repeats" mistake="seeded_once" hint=2 says="The generator is seeded once for all runs; seed each."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    seeds = list(seeds)
    with seeded(seeds[0]):
        for seed in seeds:
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


# %% exercise="repeats" mistake="mean_for_median" says="The median is a mean; one bad run must not move it."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(float(train(seed)))
    return {
        "values": values,
        "median": float(np.mean(values)),
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


# %% exercise="repeats" mistake="sorted" says="The values are sorted; keep the order of the seeds."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(float(train(seed)))
    return {
        "values": sorted(values),
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


# %% exercise="repeats" mistake="quartiles" says="Low and high are quartiles; give the whole range."
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
        "low": float(np.quantile(values, 0.25)),
        "high": float(np.quantile(values, 0.75)),
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


# %% exercise="repeats" mistake="best_only" says="The best value is reported for the median."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(float(train(seed)))
    return {
        "values": values,
        "median": min(values),
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


# %% exercise="repeats" mistake="training_loss_only" hint=1 says="Only the training loss is looked at; the validation loss decides."
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
    loss, val_loss = history["loss"], history["loss"]
    best = int(np.argmin(val_loss))
    if val_loss[-1] > 1.1 * val_loss[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="gap_is_overfit" hint=2 says="A validation loss above the training loss is called over-fit; look where it is going."
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
    if val_loss[-1] > loss[-1]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="any_rise" says="Any rise is called over-fit; only more than a tenth above the lowest is."
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
    if val_loss[-1] > val_loss[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="training_not_asked" hint=2 says="The training loss is not asked; where both rise it is no over-fit."
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
    if val_loss[-1] > 1.1 * val_loss[best]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="last_epoch_only" says="The last two epochs decide about the fall; look at the last tenth."
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
    tenth = 1
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="any_fall" says="Any fall is called under-fit; only more than a tenth is."
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
    if val_loss[-1] < val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="from_the_start" says="The fall since the first epoch is judged; look at the last tenth."
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
    if val_loss[-1] < 0.9 * val_loss[0]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="names_swapped" says="Over-fit and under-fit have changed places."
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
        return "under-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "over-fit"
    return "good"


# %% exercise="repeats" mistake="never_under_fit" says="A loss that still falls is called good; train longer and say so."
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
        return "good"
    return "good"


# %% exercise="repeats" mistake="history_emptied" says="The curves are taken out of the history; leave it as it is."
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
    loss, val_loss = history.pop("loss"), history.pop("val_loss")
    best = int(np.argmin(val_loss))
    if val_loss[-1] > 1.1 * val_loss[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(len(val_loss) // 10, 1)
    if val_loss[-1] < 0.9 * val_loss[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="to_supervised" mistake="reshapes_callers_array" says="Setting series.shape changes the caller's array; reshape a view of it."
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    series = np.asarray(series)
    if series.ndim == 1:
        series.shape = (len(series), 1)
    count = len(series) - n_in - n_out + 1
    if count < 1:
        raise ValueError("the series is too short for one window")
    x = np.stack([series[i : i + n_in] for i in range(count)])
    y = np.stack(
        [series[i + n_in : i + n_in + n_out] for i in range(count)]
    )
    return x, y


# %% exercise="one_hot" mistake="type_of_value" says="The array takes the type of the value, so a whole number cuts the fractions off; ask for float32 at once."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value)
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out.astype("float32")


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="pad_float64" says="The padded array is float64; the docstring says float32."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype=float)
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="fills_callers_lists" hint=2 says="The caller's lists are filled up; write into an array of your own."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = []
    for sequence in sequences:
        if not isinstance(sequence, list):
            sequence = list(sequence)
        while len(sequence) > length:
            sequence.pop(0)
        while len(sequence) < length:
            if where == "before":
                sequence.insert(0, value)
            else:
                sequence.append(value)
        rows.append(sequence)
    return np.array(rows, dtype="float32").reshape(-1, length)


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="fills_callers_lists"
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    """Codes as rows with a single one, float32: (..., n)."""
    codes = np.asarray(codes)
    possible = np.arange(n)
    if np.setdiff1d(codes, possible).size:
        raise ValueError("unknown code")
    return np.float32(codes[..., None] == possible)


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    rows = []
    for one in sequences:
        row = one if isinstance(one, list) else list(one)
        missing = length - len(row)
        if missing > 0 and where == "before":
            row[:0] = [value] * missing
        elif missing > 0:
            row += [value] * missing
        rows.append(row[len(row) - length :])
    return np.array(rows, "float32").reshape(-1, length)


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, float)[:n_train]
    low, high = train.min(axis=0), train.max(axis=0)
    width = high - low
    width = width + (width == 0)

    def scale(x):
        return (x - low) / width

    def restore(x, columns=None):
        at = ... if columns is None else columns
        return x * width[at] + low[at]

    return scale, restore


# %% exercise="one_hot" mistake="scaler_one_row_less" says="The last training row is left out; take the first n_train."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[: n_train - 1]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="constant_not_restored" says="A constant column comes back as zero; restoring adds its value again."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    constant = span == 0
    span = np.where(constant, 1.0, span)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.where(constant[some], x, x * span[some] + low[some])

    return scale, restore


# %% exercise="one_hot" mistake="type_of_x_kept" says="Whole numbers stay whole when they are scaled, so fractions are lost."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        x = np.asarray(x)
        return ((x - low) / span).astype(x.dtype)

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="two_axes_only" says="The columns are taken from the second axis; they stand on the last."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        x = np.array(x, dtype=float)
        for j in range(len(low)):
            x[:, j] = (x[:, j] - low[j]) / span[j]
        return x

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="one_hot" mistake="globals_shared" says="Lowest and highest are global, so a second scaler changes the first."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    global low, span
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        return np.asarray(x) * span[some] + low[some]

    return scale, restore


# %% exercise="build" mistake="one_to_one_reads_steps" says="One to one reads a single step, whatever the number of steps."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    if framing == "one-to-one":
        parts = [keras.Input((steps, features)), layers.LSTM(units)]
    elif framing == "one-to-many":
        parts = [
            keras.Input((features,)),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "many-to-one":
        parts = [keras.Input((steps, features)), layers.LSTM(units)]
    elif framing == "many-to-many":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "encoder-decoder":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    else:
        raise ValueError(framing)
    return keras.Sequential([*parts, layers.Dense(1)])


# %% exercise="build" mistake="mean_of_outputs_handed_on" says="The mean of all outputs is handed on; it is the last one."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    if framing == "one-to-one":
        parts = [keras.Input((1, features)), layers.LSTM(units)]
    elif framing == "one-to-many":
        parts = [
            keras.Input((features,)),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "many-to-one":
        parts = [keras.Input((steps, features)), layers.LSTM(units)]
    elif framing == "many-to-many":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "encoder-decoder":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units, return_sequences=True),
            layers.GlobalAveragePooling1D(),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    else:
        raise ValueError(framing)
    return keras.Sequential([*parts, layers.Dense(1)])


# %% exercise="build" mistake="sigmoid_at_the_end" says="A sigmoid squeezes the numbers; the last layer is a plain Dense(1)."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    if framing == "one-to-one":
        parts = [keras.Input((1, features)), layers.LSTM(units)]
    elif framing == "one-to-many":
        parts = [
            keras.Input((features,)),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "many-to-one":
        parts = [keras.Input((steps, features)), layers.LSTM(units)]
    elif framing == "many-to-many":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units, return_sequences=True),
        ]
    elif framing == "encoder-decoder":
        parts = [
            keras.Input((steps, features)),
            layers.LSTM(units),
            layers.RepeatVector(out_steps),
            layers.LSTM(units, return_sequences=True),
        ]
    else:
        raise ValueError(framing)
    return keras.Sequential([*parts, layers.Dense(1, activation="sigmoid")])


# %% exercise="echo_batches" mistake="without_repetition" says="No symbol comes twice in a sequence; draw each on its own."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = np.stack(
        [rng.choice(symbols, length, replace=False) for _ in range(n)]
    )
    x = np.eye(symbols, dtype="float32")[codes]
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        x, y = echo_batches(rng, n)
        model.train_on_batch(x, y)


# %% exercise="repeats" mistake="set_random_seed" hint=2 says="The seed stays set after the training; keep it inside seeded(seed)."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        values.append(train(seed))
    return {
        "values": values, "median": float(np.median(values)),
        "low": min(values), "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, v = np.asarray(history["loss"]), np.asarray(history["val_loss"])
    best = v.argmin()
    if v[-1] > 1.1 * v[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[max(len(v) - 1 - tenth, 0)]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="upper_median" says="Of four values the median lies between the middle two."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values, "median": sorted(values)[len(values) // 2],
        "low": min(values), "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, v = np.asarray(history["loss"]), np.asarray(history["val_loss"])
    best = v.argmin()
    if v[-1] > 1.1 * v[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[max(len(v) - 1 - tenth, 0)]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="training_fell_last_epoch" hint=2 says="The training loss is compared with the epoch before; compare it with the best epoch."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values, "median": float(np.median(values)),
        "low": min(values), "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, v = np.asarray(history["loss"]), np.asarray(history["val_loss"])
    best = v.argmin()
    if v[-1] > 1.1 * v[best] and loss[-1] < loss[max(len(v) - 2, 0)]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[max(len(v) - 1 - tenth, 0)]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="absolute_tenth" says="A tenth is meant as a share of the lowest value, not as 0.1."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values, "median": float(np.median(values)),
        "low": min(values), "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, v = np.asarray(history["loss"]), np.asarray(history["val_loss"])
    best = v.argmin()
    if v[-1] > v[best] + 0.1 and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[max(len(v) - 1 - tenth, 0)]:
        return "under-fit"
    return "good"


# %% exercise="repeats" mistake="absolute_tenth"
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values,
        "median": float(np.median(values)),
        "low": min(values),
        "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    train = np.asarray(history["loss"], float)
    valid = np.asarray(history["val_loss"], float)
    lowest = int(valid.argmin())
    rises = valid[-1] - valid[lowest] > 0.1
    learns = train[-1] < train[lowest]
    start = len(valid) - max(len(valid) // 10, 1)
    falls = valid[start - 1] - valid[-1] > 0.1
    if rises and learns:
        verdict = "over-fit"
    elif falls:
        verdict = "under-fit"
    else:
        verdict = "good"
    return verdict


# %% exercise="repeats" mistake="underfit_asked_first" says="Under-fit is asked first; the rules have an order."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values, "median": float(np.median(values)),
        "low": min(values), "high": max(values),
    }


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    loss, v = np.asarray(history["loss"]), np.asarray(history["val_loss"])
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[max(len(v) - 1 - tenth, 0)]:
        return "under-fit"
    best = v.argmin()
    if v[-1] > 1.1 * v[best] and loss[-1] < loss[best]:
        return "over-fit"
    return "good"


# %% exercise="one_hot" mistake="no_codes_no_shape" says="Where there are no codes their shape is lost; one axis follows theirs."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    if codes.size and not (codes.min() >= 0 and codes.max() < n):
        raise ValueError(f"codes lie outside of 0 to {n - 1}")
    if not codes.size:
        return np.zeros((0, n), "float32")
    return np.eye(n, dtype="float32")[codes]


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


# %% exercise="one_hot" mistake="restores_in_place" says="What is to be restored is changed itself; return new rows."
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("a code is none of 0 to n - 1")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for row, sequence in zip(out, sequences):
        kept = np.asarray(sequence)[max(len(sequence) - length, 0) :]
        if where == "before":
            row[length - len(kept) :] = kept
        else:
            row[: len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    train = np.asarray(values, dtype=float)[:n_train]
    low, span = train.min(axis=0), np.ptp(train, axis=0)
    span = np.where(span > 0, span, 1.0)

    def scale(x):
        return (np.asarray(x) - low) / span

    def restore(x, columns=None):
        some = slice(None) if columns is None else list(columns)
        x = np.asarray(x, dtype=float)
        x *= span[some]
        x += low[some]
        return x

    return scale, restore


# %% exercise="ar2_baseline" mistake="zeros_where_singular" values="vary" says="Where the normal equations have no inverse it gives up; least squares does not."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    predicted = []
    for row in np.asarray(x, "float64"):
        ones = np.ones(len(row) - 2)
        past = np.stack([row[1:-1], row[:-2], ones], 1)
        try:
            a, b, c = np.linalg.inv(past.T @ past) @ past.T @ row[2:]
        except np.linalg.LinAlgError:
            a = b = c = 0.0
        known = list(row)
        for _ in range(horizon):
            known.append(a * known[-1] + b * known[-2] + c)
        predicted.append(known[len(row) :])
    return np.array(predicted)  # (B, horizon)


# %% exercise="ar2_baseline" mistake="one_law_for_the_batch" says="One law is fitted to all sequences together; each has its own."
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    newer, older = x[:, 1:-1].ravel(), x[:, :-2].ravel()
    A = np.stack([newer, older, np.ones_like(newer)], axis=1)
    a, b, c = np.linalg.lstsq(A, x[:, 2:].ravel(), rcond=None)[0]
    steps = [x[:, -2], x[:, -1]]
    for _ in range(horizon):
        steps.append(a * steps[-1] + b * steps[-2] + c)
    return np.stack(steps, axis=1)[:, 2:]


# %% exercise="repeats" mistake="seeds_counted_first" says="The seeds are counted and then gone through; some can be gone through only once."
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values, count = [], len(list(seeds))
    for seed in seeds:
        with seeded(seed):
            values.append(float(train(seed)))
    values = values or [0.0] * count
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


# %% exercise="build" mistake="many_to_many_through_one_vector" hint=2 says="All steps of many-to-many pass through one vector; let the LSTM hand out its output after every step."
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    last = layers.LSTM(units)
    every = layers.LSTM(units, return_sequences=True)
    shape, stack = {
        "one-to-one": ((1, features), [last]),
        "one-to-many": (
            (features,), [layers.RepeatVector(out_steps), every]
        ),
        "many-to-one": ((steps, features), [last]),
        "many-to-many": (
            (steps, features), [last, layers.RepeatVector(steps), every]
        ),
        "encoder-decoder": (
            (steps, features),
            [last, layers.RepeatVector(out_steps), every],
        ),
    }[framing]
    stack = [keras.Input(shape), *stack, layers.Dense(1)]
    return keras.Sequential(stack)


# %% exercise="build" mistake="many_to_many_through_one_vector"
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    if framing == "one-to-many":
        start = keras.Input((features,))
        flow = layers.RepeatVector(out_steps)(start)
        flow = layers.LSTM(units, return_sequences=True)(flow)
        return keras.Model(start, layers.Dense(1)(flow))
    start = keras.Input((1 if framing == "one-to-one" else steps, features))
    flow = layers.LSTM(units)(start)  # (B, units)
    if framing == "many-to-many":
        flow = layers.RepeatVector(steps)(flow)
    elif framing == "encoder-decoder":
        flow = layers.RepeatVector(out_steps)(flow)
        flow = layers.LSTM(units, return_sequences=True)(flow)
    return keras.Model(start, layers.Dense(1)(flow))


# %% exercise="echo_batches" mistake="cut_from_one_draw" hint=2 says="All batches are cut from one draw by `fit`, which shuffles with a generator of its own; draw each batch from rng and use train_on_batch."
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)  # (B, T, F)
    return x, x[:, place]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    x, y = echo_batches(rng, n * updates)
    model.fit(x, y, batch_size=n, epochs=1, verbose=0)


# %% exercise="repeats" mistake="tenth_begins_one_late" says="The fall is measured from the first epoch of the last tenth; measure it from the epoch just before."
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
    tenth = max(1, len(val_loss) // 10)
    if val_loss[-1] < 0.9 * val_loss[-tenth]:
        return "under-fit"
    return "good"
