# %% exercise="bottleneck_autoencoder" mistake="units_are_the_code" hint=1 says="The units of the LSTM go to the decoder, so the code has as many numbers as units; squeeze them through a layer as wide as the code."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="code_for_each_step" hint=2 says="Every step has a code of its own and all of them go to the decoder; let the encoder return its last output only."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(code),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="equal_width" says="A code exactly as wide as the input is accepted; it is no bottleneck, refuse it too."
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
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="last_step" says="The encoder is shown the last step only; let it read them all."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is wider than the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.Cropping1D((steps - 1, 0)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="compared_with_features" says="The code is compared with the features of one step; the input has a number for each step and each feature."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= features:
        raise ValueError("the code is as wide as the input")
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
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="no_decoder_memory" says="The copies of the code go straight to a dense layer, so every step comes out alike; decode them with a recurrent layer."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="axes_swapped" says="The output has features before steps; it is (steps, features), like the input."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.Permute((2, 1)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(features),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(steps),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="fixed_units" says="The number of units is fixed; use the argument."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(32),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(32, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="uncentred" hint=2 says="The mean is not taken out before the axes are looked for; the first axis then points at the mean."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    _, _, axes = np.linalg.svd(rows, full_matrices=False)
    return float(np.mean((new - new @ axes[:k].T @ axes[:k]) ** 2))


# %% exercise="bottleneck_autoencoder" mistake="fitted_on_held_out" hint=2 says="Mean and axes are taken from the held-out sequences; take them from x, and look at held_out only to measure."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    new = x if held_out is None else held_out
    rows = new.reshape(len(new), -1)
    gaps = rows - rows.mean(axis=0)
    _, _, axes = np.linalg.svd(gaps, full_matrices=False)
    return float(np.mean((gaps - gaps @ axes[:k].T @ axes[:k]) ** 2))


# %% exercise="bottleneck_autoencoder" mistake="held_out_mean" hint=2 says="The held-out sequences are centered with their own mean; use that of x."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    _, _, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    gaps = new - new.mean(axis=0)
    return float(np.mean((gaps - gaps @ axes[:k].T @ axes[:k]) ** 2))


# %% exercise="bottleneck_autoencoder" mistake="steps_apart" hint=2 says="Each step is taken as a sample of its own; one sample is a whole sequence, T times F numbers."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    rows = x.reshape(-1, x.shape[-1])
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean(gaps**2))


# %% exercise="bottleneck_autoencoder" mistake="summed" says="The squares are summed over each sequence; take the mean over all entries."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    rows = x.reshape(len(x), -1)
    new = rows if held_out is None else held_out.reshape(-1, rows.shape[1])
    mean = rows.mean(axis=0)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T
    gaps = new - mean - kept @ axes[:k]
    return float(np.mean((gaps**2).sum(axis=1)))


# %% exercise="masked_mse" mistake="all_cells" hint=1 says="The sum is divided by all cells, padding included; divide by the real ones."
def masked_mse(y, y_hat, mask):
    real = mask[..., None]
    gap = ops.where(real, y - y_hat, 0.0)
    return ops.mean(ops.square(gap))


# %% exercise="masked_mse" mistake="steps_counted" hint=2 says="The sum is divided by the number of real steps; each step has as many entries as features."
def masked_mse(y, y_hat, mask):
    real = mask[..., None]
    gap = ops.where(real, y - y_hat, 0.0)
    return ops.sum(ops.square(gap)) / ops.sum(ops.cast(mask, gap.dtype))


# %% exercise="masked_mse" mistake="mean_of_means" says="Every sequence counts alike, however short; take one mean over all real entries."
def masked_mse(y, y_hat, mask):
    real = mask[..., None]
    square = ops.square(ops.where(real, y - y_hat, 0.0))
    lengths = ops.sum(ops.cast(mask, square.dtype), axis=1) * y.shape[-1]
    return ops.mean(ops.sum(square, axis=(1, 2)) / lengths)


# %% exercise="masked_mse" mistake="padding_only" says="The mask is turned around: the error is that of the padding."
def masked_mse(y, y_hat, mask):
    padding = ops.logical_not(mask)
    gap = ops.where(padding[..., None], y - y_hat, 0.0)
    count = ops.sum(ops.cast(padding, gap.dtype)) * y.shape[-1]
    return ops.sum(ops.square(gap)) / count


# %% exercise="masked_mse" mistake="output_only" says="Only the output is masked; the target's padding still counts. Mask the squares."
def masked_mse(y, y_hat, mask):
    real = ops.cast(mask, y.dtype)[..., None]
    square = ops.square(y - y_hat * real)
    return ops.sum(square) / (ops.sum(real) * y.shape[-1])


# %% exercise="masked_mse" mistake="mask_ignored" hint=1 says="The mask is not used; leave the padding out of the sum and of the count."
def masked_mse(y, y_hat, mask):
    return ops.mean(ops.square(y - y_hat))


# %% exercise="masked_mse" mistake="times_mask" hint=2 says="The squares are multiplied by the mask, and zero times infinity is not a number; choose with `ops.where`."
def masked_mse(y, y_hat, mask):
    real = ops.cast(mask, y.dtype)[..., None]
    square = ops.square(y - y_hat) * real
    return ops.sum(square) / (ops.sum(real) * y.shape[-1])


# %% exercise="masked_mse" mistake="absolute" says="The absolute errors are averaged; square them."
def masked_mse(y, y_hat, mask):
    gaps = ops.abs(ops.where(mask[..., None], y - y_hat, 0.0))
    count = ops.sum(ops.cast(mask, gaps.dtype)) * y.shape[-1]
    return ops.sum(gaps) / count


# %% exercise="stateful_chunks" mistake="reset_each_chunk" hint=2 says="The state is reset before every chunk, so each one is a series of its own; reset once, before the first."
def stateful_chunks(layer, x, size):
    outputs = []
    for start in range(0, x.shape[1], size):
        layer.reset_state()
        outputs.append(layer(x[:, start : start + size]))
    return ops.concatenate(outputs, axis=1)


# %% exercise="stateful_chunks" mistake="never_reset" hint=1 says="The state is never reset, so a series begins with what the one before it left; reset before the first chunk."
def stateful_chunks(layer, x, size):
    outputs = [
        layer(x[:, start : start + size])
        for start in range(0, x.shape[1], size)
    ]
    return ops.concatenate(outputs, axis=1)


# %% exercise="stateful_chunks" mistake="reset_after" hint=1 says="The state is reset after the series only, so what the layer did before it still counts; reset before the first chunk."
def stateful_chunks(layer, x, size):
    outputs = [
        layer(x[:, start : start + size])
        for start in range(0, x.shape[1], size)
    ]
    layer.reset_state()
    return ops.concatenate(outputs, axis=1)


# %% exercise="stateful_chunks" mistake="rest_dropped" hint=2 says="Steps that do not fill a chunk are dropped; let the last chunk be shorter."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    outputs = [
        layer(x[:, start : start + size])
        for start in range(0, x.shape[1] - size + 1, size)
    ]
    return ops.concatenate(outputs, axis=1)


# %% exercise="stateful_chunks" mistake="chunks_as_samples" says="The chunks are joined along the batch; they follow one another in time, axis 1."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    outputs = [
        layer(x[:, start : start + size])
        for start in range(0, x.shape[1], size)
    ]
    return ops.concatenate(outputs, axis=0)


# %% exercise="stateful_chunks" mistake="last_chunk" says="Only the last chunk's outputs are returned; join those of all chunks."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    for start in range(0, x.shape[1], size):
        output = layer(x[:, start : start + size])
    return output


# %% exercise="stateful_chunks" mistake="split_batch" hint=2 says="The batch is cut into chunks, not the time; slice axis 1."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    outputs = [
        layer(x[start : start + size])
        for start in range(0, x.shape[0], size)
    ]
    return ops.concatenate(outputs, axis=1)


# %% exercise="stateful_chunks" mistake="overlap" says="Each chunk begins with the last step of the one before, which is then read twice."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    outputs = [layer(x[:, :size])]
    for start in range(size, x.shape[1], size):
        outputs.append(layer(x[:, start - 1 : start + size])[:, 1:])
    return ops.concatenate(outputs, axis=1)


# %% exercise="encoder_of" mistake="first_layer" hint=1 says="The first layer of a functional model is its input, so this returns the input; find the layer whose output is the code."
def encoder_of(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, model.layers[0].output)


# %% exercise="encoder_of" mistake="first_lstm" hint=1 says="This stops at the first recurrent layer; in a narrowing stack the code comes later."
def encoder_of(model: keras.Model) -> keras.Model:
    first = next(
        one for one in model.layers if isinstance(one, layers.LSTM)
    )
    return keras.Model(model.inputs, first.output)


# %% exercise="encoder_of" mistake="fresh_weights" says="The encoder is a copy with fresh weights; lead the way through the trained layers."
def encoder_of(model: keras.Model) -> keras.Model:
    repeat = next(
        one for one in model.layers
        if isinstance(one, layers.RepeatVector)
    )
    return keras.models.clone_model(
        keras.Model(model.inputs, repeat.input)
    )


# %% exercise="encoder_of" mistake="copied_weights" says="The weights are copied once and do not follow when the autoencoder is trained on; share the layers."
def encoder_of(model: keras.Model) -> keras.Model:
    repeat = next(
        one for one in model.layers
        if isinstance(one, layers.RepeatVector)
    )
    shared = keras.Model(model.inputs, repeat.input)
    copy = keras.models.clone_model(shared)
    copy.set_weights(shared.get_weights())
    return copy


# %% exercise="encoder_of" mistake="repeated" hint=1 says="The code comes back once for each step; stop before the `RepeatVector`, not after it."
def encoder_of(model: keras.Model) -> keras.Model:
    repeat = next(
        one for one in model.layers
        if isinstance(one, layers.RepeatVector)
    )
    return keras.Model(model.inputs, repeat.output)


# %% exercise="encoder_of" mistake="whole_model" says="This is the whole autoencoder; leave the decoder out."
def encoder_of(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, model.outputs)


# %% exercise="encoder_of" mistake="second_layer" hint=1 says="The second layer is taken whatever it is; in a sequential model that repeats the code. Look for the `RepeatVector`."
def encoder_of(model: keras.Model) -> keras.Model:
    return keras.Model(model.inputs, model.layers[1].output)


# %% exercise="bottleneck_autoencoder" mistake="output_squashed" says="The output passes a tanh; nothing beyond one can come back."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features, activation="tanh"),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = np.asarray(x, dtype=float).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    gaps = new - mean
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="code_is_an_lstm" hint=2 says="The encoder's LSTM has as many units as the code; it has `units`, and a narrower layer follows."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = np.asarray(x, dtype=float).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    gaps = new - mean
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="widened_before_the_copies" says="The code is widened before it is copied; the copies are of the code."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.Dense(units, activation="relu"),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = np.asarray(x, dtype=float).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    gaps = new - mean
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="decoder_as_wide_as_code" hint=2 says="The decoder's LSTM has as many units as the code; it has `units`."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(code, return_sequences=True),
        layers.Dense(features),
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = np.asarray(x, dtype=float).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    gaps = new - mean
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="compiled" says="The model is compiled already; leave that to whoever trains it."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    model = keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),
        layers.Dense(code),
        layers.RepeatVector(steps),
        layers.LSTM(units, return_sequences=True),
        layers.Dense(features),
    ])
    model.compile("adam", "mse")
    return model


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = np.asarray(x, dtype=float).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    axes = np.linalg.svd(rows - mean, full_matrices=False)[2][:k]
    gaps = new - mean
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="x_is_centered_in_place" says="The mean is taken off the caller's sequences; make new ones."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
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
    rows = np.asarray(x).reshape(len(x), -1)
    new = rows
    if held_out is not None:
        new = np.asarray(held_out, dtype=float).reshape(len(held_out), -1)
    mean = rows.mean(axis=0)
    rows -= mean
    axes = np.linalg.svd(rows, full_matrices=False)[2][:k]
    gaps = new - mean * (held_out is not None)
    left = gaps - gaps @ axes.T @ axes
    return float(np.mean(left**2))


# %% exercise="bottleneck_autoencoder" mistake="axes_in_columns" says="The axes are taken from the columns of the last factor; they are its rows."
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    start = keras.Input((steps, features))
    flow = layers.LSTM(units)(start)
    flow = layers.Dense(code)(flow)
    flow = layers.RepeatVector(steps)(flow)
    flow = layers.LSTM(units, return_sequences=True)(flow)
    return keras.Model(start, layers.Dense(features)(flow))


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    if held_out is None:
        held_out = x
    rows, other = x.reshape(len(x), -1), held_out.reshape(len(held_out), -1)
    mean = rows.mean(0)
    _, _, v = np.linalg.svd(rows - mean)
    axes = v[:, :k]
    left = (other - mean) - (other - mean) @ axes @ axes.T
    return float((left**2).mean())


# %% exercise="masked_mse" mistake="where_after_the_square" hint=2 says="The value is right and the gradient is not: take the padding out before squaring."
def masked_mse(y, y_hat, mask):
    real = ops.cast(mask, "bool")[..., None]
    zero = ops.zeros_like(y_hat)
    gaps = y - y_hat
    count = ops.sum(ops.cast(real, gaps.dtype)) * y_hat.shape[-1]
    return ops.sum(ops.where(real, gaps**2, zero)) / count


# %% exercise="masked_mse" mistake="numpy_only" says="numpy knows no gradient, so this is no loss; use keras.ops."
def masked_mse(y, y_hat, mask):
    y, y_hat = ops.convert_to_numpy(y), ops.convert_to_numpy(y_hat)
    real = ops.convert_to_numpy(mask).astype(bool)
    return ((y[real] - y_hat[real]) ** 2).mean()


# %% exercise="stateful_chunks" mistake="all_at_once" hint=2 says="Everything is read in one call; read `size` steps at a time."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    return layer(x)


# %% exercise="stateful_chunks" mistake="step_by_step" says="One step is read at a time; read `size`."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    found = [
        layer(x[:, start : start + 1])
        for start in range(x.shape[1])
    ]
    return ops.concatenate(found, axis=1)


# %% exercise="stateful_chunks" mistake="size_pieces" says="`size` is taken for the number of chunks; it is the length of each."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    found = [
        layer(piece)
        for piece in np.array_split(x, size, axis=1)
    ]
    return ops.concatenate(found, axis=1)


# %% exercise="stateful_chunks" mistake="size_pieces"
def stateful_chunks(layer, x, size):
    """All outputs of a stateful layer that reads x size by size."""
    steps = x.shape[1]
    length = -(-steps // size)
    layer.reset_state()
    found = []
    for first in range(0, steps, length):
        found.append(layer(x[:, first : first + length]))
    return ops.concatenate(found, axis=1)


# %% exercise="stateful_chunks" mistake="short_chunk_first" hint=2 says="The shorter chunk comes first; it is the last."
def stateful_chunks(layer, x, size):
    layer.reset_state()
    found = [
        layer(piece)
        for piece in np.split(
            x, range(x.shape[1] % size or size, x.shape[1], size), axis=1
        )
    ]
    return ops.concatenate(found, axis=1)


# %% exercise="encoder_of" mistake="layer_listed_before" hint=2 says="The layer listed before RepeatVector need not feed it; ask for its input."
def encoder_of(model: keras.Model) -> keras.Model:
    for before, layer in zip(model.layers, model.layers[1:]):
        if isinstance(layer, layers.RepeatVector):
            return keras.Model(model.inputs, before.output)
    raise ValueError("nothing is repeated")


# %% exercise="encoder_of" mistake="first_vector" hint=1 says="The first vector is taken for the code; it is the one that is repeated."
def encoder_of(model: keras.Model) -> keras.Model:
    vectors = [one.output for one in model.layers
               if len(one.output.shape) == 2]
    return keras.Model(model.inputs, vectors[0])


# %% exercise="encoder_of" mistake="frozen" says="The layers are frozen, and the autoencoder with them."
def encoder_of(model: keras.Model) -> keras.Model:
    for layer in model.layers:
        if isinstance(layer, layers.RepeatVector):
            encoder = keras.Model(model.inputs, layer.input)
            encoder.trainable = False
            return encoder
    raise ValueError("nothing is repeated")


# %% exercise="encoder_of" mistake="layers_popped" says="The autoencoder loses its decoder; make a second model instead."
def encoder_of(model: keras.Model) -> keras.Model:
    if isinstance(model, keras.Sequential):
        while not isinstance(model.layers[-1], layers.RepeatVector):
            model.pop()
    for layer in model.layers:
        if isinstance(layer, layers.RepeatVector):
            return keras.Model(model.inputs, layer.input)
    raise ValueError("nothing is repeated")


# %% exercise="encoder_of" mistake="layers_popped"
def encoder_of(model: keras.Model) -> keras.Model:
    copies = next(one for one in model.layers
                  if isinstance(one, layers.RepeatVector))
    if not isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, copies.input)
    while copies in model.layers:
        model.pop()
    return model


# %% exercise="encoder_of" mistake="function_returned" says="A function comes back, not a model."
def encoder_of(model: keras.Model) -> keras.Model:
    for layer in model.layers:
        if isinstance(layer, layers.RepeatVector):
            inner = keras.Model(model.inputs, layer.input)
            return lambda x: inner(x)
    raise ValueError("nothing is repeated")
