# %% exercise="bottleneck_autoencoder"
def bottleneck_autoencoder(
    steps: int, features: int, code: int, units: int = 32
) -> keras.Model:
    if code >= steps * features:
        raise ValueError("the code is as wide as the input")
    return keras.Sequential([
        keras.Input((steps, features)),
        layers.LSTM(units),  # (B, H)
        layers.Dense(code),  # (B, code)
        layers.RepeatVector(steps),  # (B, T, code)
        layers.LSTM(units, return_sequences=True),  # (B, T, H)
        layers.Dense(features),  # (B, T, F)
    ])


def pca_error(
    x: np.ndarray, k: int, held_out: np.ndarray | None = None
) -> float:
    rows = x.reshape(len(x), -1)  # (N, T * F)
    new = (rows if held_out is None
           else held_out.reshape(-1, rows.shape[1]))
    mean = rows.mean(axis=0)  # (T * F,)
    _, _, axes = np.linalg.svd(rows - mean, full_matrices=False)
    kept = (new - mean) @ axes[:k].T  # (N, k)
    gaps = new - mean - kept @ axes[:k]  # (N, T * F)
    return float(np.mean(gaps**2))

# %% [markdown] exercise="bottleneck_autoencoder"
# The units of the LSTM are its memory while it reads; the dense layer
# after it is the bottleneck, and its width is the only number that
# limits what reaches the decoder. PCA gets the same width, takes its
# mean and its axes from the training data and no other, and is the best
# that any *linear* code can do there.

# %% exercise="masked_mse"
def masked_mse(y, y_hat, mask):
    real = mask[..., None]  # (B, T, 1)
    gap = ops.where(real, y - y_hat, 0.0)  # (B, T, F)
    count = ops.sum(ops.cast(mask, gap.dtype)) * y.shape[-1]
    return ops.sum(ops.square(gap)) / count

# %% [markdown] exercise="masked_mse"
# The padding is taken out twice: of the gaps, where `where` puts a
# zero, and of the count. A product with the mask would not do if the
# padding held an infinity, and neither would `where` after the
# square: its value is right, but the gradient still goes through the
# infinity, and zero times infinity is not a number.

# %% exercise="stateful_chunks"
def stateful_chunks(layer, x, size):
    layer.reset_state()
    outputs = [
        layer(x[:, start : start + size])  # (B, size, H)
        for start in range(0, x.shape[1], size)
    ]
    return ops.concatenate(outputs, axis=1)  # (B, T, H)

# %% [markdown] exercise="stateful_chunks"
# A stateful layer keeps its state from one call to the next, so the only
# thing left to say is where a series begins. Resetting before the series
# and not after it makes the answer independent of what the layer did
# earlier.

# %% exercise="encoder_of"
def encoder_of(model: keras.Model) -> keras.Model:
    repeat = next(
        one for one in model.layers
        if isinstance(one, layers.RepeatVector)
    )
    return keras.Model(model.inputs[0], repeat.input)

# %% [markdown] exercise="encoder_of"
# The code is what the first `RepeatVector` is fed with, wherever that
# layer stands. The new model is another way through the same layers:
# nothing is copied, so the encoder follows when the autoencoder is
# trained on.
