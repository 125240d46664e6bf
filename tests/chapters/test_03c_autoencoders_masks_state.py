"""The checks of notebook 3c: each holds one property of one exercise."""

import warnings

import numpy as np
import torch
from sklearn.decomposition import PCA

from unrolled.checks import close, equal, expect, observed, raises, there


def draw(rng, *shape):
    """Standard normal numbers, float32."""
    return rng.normal(size=shape).astype("float32")


def array(tensor):
    """A tensor of any backend as an array."""
    return tensor.detach().cpu().numpy() if isinstance(tensor, torch.Tensor) else np.asarray(tensor)


# --- bottleneck_autoencoder

STEPS, FEATURES, CODE = 5, 3, 2


@there
def built(bottleneck_autoencoder, steps, features, code, named):
    """The model that an answer builds, with its weights doubled: its functions bend more."""
    model = bottleneck_autoencoder(steps, features, code, **named)
    model.set_weights([2 * weight for weight in model.get_weights()])
    return model


@there
def output_of(model, x):
    """What a model makes of a batch."""
    return array(model(x))


@there
def jacobian(bottleneck_autoencoder, x):
    """d output / d input around x, (T, F): central differences; (inputs, outputs)."""
    model = bottleneck_autoencoder(STEPS, FEATURES, CODE)
    model.set_weights([2 * weight for weight in model.get_weights()])
    moves = 0.03 * np.eye(x.size, dtype="float32").reshape(-1, *x.shape)
    ahead, back = (
        array(model(x + sign * moves)).reshape(x.size, -1).astype(float) for sign in (1, -1)
    )
    return (ahead - back) / 0.06


@there
def parts(bottleneck_autoencoder, steps, features, code, named):
    """The shape of the output for a batch of three, and the number of weights."""
    try:
        model = bottleneck_autoencoder(steps, features, code, **named)
    except ValueError:
        return "ValueError", 0
    x = np.zeros((3, steps, features), "float32")
    return tuple(model(x).shape), model.count_params()


def test_a_batch_of_sequences_comes_back_in_its_own_shape(bottleneck_autoencoder, rng):
    for _ in range(2):
        steps, features = (int(n) for n in rng.integers(2, 8, 2))
        got, _ = parts(bottleneck_autoencoder, steps, features, 2, {})
        what = f"the output of bottleneck_autoencoder({steps}, {features}, 2) for three sequences"
        equal(got, (3, steps, features), what)


def test_only_as_many_numbers_as_the_code_has_reach_the_decoder(bottleneck_autoencoder, rng):
    got = jacobian(bottleneck_autoencoder, draw(rng, STEPS, FEATURES))
    equal(got.shape, (15, 15), "the shape of d output / d input")
    sizes = np.linalg.svd(np.nan_to_num(got), compute_uv=False)
    ways = int((sizes > 5e-4 * max(sizes[0], 1e-9)).sum())
    expect(
        ways == CODE,
        f"bottleneck_autoencoder({STEPS}, {FEATURES}, {CODE}): expected {CODE} independent "
        f"directions from input to output, got {ways}",
        got=ways,
    )


def test_the_code_depends_on_every_step_and_every_feature(bottleneck_autoencoder, rng):
    got = np.abs(jacobian(bottleneck_autoencoder, draw(rng, STEPS, FEATURES))).max(1)
    heard = (got.reshape(STEPS, FEATURES) > 1e-6).tolist()
    equal(heard, [[True] * FEATURES] * STEPS, "whether an input entry (t, f) changes the output")


def test_every_step_is_decoded_in_its_own_way(bottleneck_autoencoder, rng):
    model = built(bottleneck_autoencoder, STEPS, FEATURES, CODE, {})
    got = output_of(model, draw(rng, 3, STEPS, FEATURES))
    moves = np.abs(np.diff(got, axis=1)).max((0, 2)) > 1e-5
    equal(moves.tolist(), [True] * (STEPS - 1), "whether the output changes from step to step")


def test_a_code_as_wide_as_the_input_is_refused(bottleneck_autoencoder, rng):
    steps, features = (int(n) for n in rng.integers(2, 5, 2))
    most = steps * features
    got, _ = parts(bottleneck_autoencoder, steps, features, most - 1, {})
    name = f"bottleneck_autoencoder({steps}, {features}, "
    equal(got, (3, steps, features), f"the output of {name}{most - 1})")
    for code in (most, most + 1):
        call = (bottleneck_autoencoder, steps, features, code)
        raises(ValueError, *call, what=f"{name}{code})")


def test_the_units_are_an_argument(bottleneck_autoencoder):
    sizes = [parts(bottleneck_autoencoder, 5, 2, 3, {"units": n})[1] for n in (7, 32)]
    default = parts(bottleneck_autoencoder, 5, 2, 3, {})[1]
    expect(
        sizes[0] < sizes[1] == default,
        f"weights with 7, 32 and the default units: expected more, and then the same, "
        f"got {sizes[0]}, {sizes[1]} and {default}",
        got=(*sizes, default),
    )


@there
def weights_of(bottleneck_autoencoder, steps, features, code, units):
    """Shapes of the weights in their order, and whether the model is compiled."""
    model = bottleneck_autoencoder(steps, features, code, units)
    return [tuple(one.shape) for one in model.get_weights()], bool(model.compiled)


def lstm_shapes(features, units):
    """Shapes of an LSTM's weights, as Keras orders them."""
    return [(features, 4 * units), (units, 4 * units), (4 * units,)]


def test_both_lstms_have_their_units_and_the_second_reads_the_code(bottleneck_autoencoder, rng):
    units, features = int(rng.integers(5, 9)), int(rng.integers(2, 4))
    shapes, compiled = weights_of(bottleneck_autoencoder, 5, features, 3, units)
    what = f"bottleneck_autoencoder(5, {features}, 3, {units})"
    equal(shapes[:3], lstm_shapes(features, units), f"the first weights of {what}")
    last = [*lstm_shapes(3, units), (units, features), (features,)]
    equal(shapes[-5:], last, f"the last weights of {what}")
    expect(not compiled, f"{what}: expected a model that is not compiled", compiled)


@there
def with_a_stronger_end(bottleneck_autoencoder, x):
    """Outputs before and after the last layer's weights were made a hundred times as large."""
    model = bottleneck_autoencoder(*x.shape[1:], 2)
    *first, kernel, bias = model.get_weights()
    model.set_weights([*first, kernel, bias + 0.5])
    before = array(model(x))
    model.set_weights([*first, 100 * kernel, 100 * (bias + 0.5)])
    return before, array(model(x))


def test_the_output_has_no_bounds(bottleneck_autoencoder, rng):
    before, after = with_a_stronger_end(bottleneck_autoencoder, draw(rng, 3, STEPS, FEATURES))
    what = "the output, the last layer's weights a hundred times as large"
    close(after, 100 * before, what, axes="BTF", tolerance=1e-3)


def rests(x, k, held_out):
    """The mean square that sklearn's principal components leave of new sequences."""
    rows, new = (one.reshape(len(one), -1).astype(float) for one in (x, held_out))
    pca = PCA(k, svd_solver="full").fit(rows)
    return float(np.mean((new - pca.inverse_transform(pca.transform(new))) ** 2))


def test_pca_leaves_what_sklearn_leaves(pca_error, rng):
    x = rng.normal(size=(23, 5, 2)) * rng.uniform(0.2, 2, (5, 2)) + rng.normal(size=(5, 2))
    for k in (1, 3, 9):
        expected = rests(x, k, x)
        close(pca_error(x, k), expected, f"pca_error of (23, 5, 2), k={k}", tolerance=1e-6)


def test_new_sequences_meet_the_old_mean_and_the_old_axes(pca_error, rng):
    x = rng.normal(size=(23, 5, 2)) * rng.uniform(0.2, 2, (5, 2))
    held_out = rng.normal(size=(7, 5, 2)) + rng.normal(size=(5, 2))
    expected = rests(x, 3, held_out)
    got = pca_error(x, 3, held_out)
    close(got, expected, "pca_error(x, 3, held_out)", tolerance=1e-6)


def test_without_a_component_the_mean_is_left(pca_error, rng):
    x = rng.normal(size=(23, 5, 2)) + 3 * rng.normal(size=(5, 2))
    expected = float(np.mean(np.var(x, axis=0)))
    close(pca_error(x, 0), expected, "pca_error(x, 0)", tolerance=1e-6)


@there
def rows_after(pca_error, x, held_out):
    """The sequences, once pca_error has seen them."""
    pca_error(x, 2, held_out)
    return x, held_out


@observed
def test_pca_leaves_the_sequences_as_they_are(pca_error, rng):
    x, held_out = rng.normal(size=(2, 11, 3, 2)) + 1
    found = rows_after(pca_error, x.copy(), held_out.copy())
    for name, got, expected in zip(("x", "held_out"), found, (x, held_out), strict=True):
        close(got, expected, f"{name} after pca_error", axes="BTF", tolerance=1e-12)


# --- masked_mse


@there
def error_of(masked_mse, y, y_hat, mask):
    """The error as a number; all three become tensors of the backend first."""
    import keras

    ops = keras.ops
    found = masked_mse(*(ops.convert_to_tensor(one) for one in (y, y_hat, mask)))
    return ops.convert_to_numpy(found)


def padded(rng, batch=3, steps=5, features=2):
    """Two arrays and a mask of real steps; the lengths differ, and one is whole."""
    lengths = np.concatenate([[steps], rng.integers(1, steps, batch - 1)])
    mask = np.arange(steps) < lengths[:, None]  # (B, T)
    return draw(rng, batch, steps, features), draw(rng, batch, steps, features), mask


def over_real_steps(y, y_hat, mask):
    return float(np.mean((y - y_hat)[mask].astype(float) ** 2))


def test_without_padding_it_is_the_mean_square(masked_mse, rng):
    y, y_hat, _ = padded(rng)
    expected = np.mean((y - y_hat).astype(float) ** 2)
    got = error_of(masked_mse, y, y_hat, np.ones((3, 5), bool))
    close(got, expected, "masked_mse with a mask that is all real", tolerance=1e-4)


def test_the_mean_is_taken_over_the_real_entries(masked_mse, rng):
    y, y_hat, mask = padded(rng)
    expected = over_real_steps(y, y_hat, mask)
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "masked_mse of (3, 5, 2)", tolerance=1e-4)


def test_a_long_sequence_counts_more_than_a_short_one(masked_mse, rng):
    short, long = (float(n) for n in rng.uniform(1, 3, 2))
    mask = np.arange(9) < np.array([[1], [9]])
    y_hat = np.zeros((2, 9, 1), "float32")
    y = np.stack([np.full((9, 1), short), np.full((9, 1), long)]).astype("float32")
    expected = (short**2 + 9 * long**2) / 10
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "one real step in one sequence, nine in another", tolerance=1e-4)


def test_poison_in_the_padding_changes_nothing(masked_mse, rng):
    y, y_hat, mask = padded(rng)
    expected = over_real_steps(y, y_hat, mask)
    y[~mask] = 7.0
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "masked_mse, the target's padding is 7", tolerance=1e-4)
    y_hat[~mask] = -700.0
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "masked_mse, the output's padding is -700", tolerance=1e-4)


def test_an_infinity_in_the_padding_changes_nothing(masked_mse, rng):
    y, y_hat, mask = padded(rng)
    expected = over_real_steps(y, y_hat, mask)
    y[~mask] = np.inf
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "masked_mse, the target's padding is infinite", tolerance=1e-4)


@there
def after_one_step(masked_mse, x, y, mask, kernel, rate):
    """The weights of a dense layer after one step of plain descent on masked_mse."""
    import keras

    layer = keras.layers.Dense(kernel.shape[1], use_bias=False)
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    layer.set_weights([kernel])
    real = keras.ops.convert_to_tensor(mask)
    model.compile(
        optimizer=keras.optimizers.SGD(rate),
        loss=lambda y, y_hat: masked_mse(y, y_hat, real),
        run_eagerly=True,
    )
    try:
        model.train_on_batch(x, y)
    except ValueError:
        pass  # there is no gradient, so nothing is learned
    return layer.get_weights()[0]


def test_as_a_loss_it_teaches_what_the_real_steps_say(masked_mse, rng):
    y, _, mask = padded(rng)
    x, kernel, rate = draw(rng, *y.shape[:2], 3), draw(rng, 3, y.shape[2]), 0.1
    gaps = (x @ kernel - y) * mask[..., None]  # (B, T, F)
    slope = 2 * np.einsum("bti,btf->if", x, gaps) / (mask.sum() * y.shape[2])
    expected = kernel - rate * slope
    for name, poison in {"7": 7.0, "infinity": np.inf, "NaN": np.nan}.items():
        y[~mask] = poison
        got = after_one_step(masked_mse, x, y, mask, kernel, rate)
        what = f"weights after a step on masked_mse, the target's padding is {name}"
        close(got, expected.astype("float32"), what, tolerance=1e-4)


def test_padding_may_stand_in_front(masked_mse, rng):
    y, y_hat, mask = (one[:, ::-1].copy() for one in padded(rng))
    expected = over_real_steps(y, y_hat, mask)
    got = error_of(masked_mse, y, y_hat, mask)
    close(got, expected, "masked_mse, padded in front", tolerance=1e-4)


# --- stateful_chunks


@there
def chunked(stateful_chunks, kind, units, weights, runs, size, touched):
    """What an answer makes of several series, one after the other, with one stateful layer."""
    import keras

    layer = getattr(keras.layers, kind)(units, return_sequences=True, stateful=True)
    layer.build(runs[0].shape)
    layer.set_weights(weights)
    if touched:
        layer(runs[0][:, :2])
    found = [stateful_chunks(layer, keras.ops.convert_to_tensor(x), size) for x in runs]
    return [array(one) for one in found]


def drawn_weights(rng, gates, features, units):
    """Kernel, recurrent kernel and bias, as Keras orders them."""
    shapes = (features, gates * units), (units, gates * units), (gates * units,)
    return [draw(rng, *shape) for shape in shapes]


def whole(kind, weights, x):
    """torch's own layer, in double precision, over the whole series."""
    kernel, recurrent_kernel, bias = (torch.from_numpy(one).double() for one in weights)
    module = {"LSTM": torch.nn.LSTM, "SimpleRNN": torch.nn.RNN}[kind]
    rnn = module(kernel.shape[0], recurrent_kernel.shape[0], batch_first=True).double()
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(kernel.T)
        rnn.weight_hh_l0.copy_(recurrent_kernel.T)
        rnn.bias_ih_l0.copy_(bias)
        rnn.bias_hh_l0.zero_()
        return rnn(torch.from_numpy(x).double())[0].float().numpy()


def compare_chunks(stateful_chunks, rng, steps, size, count=1, touched=False, kind="LSTM"):
    weights = drawn_weights(rng, {"LSTM": 4, "SimpleRNN": 1}[kind], 2, 3)
    runs = [draw(rng, 4, steps, 2) for _ in range(count)]
    expected = [whole(kind, weights, x) for x in runs]
    got = chunked(stateful_chunks, kind, 3, weights, runs, size, touched)
    name = f"stateful_chunks of {steps} steps, {size} at a time"
    for number, (one, other) in enumerate(zip(got, expected, strict=True)):
        what = name if count == 1 else f"{name}, series {number + 1} of {count}"
        close(one, other, what, axes="BTH", tolerance=1e-5)


def test_chunks_give_what_the_whole_series_gives(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=6, size=2)


def test_a_last_chunk_may_be_shorter(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=7, size=3)


def test_steps_one_at_a_time_give_the_whole_too(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=3, size=1)


def test_a_second_series_does_not_remember_the_first(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=4, size=2, count=2)


def test_what_the_layer_did_before_does_not_matter(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=4, size=2, touched=True)


def test_any_recurrent_layer_will_do(stateful_chunks, rng):
    compare_chunks(stateful_chunks, rng, steps=4, size=2, kind="SimpleRNN")


@there
def sizes_read(stateful_chunks, steps, size):
    """How many steps a layer was given at a time."""
    import keras

    found = []

    class Noting(keras.layers.LSTM):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            found.append(int(sequences.shape[1]))
            return super().call(sequences, initial_state, mask, training)

    layer = Noting(3, return_sequences=True, stateful=True)
    stateful_chunks(layer, keras.ops.zeros((2, steps, 1)), size)
    return found


def test_it_reads_so_many_steps_at_a_time(stateful_chunks, rng):
    size, whole_chunks = int(rng.integers(5, 8)), int(rng.integers(2, 4))
    steps = size * whole_chunks + 1
    got = sizes_read(stateful_chunks, steps, size)
    equal(got, [size] * whole_chunks + [1], f"chunks of {steps} steps, {size} at a time")


# --- encoder_of


@there
def codes(encoder_of, kind, first, second, x):
    """Codes of an autoencoder's encoder, and again after the autoencoder got other weights."""
    import keras

    layers = keras.layers
    start = keras.Input(x.shape[1:])
    units = [len(one[1]) for one in first]
    reading = [
        layers.LSTM(n, return_sequences=number < len(units) - 1) for number, n in enumerate(units)
    ]
    steps = x.shape[1]
    if kind == "sequential":
        tail = [layers.RepeatVector(steps), layers.LSTM(6, return_sequences=True), layers.Dense(2)]
        model = keras.Sequential([start, *reading, *tail])
    else:
        flow = start
        for layer in reading:
            flow = layer(flow)
        back = layers.LSTM(6, return_sequences=True)(layers.RepeatVector(steps)(flow))
        ends = [layers.Dense(2)(back)]
        if kind == "composite":
            ahead = layers.LSTM(5, return_sequences=True)(layers.RepeatVector(steps - 1)(flow))
            ends.append(layers.Dense(2)(ahead))
        model = keras.Model(start, ends if len(ends) > 1 else ends[0])
    for layer, own in zip(reading, first, strict=True):
        layer.set_weights(own)
    encoder, found = encoder_of(model), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Model([one input]), called with one array
        for weights in (first, second):
            for layer, own in zip(reading, weights, strict=True):
                layer.set_weights(own)
            found.append(array(encoder(x)))
    return found


def compare_codes(encoder_of, rng, kind, units=(4,)):
    x = draw(rng, 3, 5, 2)
    sizes = list(zip((2, *units[:-1]), units, strict=True))
    both = [[drawn_weights(rng, 4, n_in, n) for n_in, n in sizes] for _ in range(2)]
    expected = []
    for stack in both:
        flow = x
        for weights in stack:
            flow = whole("LSTM", weights, flow)
        expected.append(flow[:, -1])
    got = codes(encoder_of, kind, *both, x)
    name = f"codes of three sequences, {kind}"
    close(got[0], expected[0], name, axes="BH", tolerance=1e-4)
    what = f"{name}, after the autoencoder got other weights"
    close(got[1], expected[1], what, axes="BH", tolerance=1e-4)


def test_a_sequential_autoencoder_gives_its_encoder(encoder_of, rng):
    compare_codes(encoder_of, rng, "sequential")


def test_a_functional_autoencoder_gives_its_encoder(encoder_of, rng):
    compare_codes(encoder_of, rng, "functional")


def test_two_decoders_have_one_encoder(encoder_of, rng):
    compare_codes(encoder_of, rng, "composite")


def test_a_narrowing_stack_ends_at_its_narrowest(encoder_of, rng):
    compare_codes(encoder_of, rng, "sequential", (5, 3))


@there
def branched(encoder_of, first, second, kernel, x):
    """The code of two layers, in a model with a third path; and whether a model gave it."""
    import keras

    layers, steps = keras.layers, x.shape[1]
    other = [keras.Input((3, 1)), layers.LSTM(2), layers.RepeatVector(3), layers.LSTM(2)]
    encoder_of(keras.Sequential(other))
    start = keras.Input(x.shape[1:])
    one, two = layers.LSTM(len(first[1])), layers.LSTM(len(second[1]))
    narrow = layers.Dense(kernel.shape[1], use_bias=False)
    code = narrow(layers.Concatenate()([one(start), two(start)]))
    twin = layers.Reshape((1, 5))(layers.Dense(5)(one(start)))  # as deep as the code
    copies = layers.RepeatVector(steps, name="copies")(code)
    ends = [layers.LSTM(6, return_sequences=True)(flow) for flow in (copies, twin)]
    model = keras.Model(start, [layers.Dense(2)(end) for end in ends])
    for layer, weights in ((one, first), (two, second), (narrow, [kernel])):
        layer.set_weights(weights)
    encoder = encoder_of(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Model([one input]), called with one array
        return isinstance(encoder, keras.Model), array(encoder(x))


def test_whatever_is_repeated_is_the_code(encoder_of, rng):
    x, first, second = draw(rng, 3, 5, 2), drawn_weights(rng, 4, 2, 4), drawn_weights(rng, 4, 2, 3)
    kernel = draw(rng, 7, 2)
    read = [whole("LSTM", one, x)[:, -1] for one in (first, second)]
    expected = np.concatenate(read, axis=1) @ kernel
    a_model, got = branched(encoder_of, first, second, kernel, x)
    expect(a_model, "encoder_of(model): expected a keras.Model", a_model)
    close(got, expected, "the code of an encoder with two branches", axes="BH", tolerance=1e-4)


@there
def autoencoder_after(encoder_of, x):
    """What a sequential autoencoder says, and how many weights it trains, before and after."""
    import keras

    layers = keras.layers
    parts = [layers.LSTM(3), layers.RepeatVector(x.shape[1]), layers.LSTM(2, return_sequences=True)]
    model = keras.Sequential([keras.Input(x.shape[1:]), *parts])
    before = array(model(x)), len(model.trainable_weights)
    encoder_of(model)
    return before, (array(model(x)), len(model.trainable_weights))


def test_the_autoencoder_stays_what_it_was(encoder_of, rng):
    before, after = autoencoder_after(encoder_of, draw(rng, 3, 5, 2))
    close(after[0], before[0], "what the autoencoder says, afterwards", axes="BTF", tolerance=1e-6)
    equal(after[1], before[1], "how many weights the autoencoder trains, afterwards")
