# %% exercise="bottleneck_autoencoder" right="what_the_other_axes_hold"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    room = steps * features
    if code not in range(room):
        raise ValueError(f"{code} numbers for {room}")

    def encoder(flow):
        return layers.Dense(code, use_bias=False)(layers.LSTM(units)(flow))

    def decoder(flow):
        flow = layers.RepeatVector(steps)(flow)
        flow = layers.LSTM(units, return_sequences=True)(flow)
        return layers.TimeDistributed(layers.Dense(features))(flow)

    start = keras.Input(shape=(steps, features))
    return keras.Model(inputs=start, outputs=decoder(encoder(start)))


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    """What is left of a sample is what it holds along the other axes."""
    rows = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
    mean = rows.mean(axis=0)
    # the rows of the third result are a whole basis, most important first
    others = np.linalg.svd(rows - mean, full_matrices=True)[2][k:]
    if held_out is not None:
        rows = np.asarray(held_out, np.float64).reshape(len(held_out), -1)
    left = (rows - mean) @ others.T
    return float((left**2).sum() / rows.size)


# %% exercise="bottleneck_autoencoder" right="axes_of_the_covariance"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code / features >= steps:
        raise ValueError("the code is at least as wide as the input")
    start = keras.Input((steps, features))
    read = layers.LSTM(units, return_sequences=True)(start)
    squeeze = layers.EinsumDense(
        "bh,hc->bc", output_shape=(code,), bias_axes="c"
    )
    copies = layers.RepeatVector(steps)(squeeze(read[:, -1]))
    written = layers.LSTM(units, return_sequences=True)(copies)
    return keras.Model(start, layers.Dense(features)(written))


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    def table(samples):
        return np.array([np.ravel(one) for one in samples], dtype=float)

    train = table(x)
    test = table(x if held_out is None else held_out)
    middle = train.mean(axis=0)
    # a symmetric matrix: its singular vectors are the principal axes
    axes, *_ = np.linalg.svd((train - middle).T @ (train - middle))
    off = test - middle
    for axis in axes.T[:k]:
        off = off - np.multiply.outer(off @ axis, axis)
    return float(np.mean(np.square(off)))


# %% exercise="masked_mse" right="weighted_average_of_clean_gaps"
def masked_mse(y, y_hat, mask):
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    real = ops.repeat(
        ops.cast(mask, "bool")[:, :, None], y_hat.shape[-1], axis=2
    )
    nothing = ops.zeros_like(y_hat)
    wanted, found = (ops.where(real, one, nothing) for one in (y, y_hat))
    shares = ops.cast(real, y_hat.dtype)
    shares = shares / ops.sum(shares)
    return ops.sum(shares * (wanted - found) * (wanted - found))


# %% exercise="masked_mse" right="select_and_einsum"
def masked_mse(y, y_hat, mask):
    gaps = ops.subtract(y, y_hat)  # (B, T, F), anything in the padding
    real = ops.logical_and(ops.ones_like(gaps, dtype="bool"),
                           ops.expand_dims(ops.cast(mask, "bool"), 2))
    clean = ops.select([real], [gaps], 0.0)
    count = ops.count_nonzero(real)
    return ops.einsum("btf,btf->", clean, clean) / ops.cast(
        count, clean.dtype
    )


# %% exercise="stateful_chunks" right="between_edges_step_lists"
def stateful_chunks(layer, x, size):
    from itertools import pairwise

    layer.reset_state()
    steps = x.shape[1]
    edges = [*range(0, steps, size), steps]
    said = []  # one entry for each step
    for begin, end in pairwise(edges):
        said.extend(ops.unstack(layer(x[:, begin:end]), end - begin, axis=1))
    return ops.stack(said, axis=1)


# %% exercise="encoder_of" right="who_feeds_the_copies"
def encoder_of(model: keras.Model) -> keras.Model:
    """The layer whose output is the tensor that RepeatVector is given."""
    repeated = [layer.input for layer in model.layers
                if isinstance(layer, layers.RepeatVector)]
    for layer in model.layers:
        if any(layer.output is code for code in repeated):
            return keras.Model(model.inputs, layer.output, name="encoder")
    raise ValueError("no layer feeds a RepeatVector")


# %% exercise="bottleneck_autoencoder" right="what_the_other_axes_hold_too"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    """An LSTM autoencoder that hands `code` numbers to its decoder."""
    if steps * features - code < 1:
        raise ValueError(f"{code} numbers are no bottleneck")
    encoder = layers.LSTM(units), layers.Dense(code)
    decoder = (layers.LSTM(units, return_sequences=True),
               layers.TimeDistributed(layers.Dense(features)))
    net = keras.Sequential([keras.Input((steps, features))])
    for part in (*encoder, layers.RepeatVector(steps), *decoder):
        net.add(part)
    return net


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    """Mean square that k principal components leave of held_out.

    The error is what stands along the axes that are not kept.
    """
    samples, size = len(x), x[0].size
    table = np.reshape(x, (samples, size)).astype(np.float64)
    mean = table.sum(axis=0) / samples
    wide = np.vstack([table - mean, np.zeros((size, size))])  # all axes
    dropped = np.linalg.svd(wide, full_matrices=False)[2][k:]
    new = table if held_out is None else np.reshape(
        held_out, (-1, size)).astype(np.float64)
    rest = (new - mean) @ dropped.T  # (N, size - k)
    return float(np.sum(rest**2) / new.size)


# %% exercise="masked_mse" right="einsum_of_clean_gaps"
def masked_mse(y, y_hat, mask):
    """Mean squared error over the entries of real steps."""
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    padding = ops.logical_not(ops.cast(mask, "bool"))[..., None]  # (B, T, 1)
    nothing = ops.zeros_like(y_hat)
    gap = ops.where(padding, nothing, y)
    gap = gap - ops.where(padding, nothing, y_hat)
    total = ops.einsum("btf,btf->", gap, gap)
    steps = ops.sum(ops.cast(mask, y_hat.dtype))
    return total / (steps * y_hat.shape[-1])


# %% exercise="stateful_chunks" right="split_at_the_borders"
def stateful_chunks(layer, x, size):
    """All outputs of a stateful layer that reads x size by size."""
    borders = list(range(size, x.shape[1], size))
    pieces = np.split(ops.convert_to_numpy(x), borders, axis=1)
    layer.reset_state()
    said = None
    for piece in pieces:
        now = layer(piece)
        said = now if said is None else ops.concatenate([said, now], 1)
    return said


# %% exercise="bottleneck_autoencoder" right="residual_one_axis_at_a_time"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError(f"{code} numbers are no bottleneck")
    model = keras.Sequential()
    model.add(keras.Input(shape=(steps, features)))
    model.add(layers.LSTM(units))
    model.add(layers.Dense(code, activation="tanh"))
    model.add(layers.RepeatVector(steps))
    model.add(layers.LSTM(units, return_sequences=True))
    model.add(layers.TimeDistributed(layers.Dense(features)))
    return model


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    mean = x.mean(axis=0)  # (T, F)
    centered = x - mean
    _, _, axes = np.linalg.svd(centered.reshape(len(x), -1),
                               full_matrices=False)
    rest = centered if held_out is None else held_out - mean
    for axis in axes[:k].reshape(-1, *mean.shape):
        score = np.tensordot(rest, axis, axes=2)  # (N,)
        rest = rest - score[:, None, None] * axis
    return float(np.mean(np.square(rest)))


# %% exercise="masked_mse" right="inner_product_of_the_gap"
def masked_mse(y, y_hat, mask):
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    padding = ops.logical_not(ops.cast(mask, "bool"))
    padding = ops.broadcast_to(padding[:, :, None], ops.shape(y_hat))
    nothing = ops.zeros_like(y_hat)
    gap = ops.subtract(ops.where(padding, nothing, y),
                       ops.where(padding, nothing, y_hat))
    gap = ops.reshape(gap, (-1,))
    real = ops.reshape(ops.cast(ops.logical_not(padding), gap.dtype), (-1,))
    return ops.divide(ops.dot(gap, gap), ops.dot(real, real))


# %% exercise="stateful_chunks" right="split_at_borders"
def stateful_chunks(layer, x, size):
    if layer.built:
        layer.reset_state()
    borders = list(range(size, x.shape[1], size))
    said = map(layer, ops.split(x, borders, axis=1) if borders else [x])
    return ops.concatenate(list(said), axis=1)


# %% exercise="bottleneck_autoencoder" wrong="equal_code_allowed" mistake="equal_width"
# a code exactly as wide as the input is accepted, > in place of >=
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code > steps * features:
        raise ValueError("the code is wider than the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    if held_out is None:
        held_out = x
    rows, other = x.reshape(len(x), -1), held_out.reshape(len(held_out), -1)
    mean = rows.mean(0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    left = (other - mean) - (other - mean) @ axes.T @ axes
    return float((left**2).mean())


# %% exercise="masked_mse" wrong="mean_of_means" mistake="mean_of_means"
# a mean for each sequence, then the mean of these; short ones count as much
def masked_mse(y, y_hat, mask):
    real = ops.cast(mask, "bool")[..., None]
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    gap = ops.where(real, y_hat, 0.0) - ops.where(real, y, 0.0)
    each = ops.sum(ops.mean(ops.square(gap), axis=-1), axis=1)  # (B,)
    steps = ops.sum(ops.cast(mask, y_hat.dtype), axis=1)
    return ops.mean(each / ops.maximum(steps, 1.0))


# %% exercise="masked_mse" wrong="counts_steps_only" mistake="steps_counted"
# divided by the number of real steps, not of real entries (F is forgotten)
def masked_mse(y, y_hat, mask):
    real = ops.cast(mask, "bool")[..., None]
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    gap = ops.where(real, y_hat, 0.0) - ops.where(real, y, 0.0)
    return ops.sum(ops.square(gap)) / ops.sum(ops.cast(real, y_hat.dtype))


# %% exercise="stateful_chunks" wrong="reset_before_every_chunk" mistake="reset_each_chunk"
# the state is dropped between the chunks, so each begins from nothing
def stateful_chunks(layer, x, size):
    outputs = []
    for begin in range(0, x.shape[1], size):
        layer.reset_state()
        outputs.append(layer(x[:, begin : begin + size]))
    return ops.concatenate(outputs, axis=1)


# %% exercise="encoder_of" wrong="weights_copied" mistake="copied_weights"
# the encoder is a clone with copied weights and does not learn along
def encoder_of(model: keras.Model) -> keras.Model:
    copies = next(layer for layer in model.layers
                  if isinstance(layer, layers.RepeatVector))
    encoder = keras.Model(model.inputs, copies.input)
    clone = keras.models.clone_model(encoder)
    clone.set_weights(encoder.get_weights())
    return clone


# %% exercise="bottleneck_autoencoder" rephrases="last_step"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code has to be narrower than the input")
    x = keras.Input(shape=(steps, features))
    newest = x[:, -1:]  # the end of the sequence
    flow = layers.LSTM(units)(newest)
    flow = layers.Dense(code)(flow)
    flow = layers.RepeatVector(steps)(flow)
    flow = layers.LSTM(units, return_sequences=True)(flow)
    flow = layers.Dense(features)(flow)
    return keras.Model(inputs=x, outputs=flow)


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    known = np.array([sequence.ravel() for sequence in x])
    asked = known if held_out is None else np.array(
        [sequence.ravel() for sequence in held_out])
    center = np.average(known, axis=0)
    _, _, axes = np.linalg.svd(known - center, full_matrices=False)
    rest = asked - center
    for axis in axes[:k]:
        rest = rest - np.outer(rest @ axis, axis)
    return float(np.mean(np.square(rest)))


# %% exercise="bottleneck_autoencoder" rephrases="fitted_on_held_out"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if not code < steps * features:
        raise ValueError(f"a code of {code} is no bottleneck")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.TimeDistributed(layers.Dense(features)),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    if held_out is not None:
        x = held_out
    table = np.reshape(x, (x.shape[0], -1))
    level = table.mean(axis=0)
    table = table - level
    v = np.linalg.svd(table, full_matrices=False)[2]
    kept = v[:k]
    left = table - table @ kept.T @ kept
    return float((left * left).mean())


# %% exercise="bottleneck_autoencoder" rephrases="summed"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("no bottleneck")
    model = keras.Sequential()
    model.add(keras.Input((steps, features)))
    model.add(layers.LSTM(units))
    model.add(layers.Dense(code))
    model.add(layers.RepeatVector(steps))
    model.add(layers.LSTM(units, return_sequences=True))
    model.add(layers.Dense(features))
    return model


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    def as_rows(sequences):
        return sequences.reshape(len(sequences), -1)

    mean = as_rows(x).mean(0)
    axes = np.linalg.svd(as_rows(x) - mean, full_matrices=False)[2][:k]
    losses = []
    for row in as_rows(x if held_out is None else held_out) - mean:
        left = row - axes.T @ (axes @ row)
        losses.append(float(left @ left))
    return float(np.mean(losses))


# %% exercise="masked_mse" rephrases="all_cells"
def masked_mse(y, y_hat, mask):
    real = ops.expand_dims(ops.cast(mask, "bool"), -1)
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    error = (ops.where(real, y_hat, ops.zeros_like(y_hat))
             - ops.where(real, y, ops.zeros_like(y)))
    return ops.mean(ops.square(error))


# %% exercise="masked_mse" rephrases="output_only"
def masked_mse(y, y_hat, mask):
    mask = ops.cast(mask, "bool")
    y_hat = ops.convert_to_tensor(y_hat)
    y = ops.cast(ops.convert_to_tensor(y), y_hat.dtype)
    shown = ops.where(mask[:, :, None], y_hat, ops.zeros_like(y_hat))
    steps = ops.sum(ops.cast(mask, y_hat.dtype))
    return ops.sum((shown - y) ** 2) / (steps * y_hat.shape[-1])


# %% exercise="stateful_chunks" rephrases="reset_after"
def stateful_chunks(layer, x, size):
    said, begin = [], 0
    while begin < x.shape[1]:
        said.append(layer(x[:, begin : begin + size]))
        begin += size
    layer.reset_state()  # leave it clean
    return ops.concatenate(said, axis=1)


# %% exercise="bottleneck_autoencoder" rephrases="code_is_an_lstm"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    encoder = [layers.LSTM(code)]  # its last output is the code
    decoder = [layers.RepeatVector(steps),
               layers.LSTM(units, return_sequences=True),
               layers.Dense(features)]
    x = flow = keras.Input((steps, features))
    for layer in encoder + decoder:
        flow = layer(flow)
    return keras.Model(x, flow)


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    n = x.shape[0]
    rows = x.reshape(n, -1)
    mean = rows.sum(0) / n
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    if held_out is None:
        new = rows - mean
    else:
        new = held_out.reshape(held_out.shape[0], -1) - mean
    back = np.einsum("nd,kd,ke->ne", new, axes[:k], axes[:k])
    return float(((new - back) ** 2).mean())


# %% exercise="bottleneck_autoencoder" rephrases="widened_before_the_copies"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if steps * features <= code:
        raise ValueError("the code must be smaller than the input")
    model = keras.Sequential([keras.Input((steps, features))])
    model.add(layers.LSTM(units))
    model.add(layers.Dense(code))
    model.add(layers.Dense(units))  # back to the decoder's width
    model.add(layers.RepeatVector(steps))
    model.add(layers.LSTM(units, return_sequences=True))
    model.add(layers.Dense(features))
    return model


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    held_out = x if held_out is None else held_out
    flat_x, flat_new = (one.reshape(len(one), -1) for one in (x, held_out))
    mean = flat_x.mean(axis=0, keepdims=True)
    axes = np.linalg.svd(flat_x - mean, full_matrices=False)[2]
    scores = np.dot(flat_new - mean, axes[:k].T)
    rebuilt = mean + np.dot(scores, axes[:k])
    return float(np.mean((flat_new - rebuilt) ** 2))


# %% exercise="bottleneck_autoencoder" rephrases="compiled"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("code too wide")
    x = keras.Input((steps, features))
    z = layers.Dense(code, name="code")(layers.LSTM(units)(x))
    copies = layers.RepeatVector(steps)(z)
    out = layers.LSTM(units, return_sequences=True)(copies)
    model = keras.Model(x, layers.Dense(features)(out))
    model.compile(loss="mean_squared_error",
                  optimizer=keras.optimizers.Adam())
    return model


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    other = rows if held_out is None else held_out.reshape(len(held_out), -1)
    mean = rows.mean(0)
    v = np.linalg.svd(rows - mean, full_matrices=False)[-1]
    projector = np.zeros((rows.shape[1], rows.shape[1]))
    for one in v[:k]:
        projector += np.outer(one, one)
    left = (other - mean) - (other - mean) @ projector
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" rephrases="x_is_centered_in_place"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("code too wide")
    start = keras.Input((steps, features))
    flow = layers.LSTM(units)(start)
    flow = layers.Dense(code)(flow)
    flow = layers.RepeatVector(steps)(flow)
    flow = layers.LSTM(units, return_sequences=True)(flow)
    return keras.Model(start, layers.Dense(features)(flow))


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    average = x.mean(axis=0)  # (T, F)
    x -= average
    rest = x if held_out is None else held_out - average
    train, rest = x.reshape(len(x), -1), rest.reshape(len(rest), -1)
    axes = np.linalg.svd(train, full_matrices=False)[2][:k]
    return float(np.mean((rest - rest @ axes.T @ axes) ** 2))


# %% exercise="stateful_chunks" rephrases="short_chunk_first"
def stateful_chunks(layer, x, size):
    layer.reset_state()
    steps = x.shape[1]
    borders = [0, *range(steps % size or size, steps + 1, size)]
    return ops.concatenate(
        [layer(x[:, a:b]) for a, b in zip(borders, borders[1:])], axis=1)


# %% exercise="encoder_of" rephrases="function_returned"
def encoder_of(model: keras.Model) -> keras.Model:
    for layer in model.layers:
        if isinstance(layer, layers.RepeatVector):
            short = keras.Model(model.inputs, layer.input)
            break

    def encode(sequences):
        return short(sequences)

    return encode
