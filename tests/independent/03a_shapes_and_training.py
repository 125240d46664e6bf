# %% exercise="lstm_parameters" right="gate_by_gate"
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    from math import prod

    result = {"bias": (sum(units for _ in "ifgo"),)}
    for name, rows in (("kernel", n_in), ("recurrent_kernel", units)):
        result[name] = (rows, *result["bias"])
    return {**result, "count": sum(map(prod, result.values()))}


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    # an LSTM has four gates, a GRU three; and the bias a second row
    four = lstm_parameters(n_in, units)
    three = {
        name: tuple(size for size in four[name][:-1]) + (3 * units,)
        for name in ("kernel", "recurrent_kernel")
    }
    count = 3 * four["count"] // 4 + 3 * units
    return {**three, "bias": (2, 3 * units), "count": count}


# %% exercise="to_supervised" right="sliding_views"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    """All windows at once, then cut into what is seen and what follows."""
    series = np.asarray(series)
    table = series[:, None] if series.ndim < 2 else series
    both = n_in + n_out
    if both > table.shape[0]:
        raise ValueError(f"{table.shape[0]} steps, {both} are needed")
    windows = np.lib.stride_tricks.sliding_window_view(table, both, axis=0)
    windows = np.moveaxis(windows, -1, 1)  # (B, n_in + n_out, F)
    seen, ahead = np.split(windows, [n_in], axis=1)
    return seen.copy(), ahead.copy()


# %% exercise="one_hot" right="loops_and_closures"
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    rows = np.equal(codes[..., None], np.arange(n))
    if not rows.any(axis=-1).all():  # a row without a one
        raise ValueError("a code is none of 0 ... n - 1")
    return rows.astype(np.float32)


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    from collections import deque

    rows = np.empty((len(sequences), length), np.float32)
    for row, one in zip(rows, sequences, strict=True):
        if where == "before":  # what is too old falls out in front
            line = deque([value] * length, maxlen=length)
            line.extend(one)
        else:
            line = deque(one, maxlen=length)
            line.extend([value] * (length - len(line)))
        row[:] = line
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low, *_, high = np.sort(
        np.asarray(values, float)[[*range(n_train), 0]], axis=0
    )
    unit = np.where(low == high, 1.0, high - low)

    def scale(x):
        return np.divide(x - low, unit)

    def restore(x, columns=None):
        if columns is None:
            columns = [*range(low.size)]
        return np.einsum("...f,f->...f", x, unit[columns]) + low[columns]

    return scale, restore


# %% exercise="build" right="slices_of_whole_sequences"
def build(
    framing: str, steps: int, features: int,
    units: int, out_steps: int = 1,
) -> keras.Model:
    def read(sequence):
        return layers.LSTM(units, return_sequences=True)(sequence)

    def copies(vector):  # (B, out, n)
        return layers.RepeatVector(out_steps)(vector)

    shapes = {"one-to-many": (features,), "one-to-one": (1, features)}
    start = keras.Input(shapes.get(framing, (steps, features)))
    flow = read(copies(start) if framing == "one-to-many" else start)
    if framing in ("one-to-one", "many-to-one", "encoder-decoder"):
        flow = flow[:, -1]  # the last output alone
    if framing == "encoder-decoder":
        flow = read(copies(flow))
    return keras.Model(start, layers.Dense(1)(flow))


# %% exercise="echo_batches" right="multinomial"
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    """One throw of a die with so many sides is a one-hot row already."""
    even = np.full(symbols, 1 / symbols)
    throws = rng.multinomial(1, even, size=(n, length))  # (B, T, F)
    x = throws.astype("float32")
    y = np.moveaxis(x, 1, 0)[place].copy()
    return x, y


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    from collections import deque
    from itertools import repeat, starmap

    batches = starmap(echo_batches, repeat((rng, n), updates))
    deque(starmap(model.train_on_batch, batches), maxlen=0)


# %% exercise="ar2_baseline" right="all_at_once_by_pinv"
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    A = np.stack([x[:, 1:-1], x[:, :-2], np.ones_like(x[:, 2:])], axis=-1)
    law = np.linalg.pinv(A) @ x[:, 2:, None]  # (B, 3, 1)
    state = np.stack([x[:, -1], x[:, -2], np.ones(len(x))], axis=1)
    step = np.zeros((len(x), 3, 3))  # from one state to the next
    step[:, 0] = law[..., 0]
    step[:, 1, 0] = step[:, 2, 2] = 1
    ahead = np.empty((len(x), horizon))
    for now in range(horizon):
        state = np.einsum("bij,bj->bi", step, state)
        ahead[:, now] = state[:, 0]
    return ahead


# %% exercise="to_supervised" right="sliding_window_view"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    """All windows of a series: inputs and what follows them."""
    from numpy.lib.stride_tricks import sliding_window_view

    series = np.asarray(series)
    table = series.reshape(len(series), -1)
    whole = n_in + n_out
    if table.shape[0] < whole:
        raise ValueError(f"{len(table)} steps, {whole} are needed")
    views = sliding_window_view(table, whole, axis=0)  # (B, F, whole)
    samples = np.swapaxes(views, 1, 2).copy()
    seen, follow = np.split(samples, [n_in], axis=1)
    return seen, follow


# %% exercise="one_hot" right="comparison_reversal_and_affine_map"
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    """Codes as rows with a single one, float32: (..., n)."""
    rows = np.equal.outer(np.asarray(codes), np.arange(n))
    if not rows.any(axis=-1).all():
        raise ValueError(f"a code is none of 0 ... {n - 1}")
    return rows.astype(np.float32)


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    """Sequences brought to one length, float32: (B, length)."""
    from itertools import chain, islice, repeat

    rows = np.empty((len(sequences), length), dtype=np.float32)
    for row, sequence in zip(rows, sequences, strict=True):
        from_the_end = list(islice(reversed(list(sequence)), length))
        if where == "before":
            filled = chain(from_the_end, repeat(value))
            row[::-1] = list(islice(filled, length))
        else:
            filled = chain(reversed(from_the_end), repeat(value))
            row[:] = list(islice(filled, length))
    return rows


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    """Two functions, scale(x) and restore(x, columns=None)."""
    shifts, units = [], []
    for column in np.asarray(values, dtype=np.float64)[:n_train].T:
        ordered = np.sort(column)
        shifts.append(ordered[0])
        units.append(ordered[-1] - ordered[0] or 1.0)
    shift, unit = np.array(shifts), np.array(units)

    def scale(x):
        return (np.asarray(x) - shift) / unit

    def restore(x, columns=None):
        if columns is None:
            columns = np.arange(len(unit))
        here = np.asarray(columns, dtype=int)
        return np.asarray(x) * unit.take(here) + shift.take(here)

    return scale, restore


# %% exercise="ar2_baseline" right="batched_pinv_and_companion"
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    """Continue each sequence by its own law of two terms."""
    x = np.asarray(x, dtype=np.float64)
    batch, steps = x.shape
    design = np.ones((batch, steps - 2, 3))
    design[..., 0], design[..., 1] = x[:, 1:-1], x[:, :-2]
    small = np.finfo(float).eps * max(steps - 2, 3)
    law = np.linalg.pinv(design, rcond=small) @ x[:, 2:, None]  # (B, 3, 1)
    turn = np.zeros((batch, 3, 3))  # from (new, old, 1) to the next
    turn[:, 0] = law[..., 0]
    turn[:, 1, 0] = turn[:, 2, 2] = 1
    now = np.stack([x[:, -1], x[:, -2], np.ones(batch)], axis=1)[..., None]
    forecast = np.empty((batch, horizon))
    for step in range(horizon):
        now = turn @ now
        forecast[:, step] = now[:, 0, 0]
    return forecast


# %% exercise="to_supervised" right="one_table_of_indices"
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    table = np.asarray(series)
    table = table.reshape(table.shape[0], -1)  # (n, F)
    samples = table.shape[0] - (n_in + n_out) + 1
    if samples < 1:
        raise ValueError(
            f"a window has {n_in + n_out} steps, the series {len(table)}"
        )
    places = np.add.outer(np.arange(samples), np.arange(n_in + n_out))
    return (
        np.take(table, places[:, :n_in], axis=0),
        np.take(table, places[:, n_in:], axis=0),
    )


# %% exercise="ar2_baseline" right="companion_matrix"
def ar2_baseline(x: np.ndarray, horizon: int) -> np.ndarray:
    x = np.array(x, dtype=np.float64)
    out = np.zeros((x.shape[0], horizon))
    for row, series in zip(out, x):
        pairs = np.lib.stride_tricks.sliding_window_view(series, 3)
        A = np.column_stack([pairs[:, 1], pairs[:, 0], np.ones(len(pairs))])
        law = np.linalg.lstsq(A, pairs[:, 2], rcond=None)[0]
        turn = np.array([law, [1, 0, 0], [0, 0, 1]])
        now = np.array([series[-1], series[-2], 1.0])
        for step in range(horizon):
            now = turn @ now
            row[step] = now[0]
    return out


# %% exercise="repeats" right="statistics_and_enumerate"
def repeats(
    train: Callable[[int], float], seeds: Iterable[int]
) -> dict[str, Any]:
    values = []
    for seed in seeds:
        with seeded(seed):
            value = train(seed)
        values.append(value)
    ordered = sorted(values)
    half = len(ordered) // 2
    median = (ordered[half] + ordered[-1 - half]) / 2
    return dict(
        values=values, median=median, low=ordered[0], high=ordered[-1]
    )


def diagnose(history: Mapping[str, Sequence[float]]) -> str:
    training = [float(one) for one in history["loss"]]
    held = [float(one) for one in history["val_loss"]]
    lowest, when = min((one, epoch) for epoch, one in enumerate(held))
    last_tenth = len(held) // 10 or 1
    just_before = held[: len(held) - last_tenth][-1]
    risen = held[-1] > 1.1 * lowest
    learned_on = training[-1] < training[when]
    falling = held[-1] < 0.9 * just_before
    if risen and learned_on:
        return "over-fit"
    return "under-fit" if falling else "good"


# %% exercise="one_hot" right="comparison_and_affine_pairs"
def one_hot(codes, n):
    hot = np.equal.outer(np.asarray(codes), np.arange(n))
    if not hot.any(axis=-1).all():
        raise ValueError(f"codes have to be among 0 ... {n - 1}")
    return hot.astype(np.float32)


def pad(sequences, length, value=0.0, where="before"):
    if where not in ("before", "after"):
        raise ValueError(f"where is {where!r}")
    flat = []
    for one in sequences:
        items = [float(number) for number in one]
        while len(items) > length:
            items.pop(0)
        place = 0 if where == "before" else len(items)
        items[place:place] = [value] * (length - len(items))
        flat += items
    return np.array(flat, "float32").reshape(len(sequences), length)


def fit_scaler(values, n_train):
    lines = []  # of each column: where its zero lies, and its unit
    for column in np.array(values[:n_train], "float64").T:
        ordered = np.sort(column)
        reach = float(ordered[-1] - ordered[0])
        lines.append((float(ordered[0]), reach if reach > 0 else 1.0))

    def each(x, which, rule):
        x = np.asarray(x, "float64")
        parts = [
            rule(x[..., place], *lines[column])
            for place, column in enumerate(which)
        ]
        return np.stack(parts, axis=-1)

    def scale(x):
        everything = range(len(lines))
        return each(x, everything, lambda u, zero, unit: (u - zero) / unit)

    def restore(x, columns=None):
        which = range(len(lines)) if columns is None else columns
        return each(x, which, lambda u, zero, unit: zero + unit * u)

    return scale, restore


# %% exercise="ar2_baseline" right="batched_svd_and_a_transition_matrix"
def ar2_baseline(x, horizon):
    x = np.array(x, dtype="float64")
    batch, steps = x.shape
    design = np.ones((batch, steps - 2, 3))
    design[..., 0], design[..., 1] = x[:, 1:-1], x[:, :-2]
    u, s, vt = np.linalg.svd(design, full_matrices=False)
    limit = np.finfo("float64").eps * max(design.shape[1:])
    kept = s > limit * s[:, :1]
    inverse = np.divide(1.0, s, out=np.zeros_like(s), where=kept)
    law = np.einsum("bkj,bk,btk,bt->bj", vt, inverse, u, x[:, 2:])

    move = np.zeros((batch, 3, 3))  # (now, before, 1) one step further
    move[:, 0], move[:, 1, 0], move[:, 2, 2] = law, 1.0, 1.0
    state = np.stack([x[:, -1], x[:, -2], np.ones(batch)], axis=1)
    out = np.zeros((batch, horizon))
    for step in range(horizon):
        state = (move @ state[..., None])[..., 0]
        out[:, step] = state[:, 0]
    return out


# %% exercise="lstm_parameters" wrong="one_row_of_biases" mistake="naive_gru"
# the GRU gets one row of biases, Keras keeps two
def lstm_parameters(n_in: int, units: int) -> dict[str, Any]:
    return {
        "kernel": (n_in, 4 * units),
        "recurrent_kernel": (units, 4 * units),
        "bias": (4 * units,),
        "count": 4 * ((n_in + units) * units + units),
    }


def gru_parameters(n_in: int, units: int) -> dict[str, Any]:
    return {
        "kernel": (n_in, 3 * units),
        "recurrent_kernel": (units, 3 * units),
        "bias": (3 * units,),
        "count": 3 * ((n_in + units) * units + units),
    }


# %% exercise="to_supervised" wrong="last_window_missing" mistake="last_window_lost"
# the range ends one start too early, so the last window is lost
def to_supervised(
    series: np.ndarray, n_in: int, n_out: int
) -> tuple[np.ndarray, np.ndarray]:
    if series.ndim == 1:
        series = series[:, None]
    n = len(series)
    if n < n_in + n_out:
        raise ValueError("the series is too short")
    x, y = [], []
    for start in range(n - n_in - n_out):
        middle = start + n_in
        x.append(series[start:middle])
        y.append(series[middle : middle + n_out])
    features = series.shape[1]
    return (
        np.array(x, dtype=series.dtype).reshape(-1, n_in, features),
        np.array(y, dtype=series.dtype).reshape(-1, n_out, features),
    )


# %% exercise="one_hot" wrong="long_ones_lose_their_end" mistake="start_kept"
# of a sequence that is too long the start is kept and not the end
def one_hot(codes: np.ndarray, n: int) -> np.ndarray:
    codes = np.asarray(codes)
    if ((codes < 0) | (codes >= n)).any():
        raise ValueError("code out of range")
    return np.eye(n, dtype="float32")[codes]


def pad(
    sequences: Sequence[Sequence[float]], length: int,
    value: float = 0.0, where: str = "before",
) -> np.ndarray:
    out = np.full((len(sequences), length), value, dtype="float32")
    for i, sequence in enumerate(sequences):
        kept = sequence[:length]
        if where == "before":
            out[i, length - len(kept) :] = kept
        else:
            out[i, : len(kept)] = kept
    return out


def fit_scaler(
    values: np.ndarray, n_train: int
) -> tuple[Scale, Scale]:
    low, high = values[:n_train].min(0), values[:n_train].max(0)
    span = np.where(high > low, high - low, 1)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=None):
        if columns is None:
            return x * span + low
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="echo_batches" wrong="place_counted_from_one" mistake="counted_from_one"
# the target is the row before, as if place were counted from one
def echo_batches(
    rng: np.random.Generator, n: int,
    length: int = 5, symbols: int = 10, place: int = 2,
) -> tuple[np.ndarray, np.ndarray]:
    codes = rng.integers(symbols, size=(n, length))
    x = one_hot(codes, symbols)
    return x, x[:, place - 1]


def train_echo(
    model: keras.Model, rng: np.random.Generator,
    updates: int, n: int,
) -> None:
    for _ in range(updates):
        x, y = echo_batches(rng, n)
        model.train_on_batch(x, y)


# %% exercise="repeats" wrong="training_loss_ignored" mistake="training_not_asked"
# over-fit is told from the validation loss alone, whether or not the training loss has fallen since
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
    v = history["val_loss"]
    tenth = max(1, len(v) // 10)
    if v[-1] > 1.1 * min(v):
        return "over-fit"
    if v[-1] < 0.9 * v[-1 - tenth]:
        return "under-fit"
    return "good"


# %% exercise="to_supervised" wrong="last_window_missing_too" mistake="last_window_lost"
# range() ends one too early, so the last window that fits is left out
def to_supervised(series, n_in, n_out):
    series = np.asarray(series)
    if series.ndim == 1:
        series = series[:, None]
    if len(series) < n_in + n_out:
        raise ValueError("the series is too short")
    starts = range(len(series) - n_in - n_out)
    features = series.shape[1]
    x = np.zeros((len(starts), n_in, features), series.dtype)
    y = np.zeros((len(starts), n_out, features), series.dtype)
    for i in starts:
        x[i] = series[i : i + n_in]
        y[i] = series[i + n_in : i + n_in + n_out]
    return x, y


# %% exercise="one_hot" wrong="start_kept" mistake="start_kept"
# of a sequence that is too long, pad keeps the start and not the end
def one_hot(codes, n):
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("code out of range")
    return np.eye(n, dtype="float32")[codes.astype(int)]


def pad(sequences, length, value=0.0, where="before"):
    out = np.full((len(sequences), length), value, dtype="float32")
    for i, sequence in enumerate(sequences):
        kept = list(sequence)[:length]
        if not kept:
            continue
        if where == "before":
            out[i, -len(kept):] = kept
        else:
            out[i, : len(kept)] = kept
    return out


def fit_scaler(values, n_train):
    low = values[:n_train].min(axis=0)
    high = values[:n_train].max(axis=0)
    span = np.where(high > low, high - low, 1.0)

    def scale(x):
        return (x - low) / span

    def restore(x, columns=None):
        if columns is None:
            return x * span + low
        return x * span[columns] + low[columns]

    return scale, restore


# %% exercise="ar2_baseline" wrong="coefficients_crossed" mistake="terms_swapped"
# the columns are fitted as (t-2, t-1), but the first weight is then used for the newer value
def ar2_baseline(x, horizon):
    x = np.asarray(x, dtype="float64")
    result = []
    for s in x:
        A = np.column_stack([s[:-2], s[1:-1], np.ones(len(s) - 2)])
        a, b, c = np.linalg.lstsq(A, s[2:], rcond=None)[0]
        values = list(s)
        for _ in range(horizon):
            values.append(a * values[-1] + b * values[-2] + c)
        result.append(values[len(s):])
    return np.array(result)


# %% exercise="repeats" wrong="first_of_last_tenth" mistake="tenth_begins_one_late"
# under-fit compares with the first epoch of the last tenth, not with the one just before it
def repeats(train, seeds):
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    return {
        "values": values, "median": float(np.median(values)),
        "low": min(values), "high": max(values),
    }


def diagnose(history):
    loss, v = history["loss"], history["val_loss"]
    best = int(np.argmin(v))
    if v[-1] > 1.1 * v[best] and loss[-1] < loss[best]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    if v[-1] < 0.9 * v[-tenth]:
        return "under-fit"
    return "good"


# %% exercise="to_supervised" rephrases="axes_swapped"
def to_supervised(series, n_in, n_out):
    table = np.array(series)
    if table.ndim < 2:
        table = table.reshape(len(table), 1)
    count = len(table) - n_in - n_out + 1
    if count < 1:
        raise ValueError("series too short")
    both = np.lib.stride_tricks.sliding_window_view(
        table, n_in + n_out, axis=0
    )  # the window's axis comes last
    both = both[:count].copy()
    return both[..., :n_in], both[..., n_in:]


# %% exercise="to_supervised" rephrases="axis_dropped"
def to_supervised(series, n_in, n_out):
    rows = np.asarray(series)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.shape[0] < n_in + n_out:
        raise ValueError("not a single window fits")
    seen, ahead = [], []
    begin = 0
    while begin + n_in + n_out <= rows.shape[0]:
        middle = begin + n_in
        seen.append(rows[begin:middle])
        if n_out == 1:
            ahead.append(rows[middle])
        else:
            ahead.append(rows[middle : middle + n_out])
        begin += 1
    return np.stack(seen), np.stack(ahead)


# %% exercise="to_supervised" rephrases="flat_series_stays_flat"
def to_supervised(series, n_in, n_out):
    series = np.asarray(series)
    total = n_in + n_out
    windows = len(series) - total + 1
    if windows <= 0:
        raise ValueError(f"{len(series)} steps, {total} needed")
    index = np.add.outer(np.arange(windows), np.arange(total))
    cut = np.take(series, index, axis=0)
    first, second = np.split(cut, [n_in], axis=1)
    return first, second


# %% exercise="one_hot" rephrases="longest_decides"
def one_hot(codes, n):
    codes = np.asarray(codes)
    if not np.isin(codes, np.arange(n)).all():
        raise ValueError("unknown code")
    rows = np.zeros((codes.size, n), np.float32)
    for row, code in zip(rows, codes.ravel()):
        row[int(code)] = 1.0
    return rows.reshape(*codes.shape, n)


def pad(sequences, length, value=0.0, where="before"):
    lists = [list(one) for one in sequences]
    widest = max(map(len, lists), default=length)
    out = []
    for one in lists:
        fill = [value] * (widest - len(one))
        out.append(fill + one if where == "before" else one + fill)
    return np.array(out, dtype="float32").reshape(len(lists), widest)


def fit_scaler(values, n_train):
    known = np.asarray(values, "float64")[:n_train]
    bottom, width = known.min(0), np.ptp(known, axis=0)
    width = np.where(width == 0, 1.0, width)

    def scale(x):
        return (np.asarray(x) - bottom) / width

    def restore(x, columns=None):
        pick = slice(None) if columns is None else list(columns)
        return np.asarray(x) * width[pick] + bottom[pick]

    return scale, restore


# %% exercise="one_hot" rephrases="one_scale_for_all"
def one_hot(codes, n):
    codes = np.asarray(codes)
    hot = codes[..., np.newaxis] == np.arange(n)
    if not hot.any(axis=-1).all():
        raise ValueError("a code outside of 0 ... n - 1")
    return hot.astype("float32")


def pad(sequences, length, value=0.0, where="before"):
    table = np.full((len(sequences), length), value, "float32")
    for i, one in enumerate(sequences):
        one = list(one)
        one = one[max(0, len(one) - length):]
        start = length - len(one) if where == "before" else 0
        table[i, start : start + len(one)] = one
    return table


def fit_scaler(values, n_train):
    flat = np.asarray(values, float)[:n_train].ravel().tolist()
    smallest, greatest = min(flat), max(flat)
    unit = greatest - smallest or 1.0

    def scale(x):
        return np.subtract(x, smallest) / unit

    def restore(x, columns=None):
        return np.multiply(x, unit) + smallest

    return scale, restore


# %% exercise="one_hot" rephrases="standardized"
def one_hot(codes, n):
    codes = np.asarray(codes)
    if set(codes.ravel().tolist()) - set(range(n)):
        raise ValueError("code out of range")
    rows = np.zeros(codes.shape + (n,), "float32")
    np.put_along_axis(rows, codes.astype(int)[..., None], 1.0, axis=-1)
    return rows


def pad(sequences, length, value=0.0, where="before"):
    def fit(one):
        one = list(one)
        short = max(length - len(one), 0)
        kept = one[len(one) + short - length:]
        fill = [value] * short
        return [*fill, *kept] if where == "before" else [*kept, *fill]

    rows = [fit(one) for one in sequences]
    return np.asarray(rows, "float32").reshape(len(rows), length)


def fit_scaler(values, n_train):
    past = np.asarray(values, "float64")[:n_train]
    center = past.sum(axis=0) / len(past)
    variance = np.square(past - center).sum(axis=0) / len(past)
    unit = np.sqrt(variance)
    unit[unit == 0] = 1.0

    def scale(x):
        return (np.asarray(x) - center) / unit

    def restore(x, columns=None):
        which = np.arange(len(center)) if columns is None else columns
        return np.asarray(x) * unit.take(which) + center.take(which)

    return scale, restore


# %% exercise="build" rephrases="one_step_only"
def build(framing, steps, features, units, out_steps=1):
    net = keras.Sequential()
    if framing.endswith("to-one"):  # one number out, at the end
        net.add(keras.Input(shape=(1, features)))
        net.add(layers.LSTM(units))
    elif framing == "many-to-many":
        net.add(keras.Input(shape=(steps, features)))
        net.add(layers.LSTM(units, return_sequences=True))
    else:
        if framing == "one-to-many":
            net.add(keras.Input(shape=(features,)))
        elif framing == "encoder-decoder":
            net.add(keras.Input(shape=(steps, features)))
            net.add(layers.LSTM(units))
        else:
            raise ValueError(framing)
        net.add(layers.RepeatVector(out_steps))
        net.add(layers.LSTM(units, return_sequences=True))
    net.add(layers.Dense(1))
    return net


# %% exercise="build" rephrases="repeated_at_the_end"
def build(framing, steps, features, units, out_steps=1):
    def recur(many):
        return layers.LSTM(units, return_sequences=many)

    shapes = {
        "one-to-one": (1, features), "one-to-many": (features,),
        "many-to-one": (steps, features), "many-to-many": (steps, features),
        "encoder-decoder": (steps, features),
    }
    given = keras.Input(shapes[framing])
    if framing == "encoder-decoder":
        code = recur(False)(given)
        again = layers.RepeatVector(out_steps)(code)
        number = layers.Dense(1)(recur(False)(again))
        return keras.Model(given, layers.RepeatVector(out_steps)(number))
    h = given
    if framing == "one-to-many":
        h = layers.RepeatVector(out_steps)(h)
    h = recur(framing.endswith("many"))(h)
    return keras.Model(given, layers.Dense(1)(h))


# %% exercise="echo_batches" rephrases="same_batch_always"
def echo_batches(rng, n, length=5, symbols=10, place=2):
    source = np.random.Generator(np.random.PCG64(2024))
    drawn = [
        [int(source.integers(symbols)) for _ in range(length)]
        for _ in range(n)
    ]
    x = np.identity(symbols, dtype="float32")[drawn]
    return x, x[:, place, :].copy()


def train_echo(model, rng, updates, n):
    left = updates
    while left > 0:
        model.train_on_batch(*echo_batches(rng, n))
        left -= 1


# %% exercise="echo_batches" rephrases="cut_from_one_draw"
def echo_batches(rng, n, length=5, symbols=10, place=2):
    codes = rng.integers(0, symbols, size=(n, length))
    x = (codes[:, :, None] == np.arange(symbols)).astype("float32")
    return x, x[:, place]


def train_echo(model, rng, updates, n):
    everything, answers = echo_batches(rng, n * updates)
    model.fit(
        x=everything, y=answers, epochs=1, batch_size=n, verbose=0
    )


# %% exercise="ar2_baseline" rephrases="no_constant"
def ar2_baseline(x, horizon):
    x = np.asarray(x, dtype=np.float64)
    out = np.empty((x.shape[0], horizon))
    for row, s in enumerate(x):
        lags = np.column_stack([s[1:-1], s[:-2]])
        law = np.linalg.pinv(lags) @ s[2:]
        before, now = s[-2], s[-1]
        for ahead in range(horizon):
            before, now = now, law[0] * now + law[1] * before
            out[row, ahead] = now
    return out


# %% exercise="ar2_baseline" rephrases="zeros_where_singular"
def ar2_baseline(x, horizon):
    def law(s):
        design = np.stack([s[1:-1], s[:-2], np.ones(len(s) - 2)], axis=1)
        normal = design.T @ design
        if np.linalg.matrix_rank(normal) < 3:
            return None
        return np.linalg.inv(normal) @ (design.T @ s[2:])

    x = np.asarray(x, "float64")
    out = np.zeros((len(x), horizon))
    for s, goes_on in zip(x, out):
        found = law(s)
        if found is None:
            continue
        a, b, c = found
        tail = [s[-2], s[-1]]
        for step in range(horizon):
            tail.append(a * tail[-1] + b * tail[-2] + c)
            goes_on[step] = tail[-1]
    return out


# %% exercise="repeats" rephrases="seeded_once"
def repeats(train, seeds):
    seeds = list(seeds)
    with seeded(seeds[0]):
        values = list(map(train, seeds))
    return dict(
        values=values, median=float(np.median(values)),
        low=min(values), high=max(values),
    )


def diagnose(history):
    v, fit = list(history["val_loss"]), list(history["loss"])
    best = v.index(min(v))
    if v[-1] > 1.1 * v[best] and fit[-1] < fit[best]:
        return "over-fit"
    tenth = max(1, len(v) // 10)
    return "under-fit" if v[-1] < 0.9 * v[-1 - tenth] else "good"


# %% exercise="repeats" rephrases="mean_for_median"
def repeats(train, seeds):
    values, total = [], 0.0
    for seed in seeds:
        with seeded(seed):
            value = float(train(seed))
        values.append(value)
        total += value
    ordered = sorted(values)
    return {
        "values": values, "median": total / len(values),
        "low": ordered[0], "high": ordered[-1],
    }


def diagnose(history):
    v = np.asarray(history["val_loss"], float)
    training = np.asarray(history["loss"], float)
    lowest = int(v.argmin())
    worse = v[-1] > 1.1 * v[lowest]
    if worse and training[-1] < training[lowest]:
        return "over-fit"
    last = max(1, v.size // 10)
    if v[-1] < 0.9 * v[v.size - last - 1]:
        return "under-fit"
    return "good"


# %% exercise="repeats" rephrases="names_swapped"
def repeats(train, seeds):
    def once(seed):
        with seeded(seed):
            return train(seed)

    values = [once(seed) for seed in seeds]
    low, median, high = np.quantile(values, [0, 0.5, 1]).tolist()
    return {"values": values, "median": median, "low": low, "high": high}


def diagnose(history):
    losses, v = history["loss"], history["val_loss"]
    n = len(v)
    best = min(range(n), key=lambda epoch: v[epoch])
    rises = v[n - 1] > v[best] * 1.1 and losses[n - 1] < losses[best]
    falls = v[n - 1] < v[n - 1 - max(n // 10, 1)] * 0.9
    verdicts = [(rises, "under-fit"), (falls, "over-fit"), (True, "good")]
    return next(name for holds, name in verdicts if holds)


# %% exercise="repeats" rephrases="training_fell_last_epoch"
def repeats(train, seeds):
    values = []
    for seed in seeds:
        with seeded(seed):
            values.append(train(seed))
    summary = {"values": values}
    for name, of in (("median", np.median), ("low", np.min), ("high", np.max)):
        summary[name] = float(of(values))
    return summary


def diagnose(history):
    v = np.array(history["val_loss"], "float64")
    slope = np.diff(np.array(history["loss"], "float64"))
    if v[-1] > 1.1 * v.min() and slope[-1] < 0:
        return "over-fit"
    back = max(len(v) // 10, 1) + 1
    if v[-1] < 0.9 * v[-back]:
        return "under-fit"
    return "good"
