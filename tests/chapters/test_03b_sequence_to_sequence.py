"""The checks of notebook 3b: each holds one property of one exercise."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")


import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from unrolled.checks import close, equal, expect, there

CHARACTERS = "0123456789+ "


def normal(rng, *shape):
    """Standard normal numbers, float32."""
    return rng.normal(size=shape).astype("float32")


def pair(got, what):
    """Assert that an answer is a tuple or list of two, and return both."""
    expect(
        isinstance(got, tuple | list) and len(got) == 2,
        f"{what}: expected two things, got {type(got).__name__}",
        got,
    )
    return got


# --- encode_sum


def drawn(rng, largest, rows, count):
    """Rows of numbers between one and `largest`, the smallest and the largest among them."""
    terms = rng.integers(1, largest + 1, size=(rows, count))
    terms[0], terms[1] = 1, largest
    return terms


def read(encoded, what):
    """The texts that one-hot characters spell, after a look at shape and values."""
    encoded = np.asarray(encoded)
    expect(
        encoded.ndim == 3 and encoded.shape[2] == len(CHARACTERS),
        f"{what}: expected shape (B, T, 12), got {encoded.shape}",
        encoded.shape,
    )
    ones = np.asarray(encoded == 1).sum(axis=2)
    place = tuple(map(int, np.argwhere(ones != 1)[0])) if (ones != 1).any() else None
    expect(place is None, f"{what}: expected one 1 a character, not so at b, t = {place}", encoded)
    close(encoded.sum(axis=2), np.ones(encoded.shape[:2]), f"sums of {what} over characters")
    return ["".join(CHARACTERS[i] for i in row) for row in encoded.argmax(axis=2)]


def spelled(terms, right):
    """The texts of some sums, or of their answers, filled up on the left."""
    texts = [str(sum(row)) if right else "+".join(map(str, row)) for row in terms.tolist()]
    return [text.rjust(max(map(len, texts))) for text in texts]


def test_a_sum_is_spelled_in_characters_flush_right(encode_sum, rng):
    terms = drawn(rng, 10, 7, 3)
    expected = spelled(terms, right=False)
    x, _ = pair(encode_sum(terms), "encode_sum(terms)")
    equal(read(x, "the sums"), expected, "the sums, three terms up to ten")


def test_its_answer_is_spelled_in_characters_flush_right(encode_sum, rng):
    terms = drawn(rng, 10, 7, 3)
    expected = spelled(terms, right=True)
    _, y = pair(encode_sum(terms), "encode_sum(terms)")
    equal(read(y, "the answers"), expected, "the answers, three terms up to ten")


def test_other_counts_and_sizes_give_other_widths(encode_sum, rng):
    for low, high in ((2, 9), (40, 99), (100, 400)):
        count, largest = int(rng.integers(4, 7)), int(rng.integers(low, high))
        terms = drawn(rng, largest, 5, count)
        expected = spelled(terms, right=False), spelled(terms, right=True)
        x, y = pair(encode_sum(terms, largest), f"encode_sum(terms, {largest})")
        what = f"{count} terms up to {largest}"
        equal((read(x, "the sums"), read(y, "the answers")), expected, what)


def test_the_width_does_not_depend_on_the_rows_at_hand(encode_sum, rng):
    terms = rng.integers(1, 3, size=(4, 3))  # no sum above nine
    x, y = pair(encode_sum(terms), "encode_sum(terms)")
    shapes = tuple(np.shape(x)), tuple(np.shape(y))
    equal(shapes, ((4, 8, 12), (4, 2, 12)), "shapes for three terms of one or two")


def test_the_numbers_are_single_precision(encode_sum, rng):
    x, y = pair(encode_sum(drawn(rng, 10, 5, 3)), "encode_sum(terms)")
    kinds = [str(getattr(one, "dtype", type(one).__name__)) for one in (x, y)]
    equal(kinds, ["float32", "float32"], "dtypes of encode_sum(terms)")


def answered(rng, rows, steps, right):
    """Probabilities, and the truth that all characters of the first `right` rows agree with."""
    predicted = rng.random((rows, steps, 5))
    true = predicted.argmax(axis=2)
    for row in range(right, rows):
        step = rng.integers(steps)
        true[row, step] = (true[row, step] + rng.integers(1, 5)) % 5
    shares = predicted / predicted.sum(axis=2, keepdims=True)
    return shares.astype("float32"), np.eye(5, dtype="float32")[true]


def test_one_wrong_character_spoils_a_row(encode_sum, exact_match, rng):
    right = int(rng.integers(2, 6))
    predicted, true = answered(rng, 7, 4, right)
    got = exact_match(predicted, true)
    close(got, right / 7, f"exact_match, {right} of 7 rows right, one character off in the others")


def test_all_right_is_one_and_none_right_is_zero(encode_sum, exact_match, rng):
    for right in (5, 0):
        predicted, true = answered(rng, 5, 3, right)
        got = exact_match(predicted, true)
        what = f"exact_match, {right} of 5 rows right"
        expect(isinstance(got, float | int), f"{what}: expected a plain number", type(got).__name__)
        close(got, right / 5, what)


def test_a_blank_is_a_character_too(encode_sum, exact_match, rng):
    terms = rng.integers(1, 4, size=(5, 3))  # sums of one digit, after a blank
    _, true = pair(encode_sum(terms), "encode_sum(terms)")
    predicted = np.asarray(true).copy()
    predicted[:2, 0] = np.eye(12)[1]  # a one where a blank belongs
    got = exact_match(predicted, true)
    close(got, 3 / 5, "exact_match, two of 5 answers with a digit for the blank", tolerance=1e-6)


def test_the_sums_themselves_match_exactly(encode_sum, exact_match, rng):
    terms = drawn(rng, 10, 9, 3)
    other = terms.copy()
    other[:4, 0] = terms[:4, 0] % 10 + 1  # these sums differ
    answers = [np.asarray(pair(encode_sum(one), "encode_sum(terms)")[1]) for one in (terms, other)]
    got = exact_match(*answers)
    what = "exact_match of the answers to 9 sums, 4 of them changed"
    close(got, 5 / 9, what, tolerance=1e-6)


# --- split_disjoint


def repeated(rng, rows=61):
    """Rows of three numbers in which nearly every row has copies, shuffled."""
    return rng.integers(1, 4, size=(rows, 3))


def distinct(rows):
    """The rows as a set."""
    return {tuple(np.asarray(row).reshape(-1).tolist()) for row in rows}


def split_of(split_disjoint, inputs, held_out, seed, what):
    """Both sides as arrays of whole numbers that are rows of `inputs`."""
    train, test = (np.asarray(side) for side in pair(split_disjoint(inputs, held_out, seed), what))
    for name, side in (("training", train), ("test", test)):
        good = side.ndim == 1 and (side.dtype.kind in "iu" or side.size == 0)
        found = f"{side.dtype} of shape {side.shape}"
        expect(good, f"{name} rows of {what}: expected row numbers, got {found}", side)
        good = bool(((side >= 0) & (side < len(inputs))).all())
        expect(good, f"{name} rows of {what}: expected numbers below {len(inputs)}", side)
    return train, test


def test_no_input_stands_on_both_sides(split_disjoint, rng):
    inputs, held_out = repeated(rng), int(rng.integers(4, 9))
    what = f"split_disjoint(inputs, {held_out}, 0)"
    train, test = split_of(split_disjoint, inputs, held_out, 0, what)
    shared = distinct(inputs[train]) & distinct(inputs[test])
    told = f"{what}: expected no input on both sides, got {len(shared)}"
    expect(not shared, told, len(shared))


def test_every_row_is_on_one_side(split_disjoint, rng):
    inputs, held_out = repeated(rng), int(rng.integers(4, 9))
    what = f"split_disjoint(inputs, {held_out}, 1)"
    train, test = split_of(split_disjoint, inputs, held_out, 1, what)
    rows = sorted([*train.tolist(), *test.tolist()])
    equal(rows, list(range(len(inputs))), f"all rows of {what}, sorted")


def test_as_many_inputs_are_held_out_as_asked_for(split_disjoint, rng):
    inputs, held_out = repeated(rng), int(rng.integers(4, 9))
    for seed in range(5):
        what = f"split_disjoint(inputs, {held_out}, {seed})"
        _, test = split_of(split_disjoint, inputs, held_out, seed, what)
        equal(len(distinct(inputs[test])), held_out, f"distinct inputs in the test of {what}")


def test_inputs_may_be_fractions(split_disjoint, rng):
    inputs = repeated(rng) / 7
    what = "split_disjoint of sevenths, 6 held out"
    train, test = split_of(split_disjoint, inputs, 6, 0, what)
    left, right = distinct(inputs[train]), distinct(inputs[test])
    equal((len(left & right), len(right)), (0, 6), f"shared and held-out inputs of {what}")


def test_one_hot_characters_are_told_apart_by_all_their_steps(split_disjoint, rng):
    letters = rng.integers(0, 2, size=(41, 4))
    letters[:, 0] = 0  # what differs comes later
    inputs = np.eye(3, dtype="float32")[letters]
    what = "split_disjoint(one-hot characters, 3, 0)"
    train, test = split_of(split_disjoint, inputs, 3, 0, what)
    left, right = distinct(inputs[train]), distinct(inputs[test])
    counts = len(left & right), len(right)
    equal(counts, (0, 3), f"shared and held-out inputs of {what}")


def test_the_seed_decides_and_nothing_else(split_disjoint, rng):
    inputs, seed = repeated(rng), int(rng.integers(1000))
    sides = [
        split_of(split_disjoint, inputs, 6, one, "split_disjoint(inputs, 6, seed)")[1].tolist()
        for one in (seed, seed, seed + 1, seed + 2, seed + 3)
    ]
    told = f"split_disjoint(inputs, 6, {seed}) twice: expected the same rows"
    expect(sides[0] == sides[1], told, sides[:2])
    told = "split_disjoint with four seeds: expected different rows"
    expect(any(sides[0] != one for one in sides[2:]), told, sides)


def test_over_many_seeds_every_input_is_held_out_once(split_disjoint, rng):
    inputs = rng.permutation(np.repeat(np.arange(7), 3))[:, None]
    seen = set()
    for seed in range(40):
        _, test = split_of(split_disjoint, inputs, 3, seed, "split_disjoint(inputs, 3, seed)")
        seen |= distinct(inputs[test])
    equal(sorted(one for (one,) in seen), list(range(7)), "inputs held out over 40 seeds")


# --- frame_features


@there
def features(frame_features, frames, kernel, flat):
    """Frames through a convolution with this kernel, without a bias."""
    from keras import layers, ops

    rows, columns, _, filters = kernel.shape
    convolution = layers.Conv2D(filters, (rows, columns), use_bias=False)
    convolution.build((None, *frames.shape[2:]))
    convolution.set_weights([kernel])

    def convolve(single):  # (N, H, W, C)
        found = convolution(single)
        return ops.reshape(found, (found.shape[0], -1)) if flat else found

    return frame_features(ops.convert_to_tensor(frames), convolve)


def convolved(frames, kernel):
    """A valid convolution of every frame, in double precision: (B, T, H', W', filters)."""
    views = sliding_window_view(frames.astype(float), kernel.shape[:2], axis=(2, 3))
    return np.einsum("bthwcij,ijcf->bthwf", views, kernel.astype(float))


def test_every_frame_is_convolved_by_itself(frame_features, rng):
    frames, kernel = normal(rng, 3, 4, 5, 6, 2), normal(rng, 2, 3, 2, 3)
    expected = convolved(frames, kernel)
    got = features(frame_features, frames, kernel, False)
    close(got, expected, "maps of 3 sequences of 4 frames", axes="BTHWF", tolerance=1e-4)


def test_features_without_height_and_width_keep_batch_and_time(frame_features, rng):
    frames, kernel = normal(rng, 4, 3, 4, 5, 1), normal(rng, 3, 3, 1, 2)
    expected = convolved(frames, kernel).reshape(4, 3, -1)
    got = features(frame_features, frames, kernel, True)
    close(got, expected, "flat features of 4 sequences of 3 frames", axes="BTF", tolerance=1e-4)


def test_one_sequence_and_one_frame_are_enough(frame_features, rng):
    for batch, steps in ((1, 5), (5, 1)):
        frames, kernel = normal(rng, batch, steps, 3, 4, 2), normal(rng, 2, 2, 2, 2)
        expected = convolved(frames, kernel)
        got = features(frame_features, frames, kernel, False)
        what = f"maps for B = {batch}, T = {steps}"
        close(got, expected, what, axes="BTHWF", tolerance=1e-4)


def test_a_frame_does_not_see_its_neighbors(frame_features, rng):
    frames, kernel = np.zeros((2, 4, 3, 3, 1), "float32"), np.ones((3, 3, 1, 1), "float32")
    batch, step = int(rng.integers(2)), int(rng.integers(4))
    frames[batch, step] = 1.0
    expected = np.zeros((2, 4, 1))
    expected[batch, step] = 9.0
    got = features(frame_features, frames, kernel, True)
    what = f"sums of nine pixels, all dark but the frame at b={batch}, t={step};"
    close(got, expected, what, axes="BTF", tolerance=1e-5)


@there
def built(frame_features, frame):
    """The shape of features in a model that is still being built."""
    from keras import Input, layers

    found = frame_features(Input(frame), layers.GlobalAveragePooling2D())
    return tuple(found.shape)


@there
def averaged(frame_features, frames):
    """What a model of frame_features and an average makes of frames."""
    import keras
    from keras import layers, ops

    inputs = keras.Input(frames.shape[1:])
    model = keras.Model(inputs, frame_features(inputs, layers.GlobalAveragePooling2D()))
    return model(ops.convert_to_tensor(frames))


def test_a_model_can_be_built_before_the_batch_is_known(frame_features, rng):
    frames = normal(rng, 3, 4, 5, 2, 2)
    expected = frames.astype(float).mean(axis=(2, 3))
    equal(built(frame_features, frames.shape[1:]), (None, 4, 2), "shape in a model to be built")
    got = averaged(frame_features, frames)
    close(got, expected, "mean of each frame, in a model", axes="BTF", tolerance=1e-4)


# --- attention


@there
def attended(attention, query, keys, values, mask=None):
    """Attention of backend tensors."""
    from keras import ops

    tensors = [ops.convert_to_tensor(one) for one in (query, keys, values)]
    if mask is None:
        return attention(*tensors)
    return attention(*tensors, ops.convert_to_tensor(mask))


def trusted(query, keys, values, mask=None):
    """Context and weights by torch, in double precision."""
    parts = [torch.from_numpy(one).double() for one in (query, keys, values)]
    allowed = None if mask is None else torch.from_numpy(mask)[:, None]
    steps = torch.eye(keys.shape[1]).double().expand(len(keys), -1, -1)
    found = [
        scaled_dot_product_attention(*parts[:2], one, attn_mask=allowed).numpy()
        for one in (parts[2], steps)
    ]
    return found[0], found[1]


def some(rng, batch=3, queries=2, steps=5, channels=4, features=6):
    """A query, keys and values of odd sizes."""
    return (
        normal(rng, batch, queries, channels),
        normal(rng, batch, steps, channels),
        normal(rng, batch, steps, features),
    )


def some_mask(rng, batch, steps):
    """Which steps are real: at least one, and at least one is not."""
    mask = rng.random((batch, steps)) < 0.5
    mask[:, 0], mask[:, -1] = True, False
    return rng.permuted(mask, axis=1)


def test_the_context_is_that_of_scaled_dot_products(attention, rng):
    parts = some(rng)
    expected, _ = trusted(*parts)
    got, _ = pair(attended(attention, *parts), "attention(query, keys, values)")
    close(got, expected, "context without a mask", axes="BQF", tolerance=1e-4)


def test_the_weights_are_those_of_scaled_dot_products(attention, rng):
    parts = some(rng, queries=3, steps=4)
    _, expected = trusted(*parts)
    _, got = pair(attended(attention, *parts), "attention(query, keys, values)")
    close(got, expected, "weights without a mask", axes="BQT", tolerance=1e-4)


def test_the_weights_of_a_query_add_up_to_one(attention, rng):
    parts = some(rng, queries=4, steps=4)
    mask = some_mask(rng, 3, 4)
    _, weights = pair(attended(attention, *parts, mask), "attention(query, keys, values, mask)")
    equal(tuple(weights.shape), (3, 4, 4), "shape of the weights")
    got = np.asarray(weights, dtype=float).sum(axis=2)
    close(got, np.ones((3, 4)), "sum of a query's weights", axes="BQ", tolerance=1e-5)


def test_what_the_mask_rules_out_gets_no_weight(attention, rng):
    parts, mask = some(rng), some_mask(rng, 3, 5)
    expected, weights = trusted(*parts, mask)
    got = pair(attended(attention, *parts, mask), "attention(query, keys, values, mask)")
    close(got[1], weights, "weights with a mask", axes="BQT", tolerance=1e-4)
    close(got[0], expected, "context with a mask", axes="BQF", tolerance=1e-4)


def test_nothing_of_a_masked_value_leaks_through(attention, rng):
    (query, keys, values), mask = some(rng), some_mask(rng, 3, 5)
    expected, _ = trusted(query, keys, values, mask)
    loud = np.where(mask[..., None], values, np.float32(1e6))
    bold = np.where(mask[..., None], keys, 10 * keys)
    found = attended(attention, query, bold, loud, mask)
    got, _ = pair(found, "attention(query, keys, values, mask)")
    close(got, expected, "context with a million behind the mask", axes="BQF", tolerance=1e-4)


def test_one_key_that_fits_gets_everything(attention, rng):
    steps = rng.permutation(5)[:2]
    keys = np.eye(5, dtype="float32")[None] * 100
    values = np.arange(5.0, dtype="float32")[None, :, None]
    found = attended(attention, keys[:, steps], keys, values)
    got, _ = pair(found, "attention(query, keys, values)")
    what = f"context of queries that equal the keys at t={steps[0]} and t={steps[1]};"
    close(got, steps[None, :, None].astype(float), what, axes="BQF", tolerance=1e-4)


@there
def symbolic(attention, shapes):
    """The shapes of context and weights in a model that is still being built."""
    from keras import Input

    try:
        found = attention(*(Input(shape) for shape in shapes))
    except (AttributeError, TypeError, ValueError) as error:
        return type(error).__name__
    return [tuple(one.shape) for one in found]


def test_it_can_be_part_of_a_model(attention, rng):
    queries, steps, channels, features = (int(one) for one in rng.permutation(np.arange(2, 6)))
    shapes = [(queries, channels), (steps, channels), (steps, features)]
    wanted = [(None, queries, features), (None, queries, steps)]
    equal(symbolic(attention, shapes), wanted, "shapes in a model to be built")


# --- bidirectional


@there
def of_a_cell_of_its_own(bidirectional, x):
    """Two cells whose output is not their state, and whose start differs from row to row."""
    from keras import ops

    class Counter:
        """Adds to its state, a number for each row, and says ten times what it was before."""

        def __init__(self, step):
            self.step = step

        def get_initial_state(self, batch_size=None):
            rows = np.arange(int(batch_size), dtype="float32")[:, None]  # (B, 1)
            return [ops.convert_to_tensor(rows + 1)]

        def __call__(self, x, states, training=False):
            return 10 * states[0] + x, [states[0] + self.step]

    return bidirectional(Counter(1.0), Counter(0.5), ops.convert_to_tensor(x))


def test_a_cell_says_where_it_starts_what_it_says_and_what_it_keeps(bidirectional, rng):
    x = normal(rng, 3, 4, 1)
    rows, steps = 1 + np.arange(3.0)[:, None], np.arange(4.0)[None]
    ahead = 10 * (rows + steps) + x[..., 0]
    back = 10 * (rows + 0.5 * steps[:, ::-1]) + x[..., 0]
    got = of_a_cell_of_its_own(bidirectional, x)
    expected = np.stack([ahead, back], axis=2)
    close(got, expected, "two cells that count", axes="BTF", tolerance=1e-4)


@there
def both_ways(bidirectional, cells, x, sequence=False):
    """Two cells of given kinds, sizes and weights, run over x."""
    from keras import layers, ops

    made = []
    for kind, units, weights in cells:
        settings = {} if kind == "LSTMCell" else {"activation": "linear", "use_bias": False}
        cell = getattr(layers, kind)(units, **settings)
        cell.build((None, x.shape[-1]))
        cell.set_weights(weights)
        made.append(cell)
    return bidirectional(*made, ops.convert_to_tensor(x))


def summing():
    """A cell of one unit that adds up its input, as kind, units and weights."""
    return "SimpleRNNCell", 1, [np.ones((1, 1), "float32")] * 2


def test_two_running_sums_meet_at_every_step(bidirectional, rng):
    x = normal(rng, 3, 5, 1)
    wide = x[..., 0].astype(float)
    expected = np.stack([wide.cumsum(1), wide[:, ::-1].cumsum(1)[:, ::-1]], axis=2)
    got = both_ways(bidirectional, [summing(), summing()], x)
    close(got, expected, "running sums, forward and backward", axes="BTF", tolerance=1e-4)


def test_the_first_step_knows_the_last(bidirectional, rng):
    size = float(rng.integers(2, 9))
    x = np.zeros((2, 6, 1), "float32")
    x[0, -1] = size
    expected = np.zeros((2, 6, 2))
    expected[0, -1, 0] = size
    expected[0, :, 1] = size
    got = both_ways(bidirectional, [summing(), summing()], x)
    what = f"running sums of zeros and, at the end of one sequence, {size:.0f};"
    close(got, expected, what, axes="BTF", tolerance=1e-5)


def long_short(rng, features, units):
    """An LSTM cell as kind, units and weights."""
    sizes = (features, 4 * units), (units, 4 * units), (4 * units,)
    return "LSTMCell", units, [0.7 * normal(rng, *one) for one in sizes]


def by_torch(cell, x):
    """What torch's LSTM makes of x with the weights of a cell, in double precision."""
    _, units, weights = cell
    layer = nn.LSTM(x.shape[-1], units, batch_first=True).double()
    kernel, recurrent, bias = (torch.from_numpy(one).double() for one in weights)
    own = {
        "weight_ih_l0": kernel.T,
        "weight_hh_l0": recurrent.T,
        "bias_ih_l0": bias,
        "bias_hh_l0": torch.zeros_like(bias),
    }
    layer.load_state_dict(own)
    with torch.no_grad():
        return layer(torch.from_numpy(x.copy()).double())[0].numpy()


def test_two_lstm_cells_agree_with_torch(bidirectional, rng):
    x, cells = normal(rng, 3, 5, 2), [long_short(rng, 2, 3), long_short(rng, 2, 3)]
    back = by_torch(cells[1], x[:, ::-1])[:, ::-1]
    expected = np.concatenate([by_torch(cells[0], x), back], axis=2)
    got = both_ways(bidirectional, cells, x)
    close(got, expected, "two LSTM cells, B = 3, T = 5", axes="BTF", tolerance=1e-4)


def test_the_two_cells_may_differ_in_size(bidirectional, rng):
    x, cells = normal(rng, 2, 4, 3), [long_short(rng, 3, 2), long_short(rng, 3, 5)]
    back = by_torch(cells[1], x[:, ::-1])[:, ::-1]
    expected = np.concatenate([by_torch(cells[0], x), back], axis=2)
    got = both_ways(bidirectional, cells, x)
    close(got, expected, "cells of 2 and 5 units", axes="BTF", tolerance=1e-4)


def test_one_step_is_enough(bidirectional, rng):
    x, cells = normal(rng, 4, 1, 2), [long_short(rng, 2, 3), long_short(rng, 2, 3)]
    expected = np.concatenate([by_torch(one, x) for one in cells], axis=2)
    got = both_ways(bidirectional, cells, x)
    close(got, expected, "two LSTM cells, one step", axes="BTF", tolerance=1e-4)
