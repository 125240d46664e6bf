"""The checks of chapter 1: each holds one property of one exercise."""

from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from unrolled.checks import close, equal, expect, observed, raises, there
from unrolled.data import path


def draw(rng, *shape):
    """Standard normal numbers, as the chapter's data: float32."""
    return torch.from_numpy(rng.normal(size=shape)).float()


def levels(rng, *shape):
    """Whole numbers, no two alike, so that sums of a few are exact."""
    values = rng.permutation(np.arange(1, 10 * np.prod(shape)))
    return torch.from_numpy(values[: np.prod(shape)].reshape(shape)).float()


# --- variance_floor


def test_sequences_that_never_move_have_a_floor_of_zero(variance_floor, rng):
    apart = 1000 * torch.arange(3.0)[:, None, None] + torch.tensor([0.0, 300.0])
    x = (levels(rng, 3, 1, 2) + apart).expand(3, 5, 2).contiguous()
    got = variance_floor(x)
    close(got, torch.tensor(0.0), "variance_floor of constant sequences")


def test_the_floor_of_one_pulse_is_its_distance_from_the_mean(variance_floor, rng):
    steps, height = int(rng.integers(5, 12)), float(rng.integers(2, 9))
    x = torch.zeros(1, steps, 1)
    x[0, rng.integers(steps), 0] = height
    expected = torch.tensor(height**2 * (steps - 1) / steps**2)
    got = variance_floor(x)
    close(got, expected, f"variance_floor of a pulse of {height:g}")


def test_every_entry_of_the_batch_weighs_the_same(variance_floor, rng):
    half = draw(rng, 3, 2, 2) * levels(rng, 3, 1, 2)
    x = torch.cat([half, torch.zeros(3, 1, 2), -half], 1)  # (3, 5, 2)
    expected = torch.tensor(np.mean(x.double().numpy() ** 2)).float()
    got = variance_floor(x)
    close(got, expected, "variance_floor of x, every mean zero")


def test_a_high_level_costs_the_floor_no_digits(variance_floor, rng):
    half = torch.from_numpy(rng.integers(-256, 257, 20)) / 256
    around = torch.cat([half, torch.zeros(1), -half])  # mean 0
    expected = around.square().mean()
    got = variance_floor(20000 + around[None, :, None])  # (1, T, 1)
    close(got, expected, "variance_floor at level 20000", tolerance=0.05)


@observed
def test_the_numbers_of_the_caller_stay_as_they_were(variance_floor, rng):
    got = changed_by(variance_floor, levels(rng, 3, 5, 2))
    close(got, 0.0, "greatest change of x by variance_floor(x)")


# --- explained_variance, variance_ratio


def spread(rng, batch, steps, features):
    """Deviations whose mean over time is zero, of uneven size."""
    x = draw(rng, batch, steps, features) * levels(rng, batch, 1, features)
    return x - x.mean(1, keepdim=True)


def test_the_mean_of_each_sequence_explains_nothing(explained_variance, rng):
    mean = levels(rng, 3, 1, 2)
    target = mean + spread(rng, 3, 5, 2)
    flat = target.mean(1, keepdim=True).expand(3, 5, 2).contiguous()
    got = explained_variance(flat, target)
    close(got, torch.zeros(2), "explained_variance of a flat line", axes="F")


def test_a_change_of_units_changes_nothing_explained(explained_variance, rng):
    target, error = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
    target = target - target.mean(1, keepdim=True)
    ratio = error.double().square().sum((0, 1)) / target.double().square().sum((0, 1))
    expected = (1 - ratio).float()
    got = explained_variance(0.01 * (target + error), 0.01 * target)
    what = "explained_variance of a hundredth of both"
    close(got, expected, what, axes="F", tolerance=1e-3)


def test_each_feature_has_its_own_explained_variance(explained_variance, rng):
    moves = spread(rng, 1, 7, 3)
    missed = torch.tensor(rng.permutation([0.0, 0.5, 1.5])).float()
    expected = 1 - missed**2
    got = explained_variance((1 - missed) * moves, moves)
    close(got, expected, "explained_variance, one sequence", axes="F")


def test_a_prediction_that_is_off_by_a_constant_pays_for_it(explained_variance, rng):
    target = spread(rng, 1, 5, 1)
    offset = levels(rng, 1) / 3
    expected = 1 - offset**2 / target.square().mean()
    got = explained_variance(target + offset, target)
    close(got, expected, "explained_variance of target + offset", axes="F")


def test_errors_of_all_sequences_add_up_before_the_division(explained_variance, rng):
    target = spread(rng, 3, 5, 1)
    missed = torch.tensor(rng.permutation([0.0, 0.5, 1.0])).float()
    missed = missed[:, None, None]  # (B, 1, 1)
    error = (missed * target).square().sum()
    expected = (1 - error / target.square().sum())[None]  # (F,)
    got = explained_variance((1 - missed) * target, target)
    close(got, expected, "explained_variance, three sequences", axes="F")


def test_a_flat_line_has_variance_ratio_zero_at_any_level(variance_ratio, rng):
    flat = levels(rng, 3, 1, 2).expand(3, 5, 2).contiguous()
    target = spread(rng, 3, 5, 2)
    got = variance_ratio(flat, target)
    close(got, torch.zeros(2), "variance_ratio of a flat line", axes="F")


def test_half_the_movement_is_a_quarter_of_the_variance(variance_ratio, rng):
    target = spread(rng, 1, 7, 3)
    moved = torch.tensor(rng.permutation([0.0, 0.5, 2.0])).float()
    expected = moved**2
    got = variance_ratio(moved * target, target)
    close(got, expected, "variance_ratio, one sequence", axes="F")


def test_movements_of_all_sequences_add_up_before_the_division(variance_ratio, rng):
    target = spread(rng, 3, 5, 1)
    moved = torch.tensor(rng.permutation([0.0, 0.5, 3.0])).float()
    prediction = moved[:, None, None] * target
    ratio = prediction.square().sum() / target.square().sum()
    got = variance_ratio(prediction, target)
    close(got, ratio[None], "variance_ratio, three sequences", axes="F")


def test_the_level_of_the_target_is_no_movement(variance_ratio, rng):
    moves = spread(rng, 2, 5, 3)
    expected = torch.full((3,), 0.25)
    target = 2 * moves + levels(rng, 2, 1, 3)
    got = variance_ratio(moves, target)
    close(got, expected, "variance_ratio, target with a level", axes="F")


# --- difference, undo_difference


@there
def changed_by(function, x):
    """The greatest change that a call makes to its argument."""
    argument = x.clone()
    function(argument)
    return float((argument - x).abs().max())


def test_a_ramp_becomes_its_start_and_then_its_slope(difference, rng):
    start, slope = levels(rng, 2), levels(rng, 2) / 4
    ramp = start + slope * torch.arange(5.0)[:, None]  # (T, F)
    expected = torch.cat([start[None], slope.expand(4, 2)])[None]
    got = difference(ramp[None].contiguous())
    close(got, expected, "difference of a ramp", axes="BTF")


def test_no_difference_reaches_into_the_next_sequence(difference, rng):
    level = levels(rng, 3, 1, 2)
    expected = torch.cat([level, torch.zeros(3, 4, 2)], 1)
    got = difference(level.expand(3, 5, 2).contiguous())
    close(got, expected, "difference of constant sequences", axes="BTF")


def test_undoing_a_difference_gives_every_sequence_back(undo_difference, rng):
    x = levels(rng, 3, 5, 2)
    changes = x.diff(dim=1, prepend=torch.zeros(3, 1, 2))  # (B, T, F)
    got = undo_difference(changes)
    close(got, x, "undo_difference(difference(x))", axes="BTF")


@observed
def test_difference_leaves_its_input_alone(difference, rng):
    got = changed_by(difference, levels(rng, 3, 5, 2))
    expect(
        got == 0,
        f"difference(x) changes x: expected by 0, got by {got:g}",
        got=got,
    )


@observed
def test_undo_difference_leaves_its_input_alone(undo_difference, rng):
    got = changed_by(undo_difference, levels(rng, 3, 5, 2))
    expect(
        got == 0,
        f"undo_difference(d) changes d: expected by 0, got by {got:g}",
        got=got,
    )


# --- Decoder


def decoder_weights(rng, features, hidden):
    """Weights large enough that every step moves the state."""
    shapes = {
        "cell.weight_ih": (4 * hidden, features),
        "cell.weight_hh": (4 * hidden, hidden),
        "cell.bias_ih": (4 * hidden,),
        "cell.bias_hh": (4 * hidden,),
        "read_out.weight": (features, hidden),
        "read_out.bias": (features,),
    }
    return {name: draw(rng, *shape) for name, shape in shapes.items()}


def frozen_weights(rng, features, hidden):
    """Forget gate open, input gate shut, output gate open: c stays."""
    weights = decoder_weights(rng, features, hidden)
    for name in ("cell.weight_ih", "cell.weight_hh", "cell.bias_hh"):
        weights[name] = torch.zeros_like(weights[name])
    gates = torch.tensor([-99.0, 99.0, 0.0, 99.0])  # i, f, g, o
    weights["cell.bias_ih"] = gates.repeat_interleave(hidden)
    return weights


def read(weights, h):
    return h @ weights["read_out.weight"].T + weights["read_out.bias"]


def frozen_lines(weights, state, steps):
    """Output 0 reads h; with the cell frozen, all others tanh(c)."""
    h, c = state
    first, rest = read(weights, h), read(weights, c.tanh())
    return torch.stack([first] + [rest] * (steps - 1), 1)  # (B, T, F)


def unroll(weights, state, steps):
    """The same recursion with torch's own cell, in float64."""
    weights = {name: value.double() for name, value in weights.items()}
    own = {
        name.removeprefix("cell."): value
        for name, value in weights.items()
        if name.startswith("cell.")
    }
    h, c = (part.double() for part in state)
    cell = nn.LSTMCell(own["weight_ih"].size(1), h.size(1)).double()
    cell.load_state_dict(own)
    lines = [read(weights, h)]
    while len(lines) < steps:
        h, c = cell(lines[-1], (h, c))
        lines.append(read(weights, h))
    return torch.stack(lines, 1)  # (B, T, F)


@there
def decoder_with(Decoder, features, hidden, weights):
    decoder = Decoder(features, hidden)
    found = decoder.state_dict()
    for name in weights:
        if name not in found:
            raise LookupError(f"Decoder has no {name}; it has {', '.join(found) or 'nothing'}")
    decoder.load_state_dict({name: weights.get(name, found[name]) for name in found})
    return decoder


@there
def parameter_shapes(Decoder, features, hidden):
    state = Decoder(features, hidden).state_dict()
    return {name: tuple(state[name].shape) for name in sorted(state)}


@there
def decode(decoder, h, c, steps):
    return decoder((h, c), steps).detach()


@there
def decode_in_double(decoder, h, c, steps):
    return decoder.double()((h, c), steps).detach()


@there
def pull_of_the_bias(decoder, h, c, steps):
    """d (sum of the last output) / d (bias of the read-out)."""
    last = decoder((h, c), steps)[:, -1].sum()
    if last.grad_fn is None:
        return None
    bias = dict(decoder.named_parameters())["read_out.bias"]
    (pull,) = torch.autograd.grad(last, [bias], allow_unused=True)
    return pull


@observed
def test_a_decoder_owns_a_cell_and_a_read_out(Decoder, rng):
    weights = decoder_weights(rng, 2, 7)
    expected = {n: tuple(weights[n].shape) for n in sorted(weights)}
    got = parameter_shapes(Decoder, 2, 7)
    equal(got, expected, "the parameters of Decoder(2, 7)")


def test_the_first_output_reads_the_given_state(Decoder, rng):
    weights = decoder_weights(rng, 2, 7)
    h, c = draw(rng, 3, 7), draw(rng, 3, 7)
    expected = read(weights, h)[:, None]  # (B, 1, F)
    decoder = decoder_with(Decoder, 2, 7, weights)
    got = decode(decoder, h, c, 1)
    close(got, expected, "decoder(state, 1)", axes="BTF", tolerance=1e-4)


def test_every_later_output_feeds_on_the_one_before(Decoder, rng):
    weights = decoder_weights(rng, 2, 7)
    h, c = draw(rng, 1, 7), draw(rng, 1, 7)
    expected = unroll(weights, (h, c), 4).detach().float()
    decoder = decoder_with(Decoder, 2, 7, weights)
    got = decode(decoder, h, c, 4)
    close(got, expected, "decoder(state, 4)", axes="BTF", tolerance=1e-3)


def test_decoding_a_batch_equals_decoding_each_sequence_alone(Decoder, rng):
    weights = frozen_weights(rng, 2, 7)
    h, c = draw(rng, 3, 7), draw(rng, 3, 7)
    expected = frozen_lines(weights, (h, c), 5)
    decoder = decoder_with(Decoder, 2, 7, weights)
    got = decode(decoder, h, c, 5)
    close(got, expected, "decoder(state, 5)", axes="BTF", tolerance=1e-4)


def test_a_second_call_starts_afresh(Decoder, rng):
    weights = frozen_weights(rng, 2, 7)
    h, c = draw(rng, 1, 7), draw(rng, 1, 7)
    expected = frozen_lines(weights, (h, c), 3)
    decoder = decoder_with(Decoder, 2, 7, weights)
    decode(decoder, c, h, 4)
    got = decode(decoder, h, c, 3)
    close(
        got,
        expected,
        "the second call, decoder(state, 3)",
        axes="BTF",
        tolerance=1e-4,
    )


def test_the_gradient_of_an_output_runs_through_the_one_before(Decoder, rng):
    weights = decoder_weights(rng, 2, 5)
    weights = {name: value / 2 for name, value in weights.items()}
    h, c = draw(rng, 1, 5), draw(rng, 1, 5)
    bias = weights["read_out.bias"].double().requires_grad_()
    lines = unroll({**weights, "read_out.bias": bias}, (h, c), 2)
    (expected,) = torch.autograd.grad(lines[:, -1].sum(), [bias])
    decoder = decoder_with(Decoder, 2, 5, weights)
    got = pull_of_the_bias(decoder, h, c, 2)
    what = "gradient of the second output for read_out.bias"
    close(got, expected.float(), what, axes="F", tolerance=1e-3)


def test_a_double_precision_decoder_answers_in_double_precision(Decoder, rng):
    weights = decoder_weights(rng, 2, 7)
    h, c = draw(rng, 3, 7).double(), draw(rng, 3, 7).double()
    expected = unroll(weights, (h, c), 4).detach()
    decoder = decoder_with(Decoder, 2, 7, weights)
    got = decode_in_double(decoder, h, c, 4)
    equal(str(got.dtype), "torch.float64", "the dtype of a float64 decoder's outputs")
    close(got, expected, "decoder(state, 4) in float64", axes="BTF", tolerance=1e-9)


@there
def decoded_on_meta(Decoder, batch, features, hidden, steps):
    """Where the output lies for a state on the meta device, or the error that it raises."""
    decoder = Decoder(features, hidden).to("meta")
    state = torch.zeros(batch, hidden, device="meta")
    try:
        return f"the output on {decoder((state, state), steps).device.type}"
    except (RuntimeError, NotImplementedError) as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]


@observed
def test_the_output_lies_on_the_device_of_the_state(Decoder, rng):
    batch, features, hidden, steps = (int(n) for n in rng.integers(2, 7, 4))
    got = decoded_on_meta(Decoder, batch, features, hidden, steps)
    expect(
        got == "the output on meta",
        f"decoder and state on another device (meta): expected the output there, got {got}",
        got=got,
    )


# --- strict_mse


def mean_square(gap):
    return torch.tensor(np.mean(gap.double().numpy() ** 2)).float()


def accepted(strict_mse, rng, *shape):
    """Assert that two tensors of one shape get the mean of their squared errors."""
    prediction, target = draw(rng, *shape), draw(rng, *shape)
    expected = mean_square(prediction - target)
    try:
        got = strict_mse(prediction, target)
    except ValueError as error:
        got = type(error).__name__
    close(got, expected, f"strict_mse of two {shape}", tolerance=1e-5)


@there
def slope(strict_mse, prediction, target):
    """d strict_mse / d prediction; None where the error has no gradient."""
    prediction = prediction.clone().requires_grad_()
    error = strict_mse(prediction, target)
    if getattr(error, "grad_fn", None) is None:
        return None
    return torch.autograd.grad(error, prediction)[0]


def test_the_squared_errors_are_averaged_over_all_entries(strict_mse, rng):
    prediction, target = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
    gap = (prediction - target).double().numpy()
    expected = torch.tensor(np.mean(gap**2)).float()
    got = strict_mse(prediction, target)
    close(got, expected, "strict_mse of two (3, 5, 2)")


def test_tensors_of_one_shape_are_accepted_whatever_it_is(strict_mse, rng):
    for shape in [(), (7,), (3, 2), (1, 5, 1), (2, 3, 5, 7)]:
        accepted(strict_mse, rng, *shape)


def test_a_column_against_a_row_is_refused(strict_mse, rng):
    n = int(rng.integers(3, 9))
    accepted(strict_mse, rng, n, 1)
    column, row = draw(rng, n, 1), draw(rng, n)
    raises(
        ValueError,
        strict_mse,
        column,
        row,
        what=f"strict_mse of ({n}, 1) and ({n},)",
    )


def test_an_axis_of_one_against_a_longer_one_is_refused(strict_mse, rng):
    accepted(strict_mse, rng, 3, 1, 2)
    flat, full = draw(rng, 3, 1, 2), draw(rng, 3, 5, 2)
    what = "strict_mse of (3, 1, 2) and (3, 5, 2)"
    raises(ValueError, strict_mse, flat, full, what=what)


def test_shapes_that_cannot_broadcast_are_a_value_error_too(strict_mse, rng):
    accepted(strict_mse, rng, 3, 4, 2)
    short, full = draw(rng, 3, 4, 2), draw(rng, 3, 5, 2)
    what = "strict_mse of (3, 4, 2) and (3, 5, 2)"
    raises(ValueError, strict_mse, short, full, what=what)


def test_the_refusal_names_both_shapes(strict_mse, rng):
    one, other = (int(n) for n in rng.permutation(np.arange(11, 99))[:2])
    accepted(strict_mse, rng, one, 1)
    said = raises(
        ValueError,
        strict_mse,
        draw(rng, one, 1),
        draw(rng, 1, other),
        what=f"strict_mse of ({one}, 1) and (1, {other})",
    )
    named = [str(n) in said for n in (one, other)]
    expect(all(named), f"the message: expected {one} and {other} in it, got {said!r}", got=named)
    others = sum(str(n) in said for n in range(11, 99) if n not in (one, other))
    expect(others < 20, f"{others} other numbers are named as well", got=others)


def test_the_gradient_of_the_error_reaches_the_prediction(strict_mse, rng):
    prediction, target = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
    expected = 2 * (prediction - target) / prediction.numel()
    got = slope(strict_mse, prediction, target)
    close(got, expected, "d strict_mse / d prediction", axes="BTF")


# --- Windows


@there
def number(Windows, data, window, overlap):
    """len(Windows(...)), or the name of the error it raises."""
    try:
        return len(Windows(data, window, overlap))
    except ValueError as error:
        return type(error).__name__


@there
def taken(windows, start, stop, step):
    """windows[start:stop:step], or the name of the error it raises."""
    try:
        return windows[slice(start, stop, step)]
    except Exception as error:
        return type(error).__name__


@there
def traces(Windows, data, window, overlap, cut):
    """What else changes when an item is overwritten: a list of names."""
    data = data.clone()
    windows = Windows(data, window, overlap)
    before = data.clone(), windows[0].clone(), windows[1].clone()
    item = windows[0:1] if cut else windows[0]
    item.fill_(-1.0)
    after = data, windows[0], windows[1]
    names = "the data", "the item when read again", "the next item"
    return [
        name
        for name, old, new in zip(names, before, after, strict=True)
        if not torch.equal(old, new)
    ]


def rows(rng, n, features=2):
    """A series whose entries are all different."""
    return levels(rng, n, features)


def test_windows_without_overlap_are_the_rows_in_order(Windows, rng):
    data = rows(rng, 12)
    expected = data.view(3, 4, 2)
    windows = Windows(data, 4)
    for i in range(3):
        what = f"Windows(data, 4)[{i}]"
        close(windows[i], expected[i], what, axes="TF")


def test_the_next_window_starts_before_the_last_one_ends(Windows, rng):
    data = rows(rng, 17, 1)
    windows = Windows(data, 5, 2)
    for i in (1, 4):
        expected = data[3 * i : 3 * i + 5]
        what = f"Windows(data, 5, overlap=2)[{i}]"
        close(windows[i], expected, what, axes="TF")


def test_only_whole_windows_count(Windows, rng):
    cases = [(12, 4, 0, 3), (15, 4, 0, 3), (13, 5, 3, 5), (14, 5, 3, 5)]
    cases += [(7, 7, 0, 1), (7, 7, 6, 1), (8, 7, 6, 2), (3, 1, 0, 3)]
    for n, window, overlap, expected in cases:
        got = number(Windows, rows(rng, n), window, overlap)
        what = f"len(Windows(data of {n} steps, {window}, {overlap}))"
        equal(got, expected, what)


def test_a_slice_gives_several_windows_at_once(Windows, rng):
    data = rows(rng, 13)
    every = np.stack([data.numpy()[2 * i : 2 * i + 3] for i in range(6)])
    windows = Windows(data, 3, 1)
    for cut in [(1, 4, None), (None, None, 2), (4, None, None)]:
        expected = torch.from_numpy(every[slice(*cut)])
        got = taken(windows, *cut)
        text = ":".join("" if part is None else str(part) for part in cut)
        what = f"Windows(data, 3, overlap=1)[{text.removesuffix(':')}]"
        close(got, expected, what, axes="BTF")


@observed
def test_changing_an_item_changes_nothing_else(Windows, rng):
    data = rows(rng, 9)
    got = traces(Windows, data, 4, 2, cut=False)
    equal(got, [], "what changes with windows[0]")


@observed
def test_changing_a_slice_changes_nothing_else(Windows, rng):
    data = rows(rng, 9)
    got = traces(Windows, data, 4, 2, cut=True)
    equal(got, [], "what changes with windows[0:1]")


def test_an_overlap_as_long_as_the_window_is_refused(Windows, rng):
    window = int(rng.integers(2, 6))
    data = rows(rng, 9)
    close(Windows(data, window, window - 1)[1], data[1 : window + 1], "an allowed overlap")
    for overlap in (window, window + 1):
        what = f"Windows(data, {window}, overlap={overlap})"
        raises(ValueError, Windows, data, window, overlap, what=what)


def test_a_negative_overlap_is_refused(Windows, rng):
    data = rows(rng, 9)
    close(Windows(data, 3, 0)[1], data[3:6], "Windows(data, 3, overlap=0)[1]")
    what = "Windows(data, 3, overlap=-1)"
    raises(ValueError, Windows, data, 3, -1, what=what)


def test_a_window_longer_than_the_data_is_refused(Windows, rng):
    n = int(rng.integers(5, 9))
    data = rows(rng, n)
    close(Windows(data, n)[0], data, f"Windows(data of {n} steps, {n})[0]")
    what = f"Windows(data of {n} steps, {n + 1})"
    raises(ValueError, Windows, data, n + 1, what=what)


def test_there_is_no_item_past_the_last(Windows, rng):
    data = rows(rng, 13)
    windows = Windows(data, 4, 1)
    close(windows[-1], data[9:13], "item -1 of four windows", axes="TF")
    for index in (4, -5):
        what = f"item {index} of four windows"
        raises(IndexError, windows.__getitem__, index, what=what)


# --- reconstruction_loss


@there
def loss_of_a_fixed_answer(reconstruction_loss, answer, batch, reverse, training):
    """The loss of a model that gives the same answer to any batch."""

    class Fixed(nn.Module):
        def forward(self, x):
            return answer

    model = Fixed().train(training)
    return reconstruction_loss(model, batch, reverse)


@there
def loss_of_a_weighting(reconstruction_loss, weights, batch, reverse):
    """The loss of the model x -> weights * x, and its gradient."""

    class Weighting(nn.Module):
        def __init__(self):
            super().__init__()
            self.weights = nn.Parameter(weights.clone())

        def forward(self, x):
            return self.weights * x

    model = Weighting()
    loss = reconstruction_loss(model, batch, reverse)
    if getattr(loss, "grad_fn", None) is None:
        return loss, None
    return loss.detach(), torch.autograd.grad(loss, model.weights)[0]


def test_without_reverse_the_batch_itself_is_the_target(reconstruction_loss, rng):
    answer, batch = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
    expected = mean_square(answer - batch)
    got = loss_of_a_fixed_answer(reconstruction_loss, answer, batch, False, True)
    close(got, expected, "reconstruction_loss, reverse=False, training", tolerance=1e-5)


def test_with_reverse_only_time_runs_backwards(reconstruction_loss, rng):
    answer, batch = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
    expected = mean_square(answer - batch.flip(1))
    got = loss_of_a_fixed_answer(reconstruction_loss, answer, batch, True, True)
    close(got, expected, "reconstruction_loss, reverse=True, training", tolerance=1e-5)


def test_validation_measures_what_training_measures(reconstruction_loss, rng):
    for reverse in (False, True):
        answer, batch = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
        target = batch.flip(1) if reverse else batch
        expected = mean_square(answer - target)
        got = loss_of_a_fixed_answer(reconstruction_loss, answer, batch, reverse, False)
        what = f"reconstruction_loss, reverse={reverse}, validation"
        close(got, expected, what, tolerance=1e-5)


@there
def loss_without_gradients(reconstruction_loss, answer, batch, reverse):
    with torch.no_grad():
        return loss_of_a_fixed_answer(reconstruction_loss, answer, batch, reverse, True)


def test_the_loss_does_not_depend_on_whether_gradients_are_kept(reconstruction_loss, rng):
    for reverse in (False, True):
        answer, batch = draw(rng, 3, 5, 2), draw(rng, 3, 5, 2)
        expected = mean_square(answer - (batch.flip(1) if reverse else batch))
        got = loss_without_gradients(reconstruction_loss, answer, batch, reverse)
        what = f"reconstruction_loss, reverse={reverse}, without gradients"
        close(got, expected, what, tolerance=1e-5)


def test_the_model_reads_the_batch_forwards(reconstruction_loss, rng):
    batch, weights = draw(rng, 1, 5, 1), levels(rng, 1, 5, 1) / 9
    expected = mean_square(weights * batch - batch.flip(1))
    got, _ = loss_of_a_weighting(reconstruction_loss, weights, batch, True)
    close(got, expected, "reconstruction_loss of the model x -> w x")


def test_the_gradient_of_the_loss_reaches_the_model(reconstruction_loss, rng):
    batch, weights = draw(rng, 1, 5, 1), levels(rng, 1, 5, 1) / 9
    expected = 2 * (weights * batch - batch) * batch / batch.numel()
    _, got = loss_of_a_weighting(reconstruction_loss, weights, batch, False)
    close(got, expected, "d reconstruction_loss / d w", axes="BTF")


# --- fit_sequence


def wave(rng, steps, features, noise=0.05):
    """(1, T, F): about one period each, mean 0, deviation 1."""
    time = np.arange(steps)[:, None] / steps
    turns, start = rng.uniform(0.5, 1.5, features), rng.random(features)
    x = np.sin(2 * np.pi * (turns * time + start))
    x += noise * rng.normal(size=x.shape)
    x = (x - x.mean(0)) / x.std(0)
    return torch.from_numpy(x[None])


@contextmanager
def in_place_of(function, name, value):
    """Let a function see another value under a global name."""
    names = function.__globals__
    kept, names[name] = names[name], value
    try:
        yield kept
    finally:
        names[name] = kept


@there
def fitted(fit_sequence, x, hidden, seed, tolerance=None, most=200):
    """Reconstruction, steps returned, steps that the optimizer took, the model's last outputs.

    Stops a fit that takes more than `most` steps; it has no reconstruction, and in place of
    the steps taken stands the size of its weights, which tells such fits apart.
    """
    asked = {} if tolerance is None else {"tolerance": tolerance}
    taken, weights, outputs = [], [], []

    def count(optimizer, *_):
        taken.append(1)
        weights[:] = [one for group in optimizer.param_groups for one in group["params"]]
        if len(taken) > most:
            raise TimeoutError

    class Watched(fit_sequence.__globals__["Autoencoder"]):
        def forward(self, x):
            outputs[:] = [*outputs[-2:], super().forward(x)]
            return outputs[-1]

    hook = register_optimizer_step_post_hook(count)
    try:
        with in_place_of(fit_sequence, "Autoencoder", Watched):
            restored, steps = fit_sequence(x, hidden, seed, **asked)
    except TimeoutError:
        return None, len(taken), float(sum(one.detach().abs().sum() for one in weights)), []
    finally:
        hook.remove()
    return restored.detach(), steps, len(taken), [one.detach() for one in outputs]


def drawn(restored, outputs, what):
    """Assert that each feature of the reconstruction is an output of the model, in other units."""
    expect(isinstance(restored, torch.Tensor), f"{what}: expected a tensor, got something else")
    equal([tuple(one.shape) for one in outputs[-1:]], [tuple(restored.shape)], f"{what}: output")
    lines = restored[0].double().numpy().T  # (F, T)
    for output in outputs:
        gaps = []
        for line, drawn in zip(lines, output[0].double().numpy().T, strict=True):
            basis = np.stack([drawn, np.ones_like(drawn)], 1)
            fit = basis @ np.linalg.lstsq(basis, line, rcond=None)[0]
            gaps.append(np.abs(fit - line).max() / (1e-2 * line.std() + 1e-5 * np.abs(line).max()))
        if max(gaps) < 1:
            return
    expect(False, f"{what}: expected what the Autoencoder draws, got something else", got=lines)


@there
def steps_of_a_stuck_model(fit_sequence, x, seed):
    """Steps returned where the Autoencoder can only draw one level."""

    class Stuck(nn.Module):
        def __init__(self, n_features, hidden):
            super().__init__()
            self.level = nn.Parameter(torch.zeros(n_features))

        def forward(self, x):
            return self.level.expand_as(x)

    with in_place_of(fit_sequence, "Autoencoder", Stuck):
        answer = fit_sequence(x, 1, seed)
    return answer if answer is None else answer[1]


@there
def random_state_after(fit_sequence, x, seed, before):
    """The global generator's next number, after a fit."""
    torch.manual_seed(before)
    fit_sequence(x, 2, seed, 1e9)
    return torch.rand(1)


def test_a_hundred_units_need_at_most_sixty_steps(fit_sequence, rng, seed):
    table = np.loadtxt(path("icews_14x5.csv"), delimiter=",")
    table = table[:, rng.permutation(5)] + rng.uniform(-1, 1, 5)
    x = torch.tensor(table[None].tolist())  # (1, 14, 5)
    restored, got, took, outputs = fitted(fit_sequence, x, 100, seed)
    what = "fit_sequence(x, 100, seed)"
    found = got if restored is not None else f"no end after {got - 1}"
    expect(
        type(got) is int and 0 < got <= 60,
        f"{what}: expected 1 to 60 steps, got {found}",
        got=(got, restored, took),
    )
    drawn(restored, outputs, what)


def test_the_reconstruction_is_as_close_as_asked_in_the_units_of_x(fit_sequence, rng, seed):
    wanted = {"300": (30.0, 300.0), "1e-4": (0.02, 1e-4)}
    wanted["left out"] = (0.02, None)
    shape, taken = wave(rng, 7, 2) + 3, []
    for asked, (scale, tolerance) in wanted.items():
        x = (scale * shape).float()
        got, steps, _, outputs = fitted(fit_sequence, x, 30, seed, tolerance)
        what = f"the reconstruction, tolerance {asked}"
        expect(got is not None, f"{what}: none yet after {steps - 1} steps, where we stopped")
        equal(tuple(got.shape), (1, 7, 2), f"shape of {what}")
        error = float((got - x).double().square().mean())
        expect(
            error < (tolerance or 1e-4) * 1.001,
            f"MSE of {what}: got {error:.4g}",
            got=error,
        )
        drawn(got, outputs, what)
        taken.append(steps)
    equal(taken[2], taken[1], "steps with the tolerance left out")


def test_other_units_and_another_level_need_as_many_steps(fit_sequence, rng, seed):
    x = wave(rng, 7, 2).float()
    restored, expected, _, outputs = fitted(fit_sequence, x, 30, seed, 0.1)
    drawn(restored, outputs, "the reconstruction of x, tolerance 0.1")
    for level, scale in [(1000.0, 3.0), (-1.0, 0.01)]:
        y, tolerance = level + scale * x, 0.1 * scale**2
        _, got, _, _ = fitted(fit_sequence, y, 30, seed, tolerance)
        expect(
            abs(got - expected) <= 2 + expected // 10,
            f"steps for {level:g} + {scale:g} x: expected {expected} as for x, got {got}",
            got=got,
        )


def test_a_tolerance_that_is_already_met_needs_no_step(fit_sequence, rng, seed):
    x = wave(rng, 5, 2).float()
    restored, steps, took, outputs = fitted(fit_sequence, x, 3, seed, 1e6)
    equal((steps, took), (0, 0), "steps returned and taken")
    drawn(restored, outputs, "the reconstruction of an untrained model")


@observed
def test_every_step_of_the_optimizer_is_counted(fit_sequence, rng, seed):
    x = wave(rng, 5, 2).float()
    _, steps, took, _ = fitted(fit_sequence, x, 20, seed, 0.5)
    equal(steps, took, "steps returned, against steps taken")


@observed
def test_a_fit_that_never_gets_there_ends_after_a_thousand_steps(fit_sequence, rng, seed):
    x = wave(rng, 5, 2).float()
    got = steps_of_a_stuck_model(fit_sequence, x, seed)
    equal(got, 1000, "steps of a model that cannot fit")


def test_the_same_seed_gives_the_same_fit_and_another_does_not(fit_sequence, rng, seed):
    x = wave(rng, 5, 2).float()
    expected, _, _, outputs = fitted(fit_sequence, x, 3, seed, 1e6)
    again, _, _, _ = fitted(fit_sequence, x, 3, seed, 1e6)
    drawn(expected, outputs, "the reconstruction of an untrained model")
    close(again, expected, "the second fit with one seed", axes="BTF")
    other, _, _, _ = fitted(fit_sequence, x, 3, seed + 1, 1e6)
    expect(
        not torch.equal(other, expected),
        "fits with two seeds: expected to differ, got the same",
        got=other,
    )


@observed
def test_a_fit_leaves_the_global_generator_where_it_was(fit_sequence, rng, seed):
    x = wave(rng, 5, 2).float()
    before = int(rng.integers(2**31))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(before)
        expected = torch.rand(1)
    got = random_state_after(fit_sequence, x, seed, before)
    close(got, expected, "torch.rand(1) after fit_sequence")


# --- anomaly_score


def normal_errors(rng, features, copies=1):
    """Errors with mean 0 and covariance 1, dividing by their number."""
    corners = np.sqrt(features) * np.eye(features)
    errors = np.concatenate([corners, -corners] * copies)
    return errors[rng.permutation(len(errors))]


def scored(anomaly_score, residual, fit_on):
    return anomaly_score(torch.from_numpy(residual).float(), torch.from_numpy(fit_on).float())


def test_normal_errors_score_their_number_of_features_on_average(anomaly_score, rng):
    features = int(rng.integers(2, 5))
    errors = normal_errors(rng, features) * rng.uniform(2, 5, features)
    got = scored(anomaly_score, errors, errors)
    what = "scores of the errors that were fitted on"
    close(got, torch.full((2 * features,), float(features)), what)


def test_a_residual_against_the_grain_is_the_unusual_one(anomaly_score, rng):
    tilt = rng.uniform(0.4, 0.8)
    mix = np.array([[1, 0], [tilt, np.sqrt(1 - tilt**2)]])
    fit_on = normal_errors(rng, 2, 100) @ mix.T  # correlation: tilt
    residual = np.array([[2.0, 2.0], [2.0, -2.0], [2.0, 0.0]])
    exact = [8 / (1 + tilt), 8 / (1 - tilt), 4 / (1 - tilt**2)]
    expected = torch.tensor(exact).float()
    got = scored(anomaly_score, residual, fit_on)
    what = f"scores along, across and beside a correlation of {tilt:.2f}"
    close(got, expected, what, tolerance=1e-2)


def test_distance_is_measured_from_the_mean_of_the_normal_errors(anomaly_score, rng):
    usual = rng.uniform(5, 9, 3)
    residual = rng.normal(size=(5, 3)) + 1
    expected = torch.from_numpy((residual**2).sum(1)).float()
    fit_on = normal_errors(rng, 3, 100) + usual
    got = scored(anomaly_score, residual + usual, fit_on)
    close(got, expected, "scores about a mean", axes="N", tolerance=1e-2)


def test_a_residual_scores_alone_as_it_does_in_company(anomaly_score, rng):
    fit_on = normal_errors(rng, 3, 100)
    residual = rng.normal(size=(1, 3)) + 3
    expected = torch.from_numpy((residual**2).sum(1)).float()
    got = scored(anomaly_score, residual, fit_on)
    close(got, expected, "score of one residual", axes="N", tolerance=1e-2)


@there
def change_of_errors(anomaly_score, residual, fit_on):
    """The greatest change that a call makes to either argument."""
    given = torch.tensor(residual).float(), torch.tensor(fit_on).float()
    kept = [one.clone() for one in given]
    anomaly_score(*given)
    return max(float((a - b).abs().max()) for a, b in zip(given, kept, strict=True))


@observed
def test_scoring_leaves_the_errors_as_they_were(anomaly_score, rng):
    fit_on = normal_errors(rng, 3) + rng.uniform(2, 3, 3)
    got = change_of_errors(anomaly_score, rng.normal(size=(5, 3)), fit_on)
    close(got, 0.0, "greatest change of an argument of anomaly_score")


def test_a_change_of_units_changes_no_score(anomaly_score, rng):
    fit_on, residual = normal_errors(rng, 3, 100), rng.normal(size=(5, 3)) + 1
    expected = torch.from_numpy((residual**2).sum(1)).float()
    got = scored(anomaly_score, 0.01 * residual, 0.01 * fit_on)
    close(got, expected, "scores in other units", axes="N", tolerance=1e-2)
