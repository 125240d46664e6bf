"""The checks of notebook 3a: each holds one property of one exercise."""

import math

import keras
import numpy as np
from keras import layers
from sklearn.preprocessing import MinMaxScaler

from unrolled.checks import close, equal, expect, observed, raises, there

# --- lstm_parameters


def sizes(rng):
    """Two different numbers, of inputs and of units."""
    n_in, units = (int(one) for one in rng.choice(np.arange(2, 40), 2, replace=False))
    return n_in, units


def counted(kind, n_in, units):
    """Shapes and number of the weights that Keras makes."""
    layer = kind(units)
    layer.build((None, None, n_in))
    names = ("kernel", "recurrent_kernel", "bias")
    shapes = {name: tuple(one.shape) for name, one in zip(names, layer.weights, strict=True)}
    return shapes | {"count": layer.count_params()}


def plain_numbers(found):
    """Numbers as Python's own, whether they came as numpy's or not."""
    return {
        key: int(value) if isinstance(value, np.integer) else value for key, value in found.items()
    }


def test_shapes_and_number_are_those_of_an_lstm_of_keras(lstm_parameters, rng):
    n_in, units = sizes(rng)
    expected = counted(layers.LSTM, n_in, units)
    got = plain_numbers(lstm_parameters(n_in, units))
    equal(got, expected, f"lstm_parameters({n_in}, {units})")


def test_the_count_is_that_of_the_tutorials_first_layer(lstm_parameters):
    got = lstm_parameters(10, 25)["count"]
    expect(got == 3600, f"lstm_parameters(10, 25)['count']: expected 3600, got {got!r:.60}", got)


def test_one_unit_and_one_input_have_twelve_weights(lstm_parameters):
    got = lstm_parameters(1, 1)["count"]
    expect(got == 12, f"lstm_parameters(1, 1)['count']: expected 12, got {got!r:.60}", got)


def test_the_shapes_hold_as_many_numbers_as_are_counted(lstm_parameters, rng):
    n_in, units = sizes(rng)
    found = dict(lstm_parameters(n_in, units))
    count = found.pop("count")
    inside = sum(math.prod(shape) for shape in found.values())
    wanted = counted(layers.LSTM, n_in, units)["count"]
    what = f"lstm_parameters({n_in}, {units})"
    expect(count == wanted, f"{what}['count']: expected {wanted}, got {count!r:.60}", count)
    expect(inside == count, f"{what}: the shapes hold {inside} numbers of {count}", inside)


def test_a_gru_has_three_gates_and_two_rows_of_biases(gru_parameters, rng):
    n_in, units = sizes(rng)
    expected = counted(layers.GRU, n_in, units)
    got = plain_numbers(gru_parameters(n_in, units))
    equal(got, expected, f"gru_parameters({n_in}, {units})")


# --- to_supervised


def windows(table, n_in, n_out):
    """All windows of a table, by plain slices: inputs and targets."""
    starts = range(len(table) - n_in - n_out + 1)
    x = np.stack([table[i : i + n_in] for i in starts])
    return x, np.stack([table[i + n_in : i + n_in + n_out] for i in starts])


def pair(answer, what):
    """Assert that two arrays came back, and return them."""
    expect(
        isinstance(answer, tuple | list) and len(answer) == 2,
        f"{what}: expected a pair of arrays, inputs and targets",
        got=type(answer).__name__,
    )
    return answer


def compared(to_supervised, series, n_in, n_out, what):
    table = series.reshape(len(series), -1)
    wanted = windows(table, n_in, n_out)
    found = pair(to_supervised(series, n_in, n_out), what)
    for name, got, expected in zip(("inputs", "targets"), found, wanted, strict=True):
        close(got, expected, f"{name} of {what}", axes="BTF", tolerance=1e-12)


def test_inputs_and_targets_are_neighboring_pieces(to_supervised, rng):
    n_in, n_out = (int(one) for one in rng.integers(2, 6, 2))
    series = rng.normal(size=(n_in + n_out + 7, 3))
    compared(to_supervised, series, n_in, n_out, f"to_supervised(series, {n_in}, {n_out})")


def test_a_plain_series_has_one_feature(to_supervised, rng):
    compared(to_supervised, rng.normal(size=11), 4, 2, "to_supervised of (11,)")


def test_the_last_window_ends_with_the_series(to_supervised, rng):
    n_in, n_out = (int(one) for one in rng.integers(2, 6, 2))
    series = rng.normal(size=(n_in + n_out, 2))
    compared(to_supervised, series, n_in, n_out, f"to_supervised of {n_in + n_out} steps")


def test_one_step_ahead_keeps_its_axis(to_supervised, rng):
    compared(to_supervised, rng.normal(size=(9, 2)), 3, 1, "to_supervised(series, 3, 1)")


def test_a_series_of_one_window_is_cut_and_a_shorter_one_refused(to_supervised, rng):
    compared(to_supervised, rng.normal(size=5), 3, 2, "to_supervised of (5,)")
    raises(ValueError, to_supervised, rng.normal(size=4), 3, 2, what="4 steps for windows of 5")


@there
def series_after(to_supervised, series):
    """The series, once windows have been cut out of it: shape and values."""
    to_supervised(series, 3, 2)
    return series


@observed
def test_the_series_is_left_as_it_is(to_supervised, rng):
    for shape in ((9,), (9, 2)):
        series = rng.normal(size=shape)
        got = series_after(to_supervised, series.copy())
        close(got, series, f"a series of {shape} afterwards", tolerance=1e-12)


# --- one_hot


def test_each_code_becomes_a_row_with_a_single_one(one_hot, rng):
    codes = rng.integers(7, size=(4, 5))
    codes[0, :2] = 0, 6
    expected = np.zeros((4, 5, 7), "float32")
    for place in np.ndindex(4, 5):
        expected[(*place, codes[place])] = 1
    close(one_hot(codes, 7), expected, "one_hot of (4, 5) codes", axes="BTF")


def test_the_columns_are_as_many_as_are_asked_for(one_hot, rng):
    n = int(rng.integers(5, 9))
    got = one_hot(np.array([1, 0, 2]), n)
    close(got, np.eye(n)[[1, 0, 2]].astype("float32"), f"one_hot([1, 0, 2], {n})")
    kind = str(got.dtype)
    expect(
        kind == "float32", f"dtype of one_hot([1, 0, 2], {n}): expected float32, got {kind}", kind
    )


def test_a_code_outside_is_refused(one_hot):
    close(one_hot(np.array([2]), 3), np.array([[0, 0, 1]], "float32"), "one_hot([2], 3)")
    raises(ValueError, one_hot, np.array([0, 3]), 3, what="one_hot([0, 3], 3)")
    raises(ValueError, one_hot, np.array([0, -1]), 3, what="one_hot([0, -1], 3)")


def test_no_codes_make_no_rows(one_hot, rng):
    n = int(rng.integers(2, 6))
    got = one_hot(np.zeros((2, 0), int), n)
    equal(got.shape, (2, 0, n), f"shape of one_hot of (2, 0) codes, n = {n}")


def ragged(rng):
    """Sequences of different lengths, none of them zero."""
    return [rng.uniform(1, 9, n).round(3).tolist() for n in (3, 1, 0, 6, 4)]


def keras_pads(sequences, length, value, where):
    """What Keras makes of it: the latest steps are kept."""
    side = {"before": "pre", "after": "post"}[where]
    return keras.utils.pad_sequences(
        sequences, length, "float32", padding=side, truncating="pre", value=value
    )


def test_short_sequences_are_filled_up_in_front(pad, rng):
    sequences = ragged(rng)
    got = pad(sequences, 6)
    close(got, keras_pads(sequences, 6, 0.0, "before"), "pad(sequences, 6)", axes="BT")
    kind = str(got.dtype)
    expect(kind == "float32", f"dtype of pad(sequences, 6): expected float32, got {kind}", kind)


def test_it_also_pads_behind_with_any_value(pad, rng):
    sequences, value = ragged(rng), -int(rng.integers(1, 9))
    got = pad(sequences, 7, value, "after")
    expected = keras_pads(sequences, 7, value, "after")
    close(got, expected, f"pad(sequences, 7, {value}, 'after')", axes="BT")


def test_of_long_sequences_the_end_is_kept(pad, rng):
    sequences = ragged(rng)
    for where in ("before", "after"):
        expected = keras_pads(sequences, 3, 0.0, where)
        close(pad(sequences, 3, 0.0, where), expected, f"pad(…, 3, 0.0, '{where}')", axes="BT")


@there
def lists_after(pad, sequences, length):
    """The sequences, once they have been padded."""
    pad(sequences, length)
    return sequences


@observed
def test_the_sequences_are_left_as_they_are(pad, rng):
    sequences = ragged(rng)
    kept = [list(one) for one in sequences]
    equal([list(one) for one in lists_after(pad, sequences, 5)], kept, "sequences after pad")


def table(rng):
    """20 rows whose first and last are the extremes, and 10 that lie far outside of them."""
    values = rng.normal(size=(30, 3)) * [0.1, 10, 100] + [0, 50, -20]
    low, high = values[:20].min(0), values[:20].max(0)
    ends = [low - (high - low) / 4, high + (high - low) / 4]
    values[[0, 19]] = ends if rng.random() < 0.5 else ends[::-1]
    values[20:] *= 3
    return values


def test_the_scale_is_that_of_the_training_rows(fit_scaler, rng):
    values = table(rng)
    expected = MinMaxScaler().fit(values[:20]).transform(values)
    scale, _ = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    close(scale(values), expected, "scale(values), fitted on 20 of 30 rows", tolerance=1e-9)


def test_scaling_can_be_undone(fit_scaler, rng):
    values = table(rng)
    scaled = MinMaxScaler().fit(values[:20]).transform(values)
    _, restore = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    close(restore(scaled), values, "restore(scale(values))", tolerance=1e-9)


def test_single_columns_are_restored_by_their_own_scale(fit_scaler, rng):
    values = table(rng)
    scaled = MinMaxScaler().fit(values[:20]).transform(values)
    _, restore = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    got = restore(scaled[:, [2, 0]], [2, 0])
    close(got, values[:, [2, 0]], "restore(scaled[:, [2, 0]], [2, 0])", tolerance=1e-9)


def test_a_constant_column_is_shifted_to_zero_and_back(fit_scaler, rng):
    values = table(rng)
    values[:20, 1] = 4.0
    scale, restore = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    got = scale(values)
    what = "scale of a column of fours while training"
    close(got[:20, 1], np.zeros(20), what, tolerance=1e-9)
    close(got[20:, 1], values[20:, 1] - 4, f"{what}, its later rows", tolerance=1e-9)
    close(restore(got)[:, 1], values[:, 1], "restore of that column", tolerance=1e-9)


def test_the_columns_stand_on_the_last_axis(fit_scaler, rng):
    values = table(rng)
    expected = MinMaxScaler().fit(values[:20]).transform(values)
    scale, restore = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    got = scale(values.reshape(5, 6, 3))
    close(got, expected.reshape(5, 6, 3), "scale of (5, 6, 3)", axes="BTF", tolerance=1e-9)
    close(scale(values[7]), expected[7], "scale of one row, (3,)", tolerance=1e-9)
    back = restore(expected.reshape(5, 6, 3))
    close(back, values.reshape(5, 6, 3), "restore of (5, 6, 3)", axes="BTF", tolerance=1e-9)


def test_whole_numbers_are_scaled_to_fractions(fit_scaler, rng):
    values = rng.permuted(np.arange(0, 63, 3).reshape(21, 1), axis=0)
    expected = MinMaxScaler().fit(values[:15]).transform(values)
    scale, _ = pair(fit_scaler(values, 15), "fit_scaler of whole numbers")
    close(scale(values), expected, "scale of whole numbers", tolerance=1e-9)


def test_two_scalers_know_nothing_of_each_other(fit_scaler, rng):
    values, others = table(rng), table(rng) + 7
    expected = MinMaxScaler().fit(values[:20]).transform(values)
    scale, restore = pair(fit_scaler(values, 20), "fit_scaler(values, 20)")
    fit_scaler(others, 20)
    close(scale(values), expected, "scale(values) after another fit", tolerance=1e-9)
    close(restore(expected), values, "restore after another fit", tolerance=1e-9)


@there
def rows_after(fit_scaler, values, x):
    """Arrays, once they have been scaled and restored."""
    scale, restore = fit_scaler(values, 20)
    scale(values)
    restore(x)
    return values, x


@observed
def test_the_rows_are_left_as_they_are(fit_scaler, rng):
    values, x = table(rng), rng.random((4, 3))
    got, restored = rows_after(fit_scaler, values.copy(), x.copy())
    close(got, values, "values after scale(values)", tolerance=1e-12)
    close(restored, x, "x after restore(x)", tolerance=1e-12)


# --- build


@there
def outputs_of(build, framing, x, units, out_steps, seed):
    """What the model makes of each x: eager, its weights drawn from the seed, biases included."""
    first = np.asarray(x[0])
    steps, features = (1, first.shape[-1]) if first.ndim == 2 else first.shape[1:]
    model = build(framing, int(steps), int(features), units, out_steps)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=one.shape) * 0.5 for one in model.get_weights()])
    return [keras.ops.convert_to_numpy(model(np.asarray(one, "float32"))) for one in x]


@there
def weights_of(build, framing, steps, features, units, out_steps):
    """Shapes of a model's input and weights."""
    model = build(framing, steps, features, units, out_steps)
    shapes = [tuple(one.shape) for one in model.get_weights()]
    return tuple(model.input_shape), shapes


def lstm_shapes(n_in, units):
    return [(n_in, 4 * units), (units, 4 * units), (4 * units,)]


def test_every_framing_has_its_own_input_and_its_own_weights(build, rng):
    units, features, steps = 3, int(rng.integers(2, 5)), int(rng.integers(4, 7))
    dense = [(units, 1), (1,)]
    wanted = {
        "one-to-one": ((None, 1, features), lstm_shapes(features, units) + dense),
        "one-to-many": ((None, features), lstm_shapes(features, units) + dense),
        "many-to-one": ((None, steps, features), lstm_shapes(features, units) + dense),
        "many-to-many": ((None, steps, features), lstm_shapes(features, units) + dense),
        "encoder-decoder": (
            (None, steps, features),
            lstm_shapes(features, units) + lstm_shapes(units, units) + dense,
        ),
    }
    for framing, (shape, weights) in wanted.items():
        got_shape, got = weights_of(build, framing, steps, features, units, 2)
        equal(got_shape, shape, f"input of build({framing!r}, …)")
        equal(got, weights, f"weights of build({framing!r}, …)")


@there
def weights_and_output(build, framing, x, units, out_steps, seed):
    """A model's weights, drawn from the seed, and what it makes of x."""
    model = build(framing, 5, 2, units, out_steps)
    rng = np.random.default_rng(seed)
    weights = [rng.normal(size=one.shape).astype("float32") for one in model.get_weights()]
    model.set_weights(weights)
    return weights, keras.ops.convert_to_numpy(model(np.asarray(x, "float32")))


def put_together(framing, x, weights, units, out_steps):
    """What Keras' layers make of x, one after the other, with these weights."""

    def lstm(x, weights, every):
        layer = layers.LSTM(units, return_sequences=every)
        layer.build(x.shape)
        layer.set_weights(weights)
        return keras.ops.convert_to_numpy(layer(x))

    *recurrent, kernel, bias = weights
    if framing == "encoder-decoder":
        code = lstm(x, recurrent[:3], False)  # (B, H)
        x, recurrent = np.repeat(code[:, None], out_steps, axis=1), recurrent[3:]
    every = framing in ("many-to-many", "encoder-decoder")
    return lstm(x, recurrent, every) @ kernel + bias


def test_the_numbers_are_those_of_the_layers_one_after_the_other(build, rng, seed):
    units, n = 3, int(rng.integers(2, 5))
    for framing in ("one-to-one", "many-to-one", "many-to-many", "encoder-decoder"):
        steps = 1 if framing == "one-to-one" else 5
        x = rng.normal(size=(4, steps, 2)).astype("float32")
        weights, got = weights_and_output(build, framing, x, units, n, seed)
        expected = put_together(framing, x, weights, units, n)
        what = f"build({framing!r}, …)(x), x {x.shape}"
        close(got, expected, what, axes="BTF"[: got.ndim], tolerance=1e-4)


def shape_of(build, framing, x, out_steps, wanted):
    [got] = outputs_of(build, framing, [x], 3, out_steps, 0)
    equal(got.shape, wanted, f"shape of build({framing!r}, …)(x), x {x.shape}")
    return got


def test_one_step_gives_one_number(build, rng):
    shape_of(build, "one-to-one", rng.normal(size=(4, 1, 3)), 1, (4, 1))


def test_one_vector_gives_many_steps(build, rng):
    n = int(rng.integers(3, 6))
    got = shape_of(build, "one-to-many", rng.normal(size=(4, 3)), n, (4, n, 1))
    apart = float(np.abs(np.diff(got[..., 0], axis=1)).min(1).max())
    expect(apart > 1e-4, f"steps of one-to-many: expected different ones, got {apart:.1e}", apart)


def test_many_steps_give_one_number_that_rests_on_the_first(build, rng):
    x = rng.normal(size=(4, 5, 2))
    other = x.copy()
    other[:, 0] += 1
    first, second = outputs_of(build, "many-to-one", [x, other], 3, 1, 5)
    equal(first.shape, (4, 1), "shape of build('many-to-one', …)(x), x (4, 5, 2)")
    moved = float(np.abs(first - second).min())
    expect(moved > 1e-6, f"effect of the first step: expected some, got {moved:.1e}", got=moved)


def test_equal_lengths_give_a_number_for_each_step_that_knows_no_later_one(build, rng):
    x = rng.normal(size=(4, 6, 2))
    later = x.copy()
    later[:, 3:] += 1
    first, second = outputs_of(build, "many-to-many", [x, later], 3, 1, 5)
    equal(first.shape, (4, 6, 1), "shape of build('many-to-many', …)(x), x (4, 6, 2)")
    close(second[:, :3], first[:, :3], "steps before the change", axes="BTF", tolerance=1e-5)
    moved = float(np.abs(first - second)[:, 3:].min())
    expect(moved > 1e-6, f"steps after the change: expected others, got {moved:.1e}", got=moved)


def test_other_lengths_are_reached_through_one_vector(build, rng):
    n = int(rng.integers(2, 5))
    x = rng.normal(size=(4, 6, 2))
    changed = [x.copy(), x.copy()]
    changed[0][:, -1] += 1
    changed[1][:, -1] -= 1
    first, *others = outputs_of(build, "encoder-decoder", [x, *changed], 3, n, 5)
    equal(first.shape, (4, n, 1), f"shape of build('encoder-decoder', …, {n})(x), x (4, 6, 2)")
    moved = float(np.abs(first - np.stack(others)).max(0)[:, 0].min())  # of each sequence
    message = f"effect of the last input on the first output: expected some, got {moved:.1e}"
    expect(moved > 1e-6, message, got=moved)
    apart = float(np.abs(np.diff(first[..., 0], axis=1)).max(1).min())
    expect(apart > 1e-4, f"outputs: expected different ones, got {apart:.1e} apart", apart)


def test_the_first_output_knows_the_whole_input_even_where_lengths_are_equal(build, rng):
    x = rng.normal(size=(4, 5, 2))
    changed = [x.copy(), x.copy()]
    changed[0][:, -1] += 1
    changed[1][:, -1] -= 1
    first, *others = outputs_of(build, "encoder-decoder", [x, *changed], 3, 5, 5)
    equal(first.shape, (4, 5, 1), "shape of build('encoder-decoder', …, 5)(x), x (4, 5, 2)")
    moved = float(np.abs(first - np.stack(others)).max(0)[:, 0].min())  # of each sequence
    message = f"effect of the last input on the first output: expected some, got {moved:.1e}"
    expect(moved > 1e-6, message, got=moved)


@there
def by_default(build, framing, x):
    """The shape of a model's output where no number of output steps is given."""
    return tuple(build(framing, 5, 2, 3)(np.asarray(x, "float32")).shape)


def test_one_output_step_is_the_default(build, rng):
    for framing, shape in {"one-to-many": (4, 2), "encoder-decoder": (4, 5, 2)}.items():
        got = by_default(build, framing, rng.normal(size=shape))
        equal(got, (4, 1, 1), f"shape of build({framing!r}, 5, 2, 3)(x), x {shape}")


# --- echo_batches


@there
def batches(echo_batches, seed, count, n, options):
    """Several batches of one generator."""
    rng = np.random.default_rng(seed)
    return [tuple(echo_batches(rng, n, **options)) for _ in range(count)]


def test_the_target_is_the_symbol_at_its_place(echo_batches, seed):
    [(x, y)] = batches(echo_batches, seed, 1, 9, {})
    equal((x.shape, y.shape), ((9, 5, 10), (9, 10)), "shapes of echo_batches(rng, 9)")
    close(y, x[:, 2], "y of echo_batches(rng, 9)", axes="BF")


def test_length_symbols_and_place_are_arguments(echo_batches, rng, seed):
    length, symbols = int(rng.integers(6, 9)), int(rng.integers(11, 15))
    place = int(rng.choice([0, 1, 3]))
    options = {"length": length, "symbols": symbols, "place": place}
    [(x, y)] = batches(echo_batches, seed, 1, 9, options)
    what = f"echo_batches(rng, 9, length={length}, symbols={symbols}, place={place})"
    equal(x.shape, (9, length, symbols), f"shape of x of {what}")
    close(y, x[:, place], f"y of {what}", axes="BF")


def test_every_symbol_is_drawn_about_as_often(echo_batches, seed):
    [(x, _)] = batches(echo_batches, seed, 1, 2000, {})
    close(x.sum(-1), np.ones((2000, 5)), "ones in each row of x", axes="BT")
    shares = x.mean((0, 1))  # 10,000 symbols: 0.1, give or take 0.003
    twice = float((x.sum(1).max(1) > 1).mean())  # 1 - 10·9·8·7·6 / 10^5 = 0.6976
    message = f"sequences with a symbol that comes twice: expected about 0.70, got {twice:.2f}"
    expect(abs(twice - 0.6976) < 0.06, message, twice)
    worst = float(np.abs(shares - 0.1).max())
    got = f"got {shares.min():.3f} to {shares.max():.3f}"
    expect(worst < 0.02, f"shares of the symbols: expected about 0.1, {got}", shares)


def test_the_next_batch_is_another_one(echo_batches, seed):
    (first, _), (second, _) = batches(echo_batches, seed, 2, 9, {})
    expect(first.shape == (9, 5, 10), f"shape of x: expected (9, 5, 10), got {first.shape}", first)
    expect(not np.array_equal(first, second), "two batches of one generator are the same", second)


def test_the_generator_decides(echo_batches, seed):
    [one], [same], [other] = (
        batches(echo_batches, s, 1, 9, {}) for s in (seed, seed, seed + 1)
    )  # fmt: skip
    close(same[0], one[0], "x from the same generator once more", axes="BTF")
    expect(not np.array_equal(one[0], other[0]), "another generator gives the same x", other[0])


LENGTH, SYMBOLS, RATE = 5, 10, 0.5


@there
def trained(train_echo, seed, updates, n):
    """A softmax regression before and after: weights, bias, and the batches that it saw."""
    flat = [keras.Input((LENGTH, SYMBOLS)), layers.Flatten(), layers.Dense(SYMBOLS, "softmax")]
    model = keras.Sequential(flat)
    model.compile(keras.optimizers.SGD(RATE), "categorical_crossentropy", run_eagerly=True)
    model.set_weights([np.zeros((LENGTH * SYMBOLS, SYMBOLS)), np.zeros(SYMBOLS)])
    train_echo(model, np.random.default_rng(seed), updates, n)
    return model.get_weights()


def by_hand(seen):
    """Plain descent on the cross-entropy of a softmax regression, from zeros."""
    weight, bias = np.zeros((LENGTH * SYMBOLS, SYMBOLS)), np.zeros(SYMBOLS)
    for x, y in seen:
        flat = x.reshape(len(x), -1)
        scores = np.exp(flat @ weight + bias)
        gap = (scores / scores.sum(1, keepdims=True) - y) / len(x)  # of the mean loss
        weight, bias = weight - RATE * flat.T @ gap, bias - RATE * gap.sum(0)
    return weight, bias


def updated(train_echo, echo_batches, seed, updates, n):
    expected = by_hand(batches(echo_batches, seed, updates, n, {}))
    got = trained(train_echo, seed, updates, n)
    what = f"train_echo(model, rng, {updates}, {n})"
    close(got[0], expected[0].astype("float32"), f"weights after {what}", tolerance=1e-4)
    close(got[1], expected[1].astype("float32"), f"bias after {what}", tolerance=1e-4)


def test_one_update_is_the_one_written_out_by_hand(echo_batches, train_echo, rng, seed):
    updated(train_echo, echo_batches, seed, 1, int(rng.integers(5, 12)))


def test_every_update_has_a_batch_of_its_own(echo_batches, train_echo, rng, seed):
    updated(train_echo, echo_batches, seed, int(rng.integers(3, 6)), int(rng.integers(5, 12)))


def test_two_updates_are_two_and_none_changes_nothing(echo_batches, train_echo, seed):
    updated(train_echo, echo_batches, seed, 2, 3)
    close(trained(train_echo, seed, 0, 3)[1], np.zeros(SYMBOLS, "float32"), "bias of 0 updates")


# --- ar2_baseline


def swings(rng, batch, steps, level=0.5):
    """Damped oscillations about a level, each with its own period and decay: (B, T)."""
    period, decay = rng.uniform(8, 20, (batch, 1)), rng.uniform(0.01, 0.08, (batch, 1))
    phase, t = rng.uniform(0, 6, (batch, 1)), np.arange(steps)
    return level + 0.5 * np.sin(2 * np.pi * t / period + phase) * np.exp(-decay * t)


def test_a_damped_oscillation_goes_on(ar2_baseline, rng):
    x, horizon = swings(rng, 3, 45), int(rng.integers(3, 8))
    got = ar2_baseline(x[:, :-horizon], horizon)
    close(got, x[:, -horizon:], f"ar2_baseline(x, {horizon})", axes="BT", tolerance=1e-6)


def test_the_level_is_found_as_well(ar2_baseline, rng):
    x = swings(rng, 3, 40, level=rng.uniform(3, 9))
    got = ar2_baseline(x[:, :-4], 4)
    close(got, x[:, -4:], "ar2_baseline about another level", axes="BT", tolerance=1e-6)


def test_a_growing_series_goes_on_growing(ar2_baseline, rng):
    ratio = rng.uniform(1.02, 1.1, (2, 1))
    x = ratio ** np.arange(24.0) + rng.uniform(0.5, 0.9, (2, 1)) ** np.arange(24.0)
    got = ar2_baseline(x[:, :-3], 3)
    close(got, x[:, -3:], "ar2_baseline of growing series", axes="BT", tolerance=1e-5)


def test_a_constant_goes_on(ar2_baseline, rng):
    x = np.repeat(rng.uniform(1, 5, (3, 1)), 20, axis=1)
    close(ar2_baseline(x, 2), x[:, :2], "ar2_baseline of constants", axes="BT", tolerance=1e-6)


def test_each_sequence_has_a_law_of_its_own(ar2_baseline, rng):
    x = swings(rng, 4, 40)
    alone = np.concatenate([swing[None, -5:] for swing in x])
    got = ar2_baseline(x[:, :-5], 5)
    close(got, alone, "ar2_baseline of four laws", axes="BT", tolerance=1e-6)
    order = rng.permutation(4)
    again = ar2_baseline(x[order, :-5], 5)
    close(again, alone[order], "the same four in another order", axes="BT", tolerance=1e-6)


def gone_on(x, horizon):
    """Each row continued by its own least squares, in double precision: (B, horizon)."""
    predicted = []
    for row in x.astype("float64"):
        past = np.stack([row[1:-1], row[:-2], np.ones(len(row) - 2)], 1)
        law = np.linalg.lstsq(past, row[2:], rcond=None)[0]
        known = [row[-2], row[-1]]
        for _ in range(horizon):
            known.append(float(law @ [known[-1], known[-2], 1.0]))
        predicted.append(known[2:])
    return np.array(predicted)


def test_with_noise_all_steps_count(ar2_baseline, rng):
    x = swings(rng, 3, 40) + 0.05 * rng.normal(size=(3, 40))
    got = ar2_baseline(x, 3)
    close(got, gone_on(x, 3), "ar2_baseline of noisy series", axes="BT", tolerance=1e-6)


def test_single_precision_series_are_fitted_in_double_precision(ar2_baseline, rng):
    x = swings(rng, 3, 45).astype("float32")
    got = ar2_baseline(x, 3)
    close(got, gone_on(x, 3), "ar2_baseline of float32", axes="BT", tolerance=1e-8)


# --- repeats


@there
def repeated(repeats, seeds, kind):
    """What the answer makes of a training that draws, and the seeds that it was called with."""
    called = []

    def train(seed):
        called.append(seed)
        return {"drawn": np.random.rand(), "high last": seed**2}.get(kind, seed)

    found = dict(repeats(train, seeds if kind != "once" else iter(seeds)))
    return {name: found[name] for name in sorted(found)}, called


def numbers(rng):
    return [int(one) for one in rng.choice(50, 5, replace=False)]


def test_each_seed_is_trained_with_once_in_order(repeats, rng):
    seeds = numbers(rng)
    found, called = repeated(repeats, seeds, "seed")
    equal(list(found["values"]), [float(one) for one in seeds], "values")
    equal(called, seeds, "seeds that train was called with")
    found, _ = repeated(repeats, seeds[:2], "seed")
    equal(list(found["values"]), [float(one) for one in seeds[:2]], "values of a second call")


def test_median_and_range_are_those_of_the_values(repeats, rng):
    seeds = numbers(rng)
    found, _ = repeated(repeats, seeds, "high last")
    squares = [float(one**2) for one in seeds]
    wanted = {"median": sorted(squares)[2], "low": min(squares), "high": max(squares)}
    for name, value in wanted.items():
        close(found[name], value, f"{name} of {seeds} squared")


def test_of_four_values_the_median_lies_between_two(repeats, rng):
    seeds = numbers(rng)[:4]
    found, _ = repeated(repeats, seeds, "seed")
    close(found["median"], float(np.median(seeds)), f"median of {seeds}")


def test_seeds_may_be_such_that_they_can_be_gone_through_only_once(repeats, rng):
    seeds = numbers(rng)
    found, called = repeated(repeats, seeds, "once")
    equal(called, seeds, "seeds that train was called with")
    equal(list(found["values"]), [float(one) for one in seeds], "values")


@there
def drawn_next(repeats):
    """What is drawn after a call of repeats, and what would have been drawn without it."""
    before = np.random.get_state()
    wanted = np.random.rand()
    np.random.set_state(before)
    repeats(lambda seed: float(seed), [1, 2])
    return np.random.rand(), wanted


def test_draws_outside_go_on_as_if_nothing_had_been(repeats):
    got, wanted = drawn_next(repeats)
    close(got, wanted, "what is drawn after repeats")


def test_a_seed_fixes_what_the_training_draws(repeats, rng):
    seeds = numbers(rng)
    first, _ = repeated(repeats, seeds, "drawn")
    again, _ = repeated(repeats, seeds[::-1], "drawn")
    what = "values of a training that draws, seeds in reverse"
    close(np.array(again["values"][::-1]), np.array(first["values"]), what)
    apart = len(set(first["values"]))
    expect(apart == 5, f"five seeds: expected five different draws, got {apart}", apart)


def curve(rng, first, last, epochs=40):
    """A curve that goes from first to last, evenly, with a little noise."""
    return (np.linspace(first, last, epochs) * rng.uniform(0.999, 1.001, epochs)).tolist()


def told(diagnose, loss, val_loss, expected, what):
    got = diagnose({"loss": loss, "val_loss": val_loss})
    expect(got == expected, f"diagnose of {what}: expected {expected!r}, got {got!r:.40}", got)


def test_a_validation_loss_that_turns_up_again_is_over_fit(diagnose, rng):
    falls = curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.5, 20)
    told(diagnose, curve(rng, 1, 0.1), falls, "over-fit", "a validation loss .3, then .5")


def test_a_validation_loss_that_is_still_falling_is_under_fit(diagnose, rng):
    told(diagnose, curve(rng, 1, 0.1), curve(rng, 1, 0.2), "under-fit", "one still falling")


def test_a_validation_loss_that_has_settled_is_good(diagnose, rng):
    settled = curve(rng, 1, 0.2, 20) + curve(rng, 0.2, 0.199, 20)
    told(diagnose, curve(rng, 1, 0.1), settled, "good", "a loss that settles at .2")


def test_a_constant_gap_is_no_fault(diagnose, rng):
    settled = curve(rng, 3, 0.8, 20) + curve(rng, 0.8, 0.799, 20)
    low = curve(rng, 1, 0.1, 20) + curve(rng, 0.1, 0.0999, 20)
    told(diagnose, low, settled, "good", "a validation loss far above, and level")


def test_a_small_rise_at_the_end_is_no_fault(diagnose, rng):
    rises = curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.32, 20)
    told(diagnose, curve(rng, 1, 0.1), rises, "good", "a rise of a fifteenth")


def test_where_both_losses_rise_it_is_not_the_fit(diagnose, rng):
    both = curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.9, 20)
    told(diagnose, both, both, "good", "a training that runs away")


def test_the_last_tenth_decides_and_not_the_last_epoch(diagnose, rng):
    slow = curve(rng, 1, 0.2, 40)
    slow[-2] = slow[-1] * 1.001
    told(diagnose, curve(rng, 1, 0.1), slow, "under-fit", "a fall with a pause at the end")


def test_tenths_are_shares_and_know_no_unit(diagnose, rng):
    loss = curve(rng, 1, 0.1)
    for unit in (1e-3, 1e3):
        rises = [unit * v for v in curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.5, 20)]
        told(diagnose, loss, rises, "over-fit", f"a rise by two thirds, in units of {unit:g}")
        small = [unit * v for v in curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.31, 20)]
        told(diagnose, loss, small, "good", f"a rise by a thirtieth, in units of {unit:g}")


def test_over_fit_is_asked_first(diagnose, rng):
    back = curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.8, 18) + [0.7, 0.6]
    told(diagnose, curve(rng, 1, 0.1), back, "over-fit", "a rise, and a fall that ends above .3")


def test_the_training_loss_is_compared_with_that_of_the_best_epoch(diagnose, rng):
    rises = curve(rng, 1, 0.3, 20) + curve(rng, 0.3, 0.5, 20)
    loss = [*curve(rng, 1, 0.1, 39), 0.2]
    told(diagnose, loss, rises, "over-fit", "a training loss that trembles in the last epoch")


def straight(last, epochs=110):
    """A curve from one, in even steps."""
    return np.linspace(1, last, epochs).tolist()


def test_of_a_hundred_and_ten_epochs_the_last_eleven_count(diagnose):
    # Falls of 10.5 % in eleven epochs, and of 9.6 %.
    told(diagnose, straight(0.1), straight(0.4624), "under-fit", "a fall by 10.5 % in a tenth")
    told(diagnose, straight(0.1), straight(0.486), "good", "a fall by 9.6 % in a tenth")


def test_the_end_is_the_last_epoch(diagnose, rng):
    level = curve(rng, 1, 0.3, 20) + [0.3] * 19
    loss = curve(rng, 1, 0.5, 20) + [0.5] * 19
    told(diagnose, [*loss, 0.4], [*level, 0.5], "over-fit", "losses that part in the last epoch")


def test_a_fall_that_every_epoch_shows_is_under_fit_too(diagnose, rng):
    steep = (0.7 ** np.arange(12) * rng.uniform(0.999, 1.001, 12)).tolist()
    told(diagnose, curve(rng, 1, 0.1, 12), steep, "under-fit", "a loss that falls by a third")


def test_a_history_of_two_epochs_can_be_read(diagnose, rng):
    told(diagnose, [1.0, 0.8], [1.0, rng.uniform(0.5, 0.8)], "under-fit", "two epochs")


@there
def after(diagnose, history):
    """The history, once it has been diagnosed."""
    diagnose(history)
    return history


@observed
def test_the_history_is_left_as_it_is(diagnose, rng):
    history = {"loss": curve(rng, 1, 0.1), "val_loss": curve(rng, 1, 0.2)}
    kept = {name: list(one) for name, one in history.items()}
    equal(after(diagnose, history), kept, "the history after diagnose")
