"""The checks of chapter 4: each holds one property of one exercise."""

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from unrolled.checks import close, equal, expect, observed, there


def draw(rng, *shape):
    """Standard normal numbers in double precision."""
    return torch.from_numpy(rng.normal(size=shape))


def uniform(rng, *shape):
    """Numbers between zero and one in double precision."""
    return torch.from_numpy(rng.random(shape))


def numbers(got):
    """What came back, as a tensor without its history."""
    return torch.as_tensor(got).detach()


def sigmoid(x):
    """Its definition."""
    return 1 / (1 + torch.exp(-x))


def shifted(x, down, right):
    """A map moved by so many places, with zeros behind it: (..., H, W)."""
    rows, columns = x.shape[-2:]
    framed = nn.functional.pad(x, (2, 2, 2, 2))
    return framed[..., 2 - down : 2 - down + rows, 2 - right : 2 - right + columns]


def offset(rng):
    """One of the eight places around the middle of a kernel of three: down and right."""
    places = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]
    return places[int(rng.integers(8))]


def moved_kernel(weight, down, right):
    """A kernel of three whose middle column of numbers stands elsewhere, and nothing else."""
    moved = torch.zeros_like(weight)
    moved[:, :, 1 + down, 1 + right] = weight[:, :, 1, 1]
    return moved


def at_each(matrix, x):
    """A 1x1 map by its matrix: (B, C, H, W)."""
    return torch.einsum("ij,bjhw->bihw", matrix[..., 0, 0], x)


@there
def squares(f, inputs, before, after, nested):
    """The sum of squares of what f(*before, *inputs, *after) returns; nested: of f(x, (h, c))."""
    inputs = [x.clone() for x in inputs]
    out = f(inputs[0], tuple(inputs[1:])) if nested else f(*before, *inputs, *after)
    return sum(one.square().sum() for one in (out if isinstance(out, tuple) else (out,)))


@there
def nearby(f, inputs, n, change, rest):
    """The sum of squares with the n-th input moved by `change`."""
    moved = [x + change if k == n else x for k, x in enumerate(inputs)]
    with torch.no_grad():
        return float(squares(f, moved, *rest))


@there
def slope(f, inputs, n, change, rest):
    """The derivative of the sum of squares by the n-th input along `change`, as torch has it."""
    size = torch.zeros((), dtype=torch.float64, requires_grad=True)
    moved = [x + size * change if k == n else x for k, x in enumerate(inputs)]
    total = squares(f, moved, *rest)
    if total.requires_grad:
        total.backward()
    return 0.0 if size.grad is None else float(size.grad)


@there
def weights_in(make, *sizes):
    """Names and shapes of the weights of a module that is made with these sizes."""
    return {name: tuple(one.shape) for name, one in make(*sizes).named_parameters()}


def same_weights(got, expected, what):
    """Assert that a module has these weights, by name and shape, and no others."""
    for name, shape in expected.items():
        layer, _, kind = name.rpartition(".")
        if kind == "bias":
            message = f"{what}: self.{layer} has no bias; it needs one"
        else:
            message = f"{what}: expected a layer self.{layer}, got the weights {', '.join(got)}"
        expect(name in got, message, got=sorted(got))
        message = f"shape of {name} of {what}: expected {shape}, got {got[name]}"
        expect(tuple(got[name]) == shape, message, got=got[name])
    for name in got:
        layer, _, kind = name.rpartition(".")
        extra = f"self.{layer} has a bias" if kind == "bias" else f"there is a weight {name}"
        expect(name in expected, f"{what}: {extra}; it should have none", got=sorted(got))


def slopes_agree(f, inputs, rng, what, before=(), after=(), nested=False):
    """Assert that the gradient by each input is the one that finite differences give.

    Along two directions: a wrong gradient may have the right slope along one, by chance.
    """
    parts, rest = list(inputs.values()), (before, after, nested)
    for n, name in [*enumerate(inputs)] * 2:
        change = draw(rng, *parts[n].shape)
        ends = [nearby(f, parts, n, s * 1e-5 * change, rest) for s in (1, -1)]
        expected = (ends[0] - ends[1]) / 2e-5
        got = slope(f, parts, n, change, rest)
        message = f"slope of {what} along {name}: expected {expected:.6g}, got {got:.6g}"
        expect(abs(got - expected) < 1e-5 * (1 + abs(expected)), message, got=got)


# --- bounce


@there
def clips_of(bounce, digits, seed, steps, size):
    """Clips drawn from a generator with this seed."""
    return bounce(digits, np.random.default_rng(seed), steps, size)


def alone(count, picture, which=0):
    """Pairs of digits in which one is this picture and the other is black: (B, 2, h, w)."""
    digits = torch.zeros(count, 2, *picture.shape)
    digits[:, which] = picture
    return digits


def seen(clips, shape, what):
    """Assert that clips have this shape and hold numbers."""
    close(numbers(clips).isfinite().float().mean() * torch.ones(1), torch.ones(1), what)
    equal(tuple(clips.shape), shape, f"shape of {what}")


def corners(clips, h, w, what):
    """The top left corners of one digit without black pixels: (B, T, 2)."""
    found = clips[:, :, 0] > 0
    rows, columns = found.any(3), found.any(2)
    y, x = rows.float().argmax(2), columns.float().argmax(2)
    down, right = (torch.arange(n) for n in found.shape[2:])
    in_rows = (down >= y[..., None]) & (down < y[..., None] + h)  # (B, T, H)
    in_columns = (right >= x[..., None]) & (right < x[..., None] + w)  # (B, T, W)
    box = in_rows[..., None] & in_columns[..., None, :]
    high, wide, lit = rows.sum(2), columns.sum(2), (found & box).sum((2, 3))
    for bad in ((high != h) | (wide != w) | (lit != h * w)).nonzero()[:1].tolist():
        b, t = bad
        place, size = f"{what} at b={b}, t={t}", (int(high[b, t]), int(wide[b, t]))
        seen_as = f"{size[0]} rows and {size[1]} columns of it"
        expect(size == (h, w), f"{place}: expected all of {h} x {w}, got {seen_as}", got=size)
        inside = int(lit[b, t])
        message = f"{place}: expected {h * w} bright pixels, got {inside}; the rest is covered"
        expect(inside == h * w, message, got=inside)
    return torch.stack([y, x], 2)


def test_the_clip_has_a_frame_for_each_step_and_one_channel(bounce, seed):
    got = clips_of(bounce, alone(3, torch.ones(3, 4)), seed, 5, 9)
    seen(got, (3, 5, 1, 9, 9), "bounce of 3 pairs, 5 steps, size 9")


def test_a_digit_is_whole_in_every_frame(bounce, seed):
    got = clips_of(bounce, alone(7, torch.full((3, 4), 0.5)), seed, 23, 8)
    seen(got, (7, 23, 1, 8, 8), "23 steps")
    corners(got, 3, 4, "a digit of 3 x 4 on a frame of 8 x 8")


def test_a_picture_is_drawn_as_it_is(bounce, rng, seed):
    picture = 0.1 + 0.9 * torch.from_numpy(rng.random((3, 5))).float()
    got = clips_of(bounce, alone(4, picture, which=1), seed, 6, 10)
    seen(got, (4, 6, 1, 10, 10), "6 steps")
    y, x = corners(got, 3, 5, "a digit of 3 x 5")[2, 4].tolist()
    cut = numbers(got)[2, 4, 0, y : y + 3, x : x + 5]
    close(cut, picture, "the pixels of a digit", axes="HW")


def test_a_path_is_straight_and_is_folded_at_the_border(bounce, seed):
    got = clips_of(bounce, alone(9, torch.ones(2, 4)), seed, 40, 9)
    seen(got, (9, 40, 1, 9, 9), "40 steps")
    paths, room = corners(got, 2, 4, "a digit of 2 x 4").numpy(), (7, 5)
    for b, axis in np.ndindex(9, 2):
        start, way = paths[b, 0, axis], np.arange(40)
        fold = [
            room[axis] - abs((start + v * way) % (2 * room[axis]) - room[axis])
            for v in (-2, -1, 1, 2)
        ]
        fits = any((one == paths[b, :, axis]).all() for one in fold)
        path = paths[b, :12, axis].tolist()
        message = f"axis {axis}: expected a folded path of speed 1 or 2, got {path}"
        expect(fits, message, got=path)


def test_where_digits_overlap_the_brighter_one_is_seen(bounce, seed):
    digits = torch.tensor([0.25, 0.5, 0.5, 0.25]).reshape(2, 2, 1, 1).expand(2, 2, 4, 4)
    got = clips_of(bounce, digits, seed, 7, 5)
    seen(got, (2, 7, 1, 5, 5), "7 steps")
    bright = (numbers(got) == 0.5).flatten(2).sum(2).float()
    close(bright, torch.full((2, 7), 16.0), "pixels of the brighter digit", axes="BT")
    high = float(numbers(got).max())
    close(high, 0.5, "the brightest pixel of digits of 0.25 and 0.5")


def test_the_generator_decides(bounce, seed):
    digits = alone(5, torch.ones(2, 2))
    first, again, other = (clips_of(bounce, digits, seed + n, 4, 20) for n in (0, 0, 1))
    close(again, numbers(first), "a second call with a generator of the same seed")
    gap = float((numbers(other) - numbers(first)).abs().max())
    expect(gap > 0, "another seed: expected other clips, got the same", got=gap)


def test_digits_start_anywhere_they_fit(bounce, seed):
    got = clips_of(bounce, alone(1500, torch.ones(2, 3)), seed, 1, 6)
    seen(got, (1500, 1, 1, 6, 6), "one step")
    y, x = corners(got, 2, 3, "a digit of 2 x 3")[:, 0].unbind(1)
    counts = torch.bincount(4 * y + x, minlength=20).float()
    least = (int(counts.min()), int(counts.max()))
    message = f"starts at 20 places: expected about 75 at each, got from {least[0]} to {least[1]}"
    expect(len(counts) == 20 and least[0] > 30 and least[1] < 135, message, got=least)


def test_each_axis_draws_its_own_speed(bounce, seed):
    got = clips_of(bounce, alone(1500, torch.ones(2, 2)), seed, 2, 30)
    seen(got, (1500, 2, 1, 30, 30), "two steps")
    place = corners(got, 2, 2, "a digit of 2 x 2")
    free = ((place[:, 0] > 2) & (place[:, 0] < 26)).all(1)
    y, x = (place[:, 1] - place[:, 0])[free].unbind(1)
    found = torch.bincount(5 * (y + 2) + x + 2, minlength=25).reshape(5, 5)
    wanted = found[[0, 1, 3, 4]][:, [0, 1, 3, 4]] / free.sum()
    low, high = float(wanted.min()), float(wanted.max())
    message = f"16 pairs of speeds: expected a share of 0.06 each, got {low:.2f} to {high:.2f}"
    expect(low > 0.03 and high < 0.1, message, got=found)


def test_a_speed_does_not_depend_on_the_start(bounce, seed):
    got = clips_of(bounce, alone(900, torch.ones(2, 2)), seed, 2, 30)
    seen(got, (900, 2, 1, 30, 30), "two steps")
    place = corners(got, 2, 2, "a digit of 2 x 2")
    for axis, (start, end) in enumerate(place.permute(2, 1, 0)):
        for side, chosen in (("low", start < 14), ("high", start > 14)):
            free = chosen & (start > 2) & (start < 26)
            ahead = float((end > start)[free].float().mean())
            message = f"axis {axis}, {side} starts: expected half to go on, got {ahead:.2f}"
            expect(0.38 < ahead < 0.62, message, got=ahead)


def test_the_digits_know_nothing_of_each_other(bounce, seed):
    one, other = (
        corners(clips_of(bounce, alone(450, torch.ones(3, 3), n), seed, 1, 9), 3, 3, "a digit")
        for n in (0, 1)
    )
    both = float(((one - other)[:, 0].abs() < 3).all(1).float().mean())
    message = f"clips in which digits overlap at the start: expected 0.35, got {both:.2f}"
    expect(0.25 < both < 0.45, message, got=both)
    one, other = (
        corners(clips_of(bounce, alone(350, torch.ones(2, 2), n), seed, 2, 40), 2, 2, "a digit")
        for n in (0, 1)
    )
    free = ((one[:, 0] > 2) & (one[:, 0] < 36) & (other[:, 0] > 2) & (other[:, 0] < 36)).flatten()
    ways = [(path[:, 1] > path[:, 0]).flatten()[free] for path in (one, other)]
    same = float((ways[0] == ways[1]).float().mean())
    expect(0.4 < same < 0.6, f"pairs with one direction: expected half, got {same:.2f}", got=same)


def test_the_two_digits_go_their_own_ways(bounce, seed):
    paths = []
    for which in (0, 1):
        got = clips_of(bounce, alone(60, torch.ones(2, 2), which), seed, 3, 12)
        seen(got, (60, 3, 1, 12, 12), "three steps")
        paths.append(corners(got, 2, 2, "a digit of 2 x 2"))
    for what, step in (("start", 0), ("first step", 1)):
        one, other = (path[:, 1] - path[:, 0] if step else path[:, 0] for path in paths)
        same = float((one == other).all(1).float().mean())
        message = f"pairs with one {what}: expected hardly any, got {same:.0%}"
        expect(same < 0.3, message, got=same)
    same = float((paths[0][:1] == paths[0]).all(2).all(1).float().mean())
    expect(same < 0.3, f"clips with one path: expected hardly any, got {same:.0%}", got=same)


# --- ssim and its kin

SINGLE = 3e-4  # a window in single precision shifts variances that stand beside c2 so far


def test_a_squared_error_is_summed_over_the_pixels_of_each_frame(frame_mse, rng):
    x, gap = uniform(rng, 3, 4, 2, 5, 6), draw(rng, 3, 4)
    got = frame_mse(x + gap[:, :, None, None, None], x)
    close(got, 60 * gap.square(), "frame_mse of a constant gap", axes="BT")


def test_an_absolute_error_is_summed_over_the_pixels_of_each_frame(frame_mae, rng):
    x, gap = uniform(rng, 3, 4, 2, 5, 6), draw(rng, 3, 4)
    got = frame_mae(x + gap[:, :, None, None, None], x)
    close(got, 60 * gap.abs(), "frame_mae of a constant gap", axes="BT")


def test_wrong_pixels_count_in_their_frame_alone(frame_mse, frame_mae, rng):
    x = uniform(rng, 2, 3, 1, 5, 4)
    y, gap = x.clone(), float(rng.uniform(0.5, 2))
    y[1, 2, 0, 3, 1] += gap
    y[1, 2, 0, 0, 2] -= 2 * gap
    expected = torch.zeros(2, 3).double()
    expected[1, 2] = 5 * gap**2
    close(frame_mse(x, y), expected, "frame_mse of two wrong pixels", axes="BT")
    expected[1, 2] = 3 * gap
    close(frame_mae(x, y), expected, "frame_mae of two wrong pixels", axes="BT")


def test_psnr_is_the_logarithm_of_a_gap(psnr, rng):
    x, gap = uniform(rng, 3, 4, 2, 5, 6), 0.1 + uniform(rng, 3, 4, 2)  # one for each channel
    got = psnr(x, x + gap[..., None, None])
    expected = -10 * torch.log10(gap.square().mean(2))
    close(got, expected, "psnr of a constant gap in each channel", axes="BT")


def test_psnr_is_measured_from_the_peak(psnr, rng):
    x, gap = uniform(rng, 2, 3, 1, 5, 6), 0.1 + uniform(rng, 2, 3)
    peak = float(rng.integers(2, 255))
    expected = 20 * np.log10(peak) - 20 * torch.log10(gap)
    got = psnr(x, x + gap[:, :, None, None, None], peak)
    close(got, expected, f"psnr with a peak of {peak:.0f}", axes="BT")


def test_a_frame_is_similar_to_itself(ssim, rng):
    x = uniform(rng, 2, 3, 2, 12, 14)
    close(ssim(x, x), torch.ones(2, 3).double(), "ssim of x and x", axes="BT")


def test_flat_frames_differ_by_their_brightness_alone(ssim, rng):
    a, b = uniform(rng, 2, 3), uniform(rng, 2, 3)
    x, y = (one[:, :, None, None, None].expand(2, 3, 1, 12, 11) for one in (a, b))
    expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    close(ssim(x, y), expected, "ssim of flat frames", axes="BT", tolerance=SINGLE)


def by_definition(x, y):
    """The similarity of the formula, its Gaussian window from scipy: (B, T)."""

    def local(a):
        blurred = gaussian_filter(a.numpy(), (0, 0, 0, 1.5, 1.5), radius=(0, 0, 0, 5, 5))
        return blurred[..., 5:-5, 5:-5]

    mx, my = local(x), local(y)
    vx, vy, both = local(x * x) - mx**2, local(y * y) - my**2, local(x * y) - mx * my
    brightness = (2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4)
    structure = (2 * both + 9e-4) / (vx + vy + 9e-4)
    return torch.from_numpy((brightness * structure).mean((2, 3, 4)))


def test_the_window_is_a_gaussian_that_stays_inside(ssim, rng):
    x = uniform(rng, 2, 2, 2, 17, 14)
    y = (0.7 * x + 0.3 * uniform(rng, 2, 2, 2, 17, 14)).clamp(0, 1)
    close(ssim(x, y), by_definition(x, y), "ssim of two frames", axes="BT", tolerance=SINGLE)


def test_nearly_flat_frames_and_opposite_ones_follow_the_formula(ssim, rng):
    x, y = uniform(rng, 2, 2, 1, 13, 12), uniform(rng, 2, 2, 1, 13, 12)
    for what, a, b in (("nearly flat", 0.5 + x / 9, 0.5 + y / 9), ("opposite", x, 1 - x)):
        expected = by_definition(a, b)
        close(ssim(a, b), expected, f"ssim of {what} frames", axes="BT", tolerance=SINGLE)


def test_brighter_by_a_factor_with_its_peak_is_the_same_similarity(ssim, rng):
    x, y = uniform(rng, 2, 3, 1, 12, 12), uniform(rng, 2, 3, 1, 12, 12)
    expected = numbers(ssim(x, y))
    seen_range = float(expected.abs().max())
    expect(0 < seen_range < 1, f"ssim of noise: expected within 0 and 1, got {seen_range:.3f}")
    peak = float(rng.integers(2, 255))
    got = ssim(peak * x, peak * y, peak)
    close(got, expected, f"ssim with a peak of {peak:.0f}", axes="BT")


@there
def clips_after(measure, x, y):
    """Both clips after a measure."""
    x, y = x.clone(), y.clone()
    measure(x, y)
    return x, y


@observed
def test_what_is_measured_stays_as_it_was(ssim, psnr, frame_mse, frame_mae, rng):
    x, y = uniform(rng, 2, 3, 1, 12, 11), uniform(rng, 2, 3, 1, 12, 11)
    measures = {"ssim": ssim, "psnr": psnr, "frame_mse": frame_mse, "frame_mae": frame_mae}
    for name, measure in measures.items():
        for title, one, before in zip("xy", clips_after(measure, x, y), (x, y), strict=True):
            close(one, before, f"{title} after {name}(x, y)", axes="BTCHW")


# --- ConvLSTMCell


@there
def gates_over(ConvLSTMCell, sizes, reads):
    """The shape of what a new cell's gates make of a map of 9 x 11."""
    return tuple(ConvLSTMCell(*sizes).gates(torch.zeros(1, reads, 9, 11)).shape)


@there
def loaded_cell(ConvLSTMCell, sizes, weight, bias):
    """A cell in double precision with these gates."""
    cell = ConvLSTMCell(*sizes).double()
    cell.load_state_dict({"gates.weight": weight, "gates.bias": bias})
    return cell


def cell_of(ConvLSTMCell, channels, hidden, kernel, weight, bias):
    """A cell with these gates, if it has a place for them; kernel None leaves the default."""
    sizes = (channels, hidden) if kernel is None else (channels, hidden, kernel)
    expected = {"gates.weight": tuple(weight.shape), "gates.bias": tuple(bias.shape)}
    what = f"ConvLSTMCell({', '.join(map(str, sizes))})"
    same_weights(weights_in(ConvLSTMCell, *sizes), expected, what)
    got = gates_over(ConvLSTMCell, sizes, channels + hidden)
    equal(got, (1, 4 * hidden, 9, 11), f"shape of the gates of {what} over a map of 9 x 11")
    return loaded_cell(ConvLSTMCell, sizes, weight, bias)


def gates_for(rng, channels, hidden, kernel):
    """Weight and bias of four gates."""
    shape = 4 * hidden, channels + hidden, kernel, kernel
    return draw(rng, *shape) / 2, draw(rng, 4 * hidden)


def cell_shapes(state, shape, what):
    """Assert that a state is a pair of tensors of a shape."""
    equal(len(state), 2, f"parts of {what}")
    for name, one in zip("hc", state, strict=True):
        equal(tuple(one.shape), shape, f"shape of {name} of {what}")


def test_on_a_single_pixel_it_is_an_lstm(ConvLSTMCell, rng):
    weight, bias = gates_for(rng, 3, 5, 3)
    torchs = nn.LSTMCell(3, 5).double()
    middle = weight[:, :, 1, 1]
    torchs.load_state_dict(
        {
            "weight_ih": middle[:, :3],
            "weight_hh": middle[:, 3:],
            "bias_ih": bias,
            "bias_hh": torch.zeros_like(bias),
        }
    )
    x, h, c = draw(rng, 2, 3), draw(rng, 2, 5), draw(rng, 2, 5)
    with torch.no_grad():
        expected = torchs(x, (h, c))
    pixel = (..., None, None)
    cell = cell_of(ConvLSTMCell, 3, 5, 3, weight, bias)
    got = cell(x[pixel], (h[pixel], c[pixel]))
    cell_shapes(got, (2, 5, 1, 1), "a step on one pixel")
    close(got[1], expected[1][pixel], "c on one pixel, against nn.LSTMCell", axes="BCHW")
    close(got[0], expected[0][pixel], "h on one pixel, against nn.LSTMCell", axes="BCHW")


def test_without_a_state_it_starts_from_zeros(ConvLSTMCell, rng):
    weight, bias = gates_for(rng, 2, 3, 3)
    cell = cell_of(ConvLSTMCell, 2, 3, 3, weight, bias)
    x, zeros = draw(rng, 2, 2, 4, 7), torch.zeros(2, 3, 4, 7).double()
    expected = cell(x, (zeros, zeros))
    cell_shapes(expected, (2, 3, 4, 7), "a step on frames of 4 x 7")
    got = cell(x)
    cell_shapes(got, (2, 3, 4, 7), "a step without a state")
    for name, one, other in zip("hc", got, expected, strict=True):
        what = f"{name} without a state, in double precision"
        close(one, numbers(other), what, axes="BCHW", tolerance=1e-12)


def test_a_changed_pixel_reaches_half_a_kernel(ConvLSTMCell, rng):
    for kernel, given in ((1, 1), (3, None), (5, 5)):
        weight, bias = gates_for(rng, 2, 3, kernel)
        cell = cell_of(ConvLSTMCell, 2, 3, given, weight, bias)
        x = draw(rng, 1, 2, 9, 11)
        y = x.clone()
        y[0, :, 4, 6] += 1
        before, after = (cell(one) for one in (x, y))
        cell_shapes(before, (1, 3, 9, 11), f"a step with a kernel of {kernel}")
        changed = (numbers(after[0]) - numbers(before[0])).abs().sum((0, 1)) > 1e-12
        reach, expected = kernel // 2, torch.zeros(9, 11)
        expected[4 - reach : 5 + reach, 6 - reach : 7 + reach] = 1
        close(changed.float(), expected, f"what a pixel changes, kernel {kernel}", axes="HW")


def test_a_kernel_looks_in_the_direction_of_its_place(ConvLSTMCell, rng):
    weight, bias = gates_for(rng, 2, 3, 3)
    down, right = offset(rng)
    x, h, c = draw(rng, 2, 2, 4, 5), draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    middle = cell_of(ConvLSTMCell, 2, 3, 3, moved_kernel(weight, 0, 0), bias)
    expected = middle(shifted(x, -down, -right), (shifted(h, -down, -right), c))
    cell_shapes(expected, (2, 3, 4, 5), "a step")
    cell = cell_of(ConvLSTMCell, 2, 3, 3, moved_kernel(weight, down, right), bias)
    got = cell(x, (h, c))
    cell_shapes(got, (2, 3, 4, 5), "a step")
    what = f"c with the kernel's numbers {down} down and {right} right of its middle"
    close(got[1], numbers(expected[1]), what, axes="BCHW")


def test_open_gates_carry_the_cell_over_and_closed_ones_drop_it(ConvLSTMCell, rng):
    weight, bias = gates_for(rng, 2, 3, 3)
    weight, c = 0 * weight, draw(rng, 2, 3, 4, 5)
    bias[:3] = -100.0  # nothing is written
    x, h = draw(rng, 2, 2, 4, 5), draw(rng, 2, 3, 4, 5)
    for push, expected in ((100.0, c), (-100.0, 0 * c)):
        bias[3:6] = push
        got = cell_of(ConvLSTMCell, 2, 3, 3, weight, bias)(x, (h, c))
        cell_shapes(got, (2, 3, 4, 5), "a step")
        close(got[1], expected, f"c with a bias of {push:.0f} at the forget gate", axes="BCHW")


def test_nothing_is_kept_between_calls(ConvLSTMCell, rng):
    weight, bias = gates_for(rng, 2, 3, 3)
    cell = cell_of(ConvLSTMCell, 2, 3, 3, weight, bias)
    x, other = draw(rng, 2, 2, 4, 5), draw(rng, 2, 2, 4, 5)
    first = cell(x)
    cell_shapes(first, (2, 3, 4, 5), "a step")
    expected = numbers(first[0])
    cell(other)
    close(cell(x)[0], expected, "h of the same input once more", axes="BCHW")


def test_the_gradient_reaches_the_frame_and_both_maps(ConvLSTMCell, rng):
    cell = cell_of(ConvLSTMCell, 2, 3, 3, *gates_for(rng, 2, 3, 3))
    sizes = {"x": (2, 2, 4, 5), "h": (2, 3, 4, 5), "c": (2, 3, 4, 5)}
    inputs = {name: draw(rng, *size) for name, size in sizes.items()}
    slopes_agree(cell, inputs, rng, "a step", nested=True)


@there
def untouched(cell, x, h, c):
    """The greatest change that a step makes to the state that it is given."""
    state = h.clone(), c.clone()
    cell(x, state)
    return max(float((state[0] - h).abs().max()), float((state[1] - c).abs().max()))


@observed
def test_the_state_that_is_given_stays_as_it_was(ConvLSTMCell, rng):
    cell = cell_of(ConvLSTMCell, 2, 3, 3, *gates_for(rng, 2, 3, 3))
    got = untouched(cell, draw(rng, 2, 2, 4, 5), draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5))
    close(got, 0.0, "greatest change of the state by a step")


# --- attend


def tensors(rng, keys=4, channels=3, positions=7, batch=2):
    """Query, key and value."""
    shape = (batch, keys, positions), (batch, keys, positions), (batch, channels, positions)
    return tuple(draw(rng, *one) for one in shape)


def test_the_weights_of_each_position_sum_to_one(attend, rng):
    query, key, value = tensors(rng)
    got = attend(query, key, torch.ones_like(value))
    close(got, torch.ones_like(value), "attend with values of one", axes="BCN")


def test_two_positions_agree_with_the_formula_by_hand(attend, rng):
    query, key, value = tensors(rng, keys=4, channels=2, positions=2, batch=3)
    gap = torch.einsum("bki,bk->bi", query, key[..., 0] - key[..., 1])
    share = 1 / (1 + np.exp(-gap.numpy()))  # of the first position
    first, second = (value[..., n, None].numpy() for n in (0, 1))
    expected = torch.from_numpy(second + share[:, None] * (first - second))
    close(attend(query, key, value), expected, "attend over two positions", axes="BCN")


def test_weights_are_the_exponentials_of_the_scores(attend, rng):
    share = 0.05 + uniform(rng, 2, 7)  # what each of seven positions is worth
    key = torch.stack([share.log(), draw(rng, 2, 7)], 1)
    query = torch.tensor([1.0, 0.0]).double()[None, :, None].expand(2, 2, 7)
    value = draw(rng, 2, 3, 7)
    mean = (value * share[:, None]).sum(2, keepdim=True) / share.sum(1)[:, None, None]
    got = attend(query, key, value)
    close(got, mean.expand(2, 3, 7), "attend with keys that are logarithms", axes="BCN")


def test_a_query_of_zero_averages_the_values(attend, rng):
    query, key, value = tensors(rng)
    got = attend(0 * query, key, value)
    expected = value.mean(2, keepdim=True).expand_as(value)
    close(got, expected, "attend with a query of zero", axes="BCN")


def test_positions_have_no_order(attend, rng):
    query, key, value = tensors(rng, positions=9)
    order = torch.from_numpy(rng.permutation(9))
    expected = numbers(attend(query, key, value))
    equal(tuple(expected.shape), (2, 3, 9), "shape of attend")
    got = attend(query, key[..., order], value[..., order])
    close(got, expected, "attend with keys and values in another order", axes="BCN")
    got = attend(query[..., order], key, value)
    close(got, expected[..., order], "attend with queries in another order", axes="BCN")


def test_what_all_keys_share_does_not_count(attend, rng):
    query, key, value = tensors(rng)
    expected = numbers(attend(query, key, value))
    got = attend(query, key + draw(rng, 2, 4, 1), value)
    close(got, expected, "attend with one vector added to all keys", axes="BCN")


def test_a_position_looks_where_its_own_query_points(attend, rng):
    eye = torch.eye(5).double()[None]
    order = torch.from_numpy(rng.permutation(5))
    got = attend(50 * eye[:, :, order], eye, eye)
    close(got, eye[:, :, order], "attend with queries that name a position", axes="BCN")


def test_large_scores_stay_finite(attend, rng):
    query, key, value = tensors(rng, positions=5)
    best = torch.einsum("bki,bkj->bij", query, key).argmax(2)
    expected = torch.gather(value, 2, best[:, None].expand(-1, 3, -1))
    got = attend(1e4 * query, 1e3 * key, value)
    close(got, expected, "attend with scores of ten million", axes="BCN")


def test_the_gradient_reaches_who_asks_and_who_answers(attend, rng):
    inputs = dict(zip(("query", "key", "value"), tensors(rng), strict=True))
    slopes_agree(attend, inputs, rng, "attend")


# --- SelfAttention


@there
def loaded_attention(SelfAttention, channels, keys, weights):
    """The module in double precision with these maps."""
    module = SelfAttention(channels, keys).double()
    module.load_state_dict(weights)
    return module


def attention_of(SelfAttention, channels, keys, weights):
    """The module with these maps, if it has a place for them."""
    expected = {name: tuple(one.shape) for name, one in weights.items()}
    what = f"SelfAttention({channels}, {keys})"
    same_weights(weights_in(SelfAttention, channels, keys), expected, what)
    return loaded_attention(SelfAttention, channels, keys, weights)


def maps_for(rng, channels, keys):
    """Weights of the four maps."""
    sizes = {"query": keys, "key": keys, "value": channels, "mix": channels}
    return {f"{name}.weight": draw(rng, n, channels, 1, 1) for name, n in sizes.items()}


def test_without_a_mix_the_map_comes_back(SelfAttention, rng):
    weights = maps_for(rng, 3, 2)
    weights["mix.weight"] *= 0
    h = draw(rng, 2, 3, 4, 5)
    got = attention_of(SelfAttention, 3, 2, weights)(h)
    close(got, h, "SelfAttention with W_f of zero", axes="BCHW")


def test_with_a_query_of_zero_the_mean_is_added(SelfAttention, rng):
    weights = maps_for(rng, 3, 2)
    weights["query.weight"] *= 0
    h = draw(rng, 2, 3, 4, 5)
    both = weights["mix.weight"][..., 0, 0] @ weights["value.weight"][..., 0, 0]
    expected = h + torch.einsum("ij,bj->bi", both, h.mean((2, 3)))[..., None, None]
    got = attention_of(SelfAttention, 3, 2, weights)(h)
    close(got, expected, "SelfAttention with W_q of zero", axes="BCHW")


def test_two_pixels_agree_with_the_formula_by_hand(SelfAttention, rng):
    for channels, keys in ((2, 3), (4, 2)):
        weights = maps_for(rng, channels, keys)
        h = draw(rng, 3, channels, 2, 1)
        query, key, value = (at_each(weights[f"{n}.weight"], h) for n in ("query", "key", "value"))
        gap = (query * (key[:, :, :1] - key[:, :, 1:])).sum(1, keepdim=True)
        share = sigmoid(gap)  # of the first pixel
        z = share * value[:, :, :1] + (1 - share) * value[:, :, 1:]
        expected = at_each(weights["mix.weight"], z) + h
        got = attention_of(SelfAttention, channels, keys, weights)(h)
        what = f"SelfAttention({channels}, {keys}) of two pixels"
        close(got, expected, what, axes="BCHW")


def test_pixels_have_no_order(SelfAttention, rng):
    module = attention_of(SelfAttention, 3, 2, maps_for(rng, 3, 2))
    h, order = draw(rng, 2, 3, 4, 5), torch.from_numpy(rng.permutation(20))
    expected = numbers(module(h)).flatten(2)[..., order].reshape(2, 3, 4, 5)
    got = module(h.flatten(2)[..., order].reshape(2, 3, 4, 5))
    close(got, expected, "SelfAttention of pixels in another order", axes="BCHW")


def test_a_pixel_can_look_at_every_other(SelfAttention, rng):
    weights = maps_for(rng, 3, 2)
    weights["query.weight"] /= 50
    module = attention_of(SelfAttention, 3, 2, weights)
    h = draw(rng, 1, 3, 3, 4)
    before = numbers(module(h))
    h[0, :, 2, 3] += 1
    change = (numbers(module(h)) - before).abs().sum((0, 1))
    least = float(change.min())
    message = f"least change by the last pixel: expected above 0, got {least:.1g}"
    expect(tuple(change.shape) == (3, 4) and least > 1e-9, message, got=tuple(change.shape))


def test_the_gradient_reaches_the_map_on_every_way(SelfAttention, rng):
    module = attention_of(SelfAttention, 3, 2, maps_for(rng, 3, 2))
    slopes_agree(module, {"h": draw(rng, 2, 3, 3, 4)}, rng, "SelfAttention")


# --- sam_aggregate and sam_update


@there
def memory_of(SAMemory, channels, keys, weights):
    """The chapter's memory in double precision with these weights."""
    memory = SAMemory(channels, keys).double()
    memory.load_state_dict(weights)
    return memory


def weights_of(rng, channels=3, keys=2):
    """All weights of an SAMemory."""
    c, k = channels, keys
    shapes = {
        "query.weight": (k, c, 1, 1),
        "key_h.weight": (k, c, 1, 1),
        "key_m.weight": (k, c, 1, 1),
        "value_h.weight": (c, c, 1, 1),
        "value_m.weight": (c, c, 1, 1),
        "fuse.weight": (c, 2 * c, 1, 1),
        "gates.weight": (3 * c, 2 * c, 3, 3),
        "gates.bias": (3 * c,),
    }
    return {name: draw(rng, *shape) / 2 for name, shape in shapes.items()}


def only(weights, part):
    """The weights with a fusion that hands on Z_h (part 0) or Z_m (part 1)."""
    c = weights["fuse.weight"].shape[0]
    fuse = torch.zeros(c, 2 * c).double()
    fuse[:, part * c : (part + 1) * c] = torch.eye(c)
    return weights | {"fuse.weight": fuse[..., None, None]}


def shuffled(x, order):
    """Pixels in another order."""
    return x.flatten(2)[..., order].reshape(x.shape)


def test_a_constant_memory_answers_every_query_alike(sam_aggregate, SAMemory, rng):
    weights = only(weights_of(rng), 1)
    h, constant = draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 1, 1).expand(2, 3, 4, 5)
    memory = memory_of(SAMemory, 3, 2, weights)
    for what, m in (("a constant", constant), ("an empty", 0 * constant)):
        expected = at_each(weights["value_m.weight"], m)
        close(sam_aggregate(memory, h, m), expected, f"Z_m of {what} memory", axes="BCHW")


def test_a_constant_state_answers_every_query_alike(sam_aggregate, SAMemory, rng):
    weights = only(weights_of(rng), 0)
    h, m = draw(rng, 2, 3, 1, 1).expand(2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    expected = at_each(weights["value_h.weight"], h)
    got = sam_aggregate(memory_of(SAMemory, 3, 2, weights), h, m)
    close(got, expected, "Z_h of a constant state", axes="BCHW")


def test_without_a_query_both_answers_are_means(sam_aggregate, SAMemory, rng):
    weights = weights_of(rng)
    weights["query.weight"] *= 0
    h, m = draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    means = [
        at_each(weights[name], x).mean((2, 3), keepdim=True)
        for name, x in (("value_h.weight", h), ("value_m.weight", m))
    ]
    expected = at_each(weights["fuse.weight"], torch.cat(means, 1)).expand(2, 3, 4, 5)
    got = sam_aggregate(memory_of(SAMemory, 3, 2, weights), h, m)
    close(got, expected, "Z with W_q of zero", axes="BCHW")


def two_pixels(weights, source, h, asked):
    """What two pixels answer to the query of h, by hand: (B, C, 1, 2)."""
    query = at_each(weights["query.weight"], h)
    key, value = (at_each(weights[f"{n}_{source}.weight"], asked) for n in ("key", "value"))
    share = sigmoid((query * (key[..., :1] - key[..., 1:])).sum(1, keepdim=True))  # of the first
    return share * value[..., :1] + (1 - share) * value[..., 1:]


def test_the_state_asks_and_the_memory_answers(sam_aggregate, SAMemory, rng):
    weights = only(weights_of(rng, 2, 3), 1)
    h, m = draw(rng, 3, 2, 1, 2), draw(rng, 3, 2, 1, 2)
    expected = two_pixels(weights, "m", h, m)
    got = sam_aggregate(memory_of(SAMemory, 2, 3, weights), h, m)
    close(got, expected, "Z_m of two pixels", axes="BCHW")


def test_the_state_asks_and_the_state_answers(sam_aggregate, SAMemory, rng):
    weights = only(weights_of(rng, 2, 3), 0)
    h, m = draw(rng, 3, 2, 1, 2), draw(rng, 3, 2, 1, 2)
    expected = two_pixels(weights, "h", h, h)
    got = sam_aggregate(memory_of(SAMemory, 2, 3, weights), h, m)
    close(got, expected, "Z_h of two pixels", axes="BCHW")


def test_the_order_of_the_memory_does_not_count(sam_aggregate, SAMemory, rng):
    memory = memory_of(SAMemory, 3, 2, weights_of(rng))
    h, m = draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    order = torch.from_numpy(rng.permutation(20))
    expected = numbers(sam_aggregate(memory, h, m))
    equal(tuple(expected.shape), (2, 3, 4, 5), "shape of Z")
    got = sam_aggregate(memory, h, shuffled(m, order))
    close(got, expected, "Z with the memory's pixels in another order", axes="BCHW")
    got = sam_aggregate(memory, shuffled(h, order), m)
    close(got, shuffled(expected, order), "Z with the state's pixels in another order", axes="BCHW")


def test_the_memory_has_no_part_in_what_the_state_answers(sam_aggregate, SAMemory, rng):
    memory = memory_of(SAMemory, 3, 2, only(weights_of(rng), 0))
    h = draw(rng, 2, 3, 4, 5)
    expected = numbers(sam_aggregate(memory, h, draw(rng, 2, 3, 4, 5)))
    equal(tuple(expected.shape), (2, 3, 4, 5), "shape of Z")
    got = sam_aggregate(memory, h, draw(rng, 2, 3, 4, 5))
    close(got, expected, "Z_h with another memory", axes="BCHW")


@there
def slopes(sam_aggregate, memory, h, m):
    """How much the sum of Z at the first pixel changes with each pixel of h and of m."""
    h, m = (one.clone().requires_grad_() for one in (h, m))
    sam_aggregate(memory, h, m)[0, :, 0, 0].sum().backward()
    return [None if x.grad is None else x.grad[0].abs().sum(0) for x in (h, m)]


def test_one_pixel_of_z_feels_every_pixel_of_both(sam_aggregate, SAMemory, rng):
    weights = weights_of(rng)
    weights["query.weight"] /= 50
    memory = memory_of(SAMemory, 3, 2, weights)
    h, m = draw(rng, 1, 3, 3, 4), draw(rng, 1, 3, 3, 4)
    for name, slope in zip("hm", slopes(sam_aggregate, memory, h, m), strict=True):
        least = 0.0 if slope is None else float(slope.min())
        message = f"least slope of Z at a pixel of {name}: expected above 0, got {least:.1g}"
        expect(least > 1e-9, message, got=least > 1e-9)


def test_the_gradient_reaches_the_state_and_the_memory(sam_aggregate, SAMemory, rng):
    memory = memory_of(SAMemory, 3, 2, weights_of(rng))
    inputs = {"h": draw(rng, 2, 3, 3, 4), "m": draw(rng, 2, 3, 3, 4)}
    slopes_agree(sam_aggregate, inputs, rng, "Z", before=(memory,))


def update_of(rng, channels=3, **biases):
    """Weights whose gates are biases alone: i, g and o as given, for all channels or each."""
    weights = weights_of(rng, channels)
    weights["gates.weight"] *= 0
    found = [torch.ones(channels).double() * biases[name] for name in "igo"]
    return weights | {"gates.bias": torch.cat(found)}


def state_of(rng, channels=3):
    """Z, H and M."""
    return tuple(draw(rng, 2, channels, 4, 5) for _ in range(3))


def pair(got, what, channels=3):
    """Assert that an update returns two tensors of one shape."""
    equal(len(got), 2, f"parts of {what}")
    for name, one in zip(("output", "memory"), got, strict=True):
        equal(tuple(one.shape), (2, channels, 4, 5), f"shape of the {name} of {what}")
    return got


def test_a_closed_input_gate_keeps_the_memory(sam_update, SAMemory, rng):
    z, h, m = state_of(rng)
    memory = memory_of(SAMemory, 3, 2, update_of(rng, i=-100, g=rng.normal(), o=rng.normal()))
    got = pair(sam_update(memory, z, h, m), "sam_update")
    close(got[1], m, "M with i' of zero", axes="BCHW")


def test_an_open_input_gate_writes_a_tanh(sam_update, SAMemory, rng):
    z, h, m = state_of(rng)
    g = float(rng.uniform(0.5, 2))
    memory = memory_of(SAMemory, 3, 2, update_of(rng, i=100, g=g, o=rng.normal()))
    got = pair(sam_update(memory, z, h, m), "sam_update")
    close(got[1], torch.full_like(m, np.tanh(g)), "M with i' of one", axes="BCHW")


def test_a_closed_output_gate_shows_nothing(sam_update, SAMemory, rng):
    z, h, m = state_of(rng)
    memory = memory_of(SAMemory, 3, 2, update_of(rng, i=rng.normal(), g=1.0, o=-100))
    got = pair(sam_update(memory, z, h, m), "sam_update")
    close(got[0], torch.zeros_like(m), "the output with o' of zero", axes="BCHW")


def test_an_open_output_gate_shows_the_new_memory(sam_update, SAMemory, rng):
    z, h, m = state_of(rng)
    i, g = draw(rng, 3), draw(rng, 3)  # each channel has gates of its own
    memory = memory_of(SAMemory, 3, 2, update_of(rng, i=i, g=g, o=100))
    share, written = (one[:, None, None] for one in (sigmoid(i), torch.tanh(g)))
    expected = (1 - share) * m + share * written
    got = pair(sam_update(memory, z, h, m), "sam_update")
    close(got[0], expected, "the output with o' of one", axes="BCHW")
    close(got[1], expected, "M", axes="BCHW")


def test_each_gate_hears_z_and_h_with_its_own_weights(sam_update, SAMemory, rng):
    a, b = draw(rng, 3, 2), draw(rng, 3)  # rows i, g, o; columns Z, H
    weights = weights_of(rng, 1) | {"gates.bias": b}
    weights["gates.weight"] = torch.zeros(3, 2, 3, 3).double()
    weights["gates.weight"][:, :, 1, 1] = a
    z, h, m = state_of(rng, 1)
    i, g, o = (a[n, 0] * z + a[n, 1] * h + b[n] for n in range(3))
    share = 1 / (1 + torch.exp(-i))
    new = m + share * (torch.tanh(g) - m)
    got = sam_update(memory_of(SAMemory, 1, 2, weights), z, h, m)
    equal(len(got), 2, "parts of sam_update")
    close(got[1], new, "M of one channel", axes="BCHW")
    close(got[0], new / (1 + torch.exp(-o)), "the output of one channel", axes="BCHW")


@there
def negated(memory):
    """The memory with a module behind its gates that turns their signs."""

    class Negative(nn.Module):
        def forward(self, x):
            return -x

    memory.gates = nn.Sequential(memory.gates, Negative())
    return memory


def test_the_gates_are_whatever_module_stands_there(sam_update, SAMemory, rng):
    weights = weights_of(rng)
    turned = {name: -one if name.startswith("gates") else one for name, one in weights.items()}
    z, h, m = state_of(rng)
    expected = pair(sam_update(memory_of(SAMemory, 3, 2, weights), z, h, m), "sam_update")
    memory = negated(memory_of(SAMemory, 3, 2, turned))
    got = pair(sam_update(memory, z, h, m), "sam_update")
    close(got[1], numbers(expected[1]), "M with gates that are turned twice", axes="BCHW")


def test_the_gates_look_in_the_direction_of_their_kernel(sam_update, SAMemory, rng):
    weights, (down, right) = weights_of(rng), offset(rng)
    z, h, m = state_of(rng)
    kernel = weights["gates.weight"]
    middle = weights | {"gates.weight": moved_kernel(kernel, 0, 0)}
    around = [shifted(one, -down, -right) for one in (z, h)]
    expected = pair(sam_update(memory_of(SAMemory, 3, 2, middle), *around, m), "sam_update")
    moved = weights | {"gates.weight": moved_kernel(kernel, down, right)}
    got = pair(sam_update(memory_of(SAMemory, 3, 2, moved), z, h, m), "sam_update")
    what = f"M with the gates' numbers {down} down and {right} right of the middle"
    close(got[1], numbers(expected[1]), what, axes="BCHW")


def test_the_memory_stays_within_one_for_thirty_steps(sam_update, SAMemory, rng):
    weights = weights_of(rng, 4, 2)
    weights["gates.bias"] += 3
    memory = memory_of(SAMemory, 4, 2, weights)
    m = 2 * uniform(rng, 2, 4, 4, 5) - 1
    for step in range(30):
        got = sam_update(memory, 3 * draw(rng, 2, 4, 4, 5), m, m)
        _, m = pair(got, f"step {step}", channels=4)
        high = float(numbers(m).abs().max())
        expect(high <= 1, f"|M| after step {step}: expected at most 1, got {high:.3f}", got=high)


@there
def through_time(sam_update, memory, frames, change):
    """The derivative of M's sum of squares after six steps, along a direction of the first M."""
    size = torch.zeros((), dtype=torch.float64, requires_grad=True)
    h, m = torch.zeros_like(change), size * change
    for z in frames:
        h, m = sam_update(memory, z, h, m)
    m.square().sum().backward()
    return 0.0 if size.grad is None else float(size.grad)


@there
def moved(sam_update, memory, frames, m):
    """The memory's sum of squares after six steps from m."""
    h = torch.zeros_like(m)
    with torch.no_grad():
        for z in frames:
            h, m = sam_update(memory, z, h, m)
    return float(m.square().sum())


def test_the_gradient_reaches_the_memory_of_six_steps_before(sam_update, SAMemory, rng):
    weights = weights_of(rng)
    weights["gates.bias"][:3] -= 1  # so that something is kept
    memory, change = memory_of(SAMemory, 3, 2, weights), draw(rng, 2, 3, 4, 5)
    frames = [draw(rng, 2, 3, 4, 5) for _ in range(6)]
    ends = [moved(sam_update, memory, frames, s * 1e-5 * change) for s in (1, -1)]
    expected = (ends[0] - ends[1]) / 2e-5
    got = through_time(sam_update, memory, frames, change)
    message = f"gradient over six steps: expected {expected:.6g}, got {got:.6g}"
    expect(abs(got - expected) < 1e-5 * (1 + abs(expected)), message, got=got)


# --- Forecaster


@there
def forecaster_of(Forecaster, layers, scale=1.0):
    """A forecaster of one channel whose head is the identity, over layers without weights."""

    class Sum(nn.Module):
        def forward(self, x, state=None):
            h = x if state is None else state[2] + x
            return h, h - 1, h

    class Last(nn.Module):
        def forward(self, x, state=None):
            return x, x - 1

    class Square(nn.Module):
        def forward(self, x, state=None):
            return x.square(), x - 1

    kinds = {"sum": Sum, "last": Last, "square": Square}
    model = Forecaster([kinds[name]() for name in layers], 1, 1).double()
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.fill_(scale if name == "head.weight" else 0.0)
    return model


@there
def trained_of(Forecaster, ConvLSTMCell, layers, given, horizon, truth, shown):
    """The forecast of ConvLSTM layers, which of them have a gradient, and all weights."""
    torch.manual_seed(1)
    cells = [ConvLSTMCell(2 if n == 0 else 3, 3).double() for n in range(layers)]
    model = Forecaster(cells, 3, 2).double()
    sizes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    out = model(given, horizon, truth, shown)
    out.square().sum().backward()
    felt = [
        any(p.grad is not None and float(p.grad.abs().max()) > 0 for p in cell.parameters())
        for cell in cells
    ]
    return out.detach(), felt, sizes


def shaped(got, shape):
    """Assert the shape of a forecast."""
    equal(tuple(got.shape), shape, "shape of the forecast")
    return numbers(got)


def test_the_first_forecast_follows_the_last_given_frame(Forecaster, rng):
    given = draw(rng, 2, 5, 1, 3, 4)
    got = shaped(forecaster_of(Forecaster, ["sum"])(given, 1), (2, 1, 1, 3, 4))
    close(got[:, 0], given.sum(1), "the first forecast of a sum", axes="BCHW")


def test_what_is_fed_back_is_a_brightness(Forecaster, rng):
    given, expected = draw(rng, 2, 3, 1, 3, 4), []
    x = given[:, -1]
    for _ in range(4):
        expected.append(x)
        x = sigmoid(x)
    got = shaped(forecaster_of(Forecaster, ["last"])(given, 4), (2, 4, 1, 3, 4))
    close(got, torch.stack(expected, 1), "forecasts of a copy", axes="BTCHW")


def test_each_frame_is_fed_once(Forecaster, rng):
    given, expected = draw(rng, 2, 3, 1, 3, 4), []
    total = given.sum(1)
    for _ in range(4):
        expected.append(total)
        total = total + sigmoid(total)
    got = shaped(forecaster_of(Forecaster, ["sum"])(given, 4), (2, 4, 1, 3, 4))
    close(got, torch.stack(expected, 1), "forecasts of a sum", axes="BTCHW")


def test_each_layer_reads_the_layer_below(Forecaster, rng):
    given = draw(rng, 2, 5, 1, 3, 4)
    expected = given.cumsum(1).cumsum(1).cumsum(1)[:, -1]
    got = shaped(forecaster_of(Forecaster, ["sum"] * 3)(given, 1), (2, 1, 1, 3, 4))
    close(got[:, 0], expected, "the first forecast of three sums", axes="BCHW")
    got = shaped(forecaster_of(Forecaster, ["sum", "square"])(given, 1), (2, 1, 1, 3, 4))
    expected = given.sum(1).square()
    close(got[:, 0], expected, "the first forecast of a sum below a square", axes="BCHW")


def test_every_layer_has_a_gradient(Forecaster, ConvLSTMCell, rng):
    given = draw(rng, 2, 3, 2, 4, 5)
    found = trained_of(Forecaster, ConvLSTMCell, 3, given, 2, None, None)
    shaped(found[0], (2, 2, 2, 4, 5))
    equal(found[1], [True, True, True], "layers with a gradient")
    expected = {"head.weight": (2, 3, 1, 1), "head.bias": (2,)}
    for n, reads in enumerate((5, 6, 6)):
        expected |= {f"layers.{n}.gates.weight": (12, reads, 3, 3), f"layers.{n}.gates.bias": (12,)}
    same_weights(found[2], expected, "Forecaster with three ConvLSTM layers")


def masks(rng):
    """Every way to show three frames or not, one a sequence; the fourth is drawn: (8, 4)."""
    every = np.arange(8)[:, None] >> np.arange(3) & 1
    return torch.from_numpy(np.c_[every, rng.integers(2, size=8)] == 1)


def test_true_frames_are_fed_where_they_are_shown(Forecaster, rng):
    given, truth = draw(rng, 8, 2, 1, 3, 8), uniform(rng, 8, 6, 1, 3, 8)  # two more than needed
    shown = masks(rng)
    for layer in ("last", "sum"):
        x, expected = given[:, -1] if layer == "last" else given.sum(1), []
        for step in range(4):
            expected.append(x)
            mask = shown[:, step].double()[:, None, None, None]
            fed = mask * truth[:, step] + (1 - mask) * sigmoid(x)
            x = fed if layer == "last" else x + fed
        got = forecaster_of(Forecaster, [layer])(given, 4, truth, shown)
        shaped(got, (8, 4, 1, 3, 8))
        what = f"forecasts with some true frames, layer {layer}"
        close(got, torch.stack(expected, 1), what, axes="BTCHW")


@there
def given_after(Forecaster, given, truth, shown):
    """Frames given and true frames, after a forecast with both."""
    forecaster_of(Forecaster, ["sum"])(given, 4, truth, shown)
    return given, truth


@observed
def test_the_frames_that_are_given_stay_as_they_were(Forecaster, rng):
    given, truth = draw(rng, 8, 2, 1, 3, 4), uniform(rng, 8, 4, 1, 3, 4)
    got = given_after(Forecaster, given.clone(), truth.clone(), masks(rng))
    for name, one, before in zip(("given", "truth"), got, (given, truth), strict=True):
        close(one, before, f"{name} afterwards", axes="BTCHW")


def test_the_gradient_runs_through_what_is_fed_back(Forecaster, rng):
    model = forecaster_of(Forecaster, ["sum"])
    inputs = {"given": draw(rng, 2, 3, 1, 3, 4)}
    slopes_agree(model, inputs, rng, "four forecasts", after=(4,))


def test_without_a_mask_no_true_frame_is_fed(Forecaster, rng):
    given, truth = draw(rng, 2, 3, 1, 3, 4), uniform(rng, 2, 3, 1, 3, 4)
    model = forecaster_of(Forecaster, ["sum"])
    expected = shaped(model(given, 3), (2, 3, 1, 3, 4))
    close(model(given, 3, truth), expected, "forecasts with a truth and no mask", axes="BTCHW")


def test_a_forecast_does_not_know_its_own_frame(Forecaster, ConvLSTMCell, rng):
    given, truth = draw(rng, 2, 3, 2, 4, 5), uniform(rng, 2, 4, 2, 4, 5)
    shown = torch.ones(2, 4, dtype=torch.bool)
    other = truth.clone()
    other[:, 2:] = uniform(rng, 2, 2, 2, 4, 5)
    before, *_ = trained_of(Forecaster, ConvLSTMCell, 2, given, 4, truth, shown)
    after, *_ = trained_of(Forecaster, ConvLSTMCell, 2, given, 4, other, shown)
    expected = shaped(before, (2, 4, 2, 4, 5))[:, :3]
    close(shaped(after, (2, 4, 2, 4, 5))[:, :3], expected, "forecasts before a changed frame")


def test_a_sequence_leaves_nothing_behind(Forecaster, rng):
    model = forecaster_of(Forecaster, ["sum", "sum"])
    given, other = draw(rng, 2, 3, 1, 3, 4), draw(rng, 2, 3, 1, 3, 4)
    expected = shaped(model(given, 2), (2, 2, 1, 3, 4))
    model(other, 2)
    close(model(given, 2), expected, "the same sequence once more", axes="BTCHW")


# --- sam_efficient


def test_it_gives_the_numbers_of_the_explicit_module(sam_efficient, SAMemory, rng):
    memory = memory_of(SAMemory, 3, 2, weights_of(rng))
    h, m = draw(rng, 2, 3, 12, 11), draw(rng, 2, 3, 12, 11)
    expected = memory(h, m)
    got = sam_efficient(memory, h, m)
    equal(len(got), 2, "parts of sam_efficient")
    for name, one, other in zip(("output", "M"), got, expected, strict=True):
        what = f"the {name} of sam_efficient, against SAMemory"
        close(one, numbers(other), what, axes="BCHW", tolerance=1e-12)


def test_it_uses_the_gates_that_the_memory_has(sam_efficient, SAMemory, rng):
    memory = negated(memory_of(SAMemory, 3, 2, weights_of(rng)))
    h, m = draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    expected = memory(h, m)
    got = sam_efficient(memory, h, m)
    equal(len(got), 2, "parts of sam_efficient")
    close(got[1], numbers(expected[1]), "M with another module at the gates", axes="BCHW")


def test_keys_may_be_wider_than_values(sam_efficient, SAMemory, rng):
    memory = memory_of(SAMemory, 2, 5, weights_of(rng, 2, 5))
    h, m = draw(rng, 3, 2, 5, 3), draw(rng, 3, 2, 5, 3)
    expected = memory(h, m)
    got = sam_efficient(memory, h, m)
    equal(len(got), 2, "parts of sam_efficient")
    close(got[1], numbers(expected[1]), "M with five keys for two channels", axes="BCHW")


@there
def gradients_of(step, memory, h, m):
    """The gradients of all weights, of h and of m, after two steps."""
    memory.zero_grad()
    h, m = (one.clone().requires_grad_() for one in (h, m))
    out = step(memory, *step(memory, h, m))
    sum(one.square().sum() for one in out).backward()
    found = {name: p.grad for name, p in memory.named_parameters()} | {"h": h.grad, "m": m.grad}
    return {name: torch.zeros(1) if g is None else g for name, g in found.items()}


@there
def explicit(memory, h, m):
    """The gradients of the explicit module."""
    return gradients_of(lambda memory, h, m: memory(h, m), memory, h, m)


def test_its_gradients_are_those_of_the_explicit_module(sam_efficient, SAMemory, rng):
    memory = memory_of(SAMemory, 3, 3, weights_of(rng, 3, 3))
    h, m = draw(rng, 2, 3, 4, 5), draw(rng, 2, 3, 4, 5)
    expected = explicit(memory, h, m)
    got = gradients_of(sam_efficient, memory, h, m)
    for name, one in expected.items():
        close(got[name], numbers(one), f"gradient of {name}", tolerance=1e-9)


@there
def kept_bytes(sam_efficient, memory, h, m):
    """Bytes that a forward pass keeps for the backward pass, each storage once."""
    kept, alive = {}, []  # what is alive keeps its address to itself

    def pack(x):
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        alive.append(x)
        return x

    memory.float()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        out = sam_efficient(memory, h.requires_grad_(), m.requires_grad_())
    return sum(kept.values()), [tuple(one.shape) for one in out]


@there
def largest(sam_efficient, memory, h, m):
    """How many numbers the largest tensor has that is made forward or backward."""
    from torch.overrides import TorchFunctionMode

    sizes = [0]

    class Watch(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            for one in out if isinstance(out, (tuple, list)) else (out,):
                if isinstance(one, torch.Tensor):
                    sizes.append(one.numel())
            return out

    h, m = h.requires_grad_(), m.requires_grad_()
    with Watch():
        out = sam_efficient(memory.float(), h, m)
        sum(one.sum() for one in out).backward()
    return max(sizes)


def test_no_tensor_on_the_way_has_a_number_for_each_pair(sam_efficient, SAMemory, rng):
    memory = memory_of(SAMemory, 8, 5, weights_of(rng, 8, 5))
    h, m = draw(rng, 1, 8, 32, 32).float(), draw(rng, 1, 8, 32, 32).float()
    got = largest(sam_efficient, memory, h, m)
    message = f"largest tensor at N = 1024: expected fewer than {1024**2} numbers, got {got}"
    expect(type(got) is int and 8192 <= got < 1024**2, message, got=got)


def test_it_keeps_no_matrix_of_weights(sam_efficient, SAMemory, rng):
    for keys in (8, 5, 11):  # as wide as the values, narrower, wider
        memory = memory_of(SAMemory, 8, keys, weights_of(rng, 8, keys))
        h, m = draw(rng, 1, 8, 32, 32).float(), draw(rng, 1, 8, 32, 32).float()
        bound = 4 * 1024**2  # of the two matrices that the explicit module keeps, one
        got, shapes = kept_bytes(sam_efficient, memory, h, m)
        equal(shapes, [(1, 8, 32, 32)] * 2, f"shapes of sam_efficient with {keys} keys")
        message = f"kept with {keys} keys: expected below {bound} bytes, got {got}"
        expect(type(got) is int and 32768 <= got < bound, message, got=got)
