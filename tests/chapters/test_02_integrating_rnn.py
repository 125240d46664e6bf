"""The checks of chapter 2: each holds one property of one exercise."""

from itertools import accumulate

import numpy as np
import torch
from torch import nn

from unrolled.checks import close, equal, expect, observed, there


def draw(rng, *shape):
    """Standard normal numbers in double precision."""
    return torch.from_numpy(rng.normal(size=shape))


def uniform(rng, *shape):
    """Numbers between zero and one, float32."""
    return torch.from_numpy(rng.random(shape)).float()


# --- saturating_integral


def test_between_the_limits_it_is_a_running_sum(saturating_integral, rng):
    x = uniform(rng, 3, 7)
    expected = 0.5 + 0.1 * (x.double() - 0.5).cumsum(1)
    got = saturating_integral(x, start=0.5)
    close(got, expected.float(), "saturating_integral(x, start=0.5)", axes="BT", tolerance=1e-5)


def test_gain_bias_and_start_are_arguments(saturating_integral, rng):
    gain, bias, start = rng.uniform(0.01, 0.03), rng.uniform(0.2, 0.4), rng.uniform(0.4, 0.6)
    x = uniform(rng, 3, 9)
    expected = start + gain * (x.double() - bias).cumsum(1)
    got = saturating_integral(x, gain, bias, start)
    what = f"saturating_integral(x, {gain:.3f}, {bias:.3f}, {start:.3f})"
    close(got, expected.float(), what, axes="BT", tolerance=1e-5)


def test_a_single_step_is_a_sequence_too(saturating_integral, rng):
    x = uniform(rng, 3, 1)
    expected = 0.5 + 0.1 * (x - 0.5)
    got = saturating_integral(x, start=0.5)
    close(got, expected, "saturating_integral of one step, start=0.5", axes="BT", tolerance=1e-5)


def test_without_a_start_the_tank_is_empty(saturating_integral, rng):
    x = 0.5 + 0.5 * uniform(rng, 2, 5)
    expected = 0.1 * (x.double() - 0.5).cumsum(1)
    got = saturating_integral(x)
    close(got, expected.float(), "saturating_integral(x)", axes="BT", tolerance=1e-5)


def test_what_a_full_tank_was_offered_does_not_come_back(saturating_integral, rng):
    rise, fall = int(rng.integers(25, 40)), int(rng.integers(5, 15))
    x = torch.cat([torch.ones(1, rise), torch.zeros(1, fall)], 1)
    up = (0.05 * torch.arange(1.0, rise + 1)).clamp(max=1)
    down = 1 - 0.05 * torch.arange(1.0, fall + 1)
    got = saturating_integral(x)
    what = f"{rise} inputs of 1, then {fall} of 0"
    close(got, torch.cat([up, down])[None], what, axes="BT", tolerance=1e-5)


def test_what_an_empty_tank_was_denied_does_not_come_back(saturating_integral, rng):
    dry, rise = int(rng.integers(5, 30)), int(rng.integers(5, 15))
    x = torch.cat([torch.zeros(1, dry), torch.ones(1, rise)], 1)
    expected = torch.cat([torch.zeros(dry), 0.05 * torch.arange(1.0, rise + 1)])
    got = saturating_integral(x)
    close(got, expected[None], f"{dry} inputs of 0, then {rise} of 1", axes="BT", tolerance=1e-5)


def test_far_from_the_upper_limit_it_is_the_sum_less_its_lowest_value(saturating_integral, rng):
    x = uniform(rng, 3, 61)
    total = 0.02 * (x.double() - 0.5).cumsum(1)
    lowest = total.cummin(1).values.clamp(max=0)
    got = saturating_integral(x, gain=0.02)
    expected = (total - lowest).float()
    close(got, expected, "saturating_integral(x, gain=0.02)", axes="BT", tolerance=1e-4)


def test_double_precision_stays_double_precision(saturating_integral, rng):
    x = uniform(rng, 2, 5).double()
    expected = 0.5 + 0.1 * (x - 0.5).cumsum(1)
    got = saturating_integral(x, start=0.5)
    equal(str(got.dtype), "torch.float64", "dtype of the integral of float64 numbers")
    close(got, expected, "saturating_integral of float64 numbers", axes="BT", tolerance=1e-12)


@there
def changed_by(function, x):
    """The greatest change that a call makes to its argument."""
    argument = x.clone()
    function(argument)
    return float((argument - x).abs().max())


@observed
def test_the_input_stays_as_it_was(saturating_integral, rng):
    got = changed_by(saturating_integral, uniform(rng, 3, 5))
    close(got, 0.0, "greatest change of x by saturating_integral(x)")


# --- exact_integrator


@there
def parts_of(exact_integrator):
    """Names, sizes and numbers of what the answer returns."""
    rnn, read_out = exact_integrator()
    about = {
        "kinds": (type(rnn).__name__, type(read_out).__name__),
        "units": rnn.hidden_size,
        "layers": rnn.num_layers,
        "nonlinearity": rnn.nonlinearity,
        "batch_first": rnn.batch_first,
        "bidirectional": rnn.bidirectional,
    }
    modules = {"rnn": rnn, "read_out": read_out}
    numbers = {
        f"{name}.{key}": value.detach()
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    return about, numbers


WANTED = {
    "kinds": ("RNN", "Linear"),
    "units": 2,
    "layers": 1,
    "nonlinearity": "relu",
    "batch_first": True,
    "bidirectional": False,
}


def rebuilt(exact_integrator):
    """The answer's numbers in modules of our own, as a function from (B, T) to (B, T)."""
    about, numbers = parts_of(exact_integrator)
    equal(about, WANTED, "the parts of exact_integrator()")
    own = {
        "rnn": nn.RNN(1, 2, nonlinearity="relu", batch_first=True),
        "read_out": nn.Linear(2, 1),
    }
    for name, module in own.items():
        for key, value in module.state_dict().items():
            made = numbers.get(f"{name}.{key}")
            if made is None and "bias" in key:
                made = torch.zeros_like(value)  # of a module without bias
            equal(tuple(getattr(made, "shape", ())), tuple(value.shape), f"shape of {name}.{key}")
            value.copy_(made)

    def run(x):
        with torch.no_grad():
            return own["read_out"](own["rnn"](x[..., None])[0])[..., 0]

    return run


@observed
def test_it_is_a_plain_network_of_two_relu_units(exact_integrator):
    about, _ = parts_of(exact_integrator)
    equal(about, WANTED, "the parts of exact_integrator()")


def defined(x):
    """The target by its definition, in double precision: (B, T)."""

    def clip(y, u):
        return min(1.0, max(0.0, y + 0.1 * (u - 0.5)))

    rows = [list(accumulate(row, clip, initial=0.0))[1:] for row in x.tolist()]
    return torch.tensor(rows)


def test_one_full_input_raises_the_level_by_a_twentieth(exact_integrator, rng):
    run, steps = rebuilt(exact_integrator), int(rng.integers(3, 15))
    expected = 0.05 * torch.arange(1.0, steps + 1)
    close(run(torch.ones(1, steps))[0], expected, f"{steps} inputs of 1", tolerance=1e-5)


def test_the_level_neither_passes_one_nor_remembers_the_push(exact_integrator, rng):
    run, push = rebuilt(exact_integrator), int(rng.integers(25, 60))
    x = torch.cat([torch.ones(1, push), torch.zeros(1, 5)], 1)
    close(run(x), defined(x), f"{push} inputs of 1, then 5 of 0", axes="BT", tolerance=1e-5)


def test_the_level_neither_falls_below_zero_nor_owes_anything(exact_integrator, rng):
    run, pull = rebuilt(exact_integrator), int(rng.integers(5, 40))
    x = torch.cat([torch.zeros(1, pull), torch.ones(1, 5)], 1)
    close(run(x), defined(x), f"{pull} inputs of 0, then 5 of 1", axes="BT", tolerance=1e-5)


def test_an_input_of_one_half_leaves_the_level_for_thousands_of_steps(exact_integrator, rng):
    run, rise = rebuilt(exact_integrator), int(rng.integers(3, 15))
    x = torch.cat([torch.ones(1, rise), torch.full((1, 5000), 0.5)], 1)
    got = run(x)[0, -1]
    close(got, torch.tensor(0.05 * rise), "the level after 5000 inputs of 0.5", tolerance=1e-3)


def test_the_error_is_below_a_hundred_thousandth_over_ten_thousand_steps(exact_integrator, rng):
    run = rebuilt(exact_integrator)
    jumps = np.where(rng.random(10_000) < 0.1, np.arange(10_000), 0)
    x = uniform(rng, 10_000)[np.maximum.accumulate(jumps)][None]
    got = float((run(x) - defined(x)).abs().mean())
    expect(got < 1e-5, f"mean error over 10000 steps: expected below 1e-5, got {got:.2g}", got=got)


# --- identify


def obeying(rng, a, b, c, shape=(3, 200), noise=0.0):
    """x and y of a clipped linear law, in double precision."""
    x = rng.random(shape)
    x = np.where(rng.random(shape) < 0.7, np.roll(x, 1, 1), x)
    y, level = np.zeros(shape), rng.random(shape[0])
    for t in range(shape[1]):
        y[:, t] = level
        if t + 1 < shape[1]:
            push = b * x[:, t + 1] + c + noise * rng.normal(size=shape[0])
            level = np.clip(a * level + push, 0, 1)
    return torch.from_numpy(x), torch.from_numpy(y)


def same_law(got, wanted, what, tolerance=1e-6):
    """Assert that three plain numbers are those of a law."""
    equal([type(one).__name__ for one in got], ["float"] * 3, f"types of {what}")
    close(np.array(got), np.array(wanted), f"a, b, c of {what}", tolerance=tolerance)


def test_the_law_of_the_chapter_is_found_to_many_digits(identify, rng):
    x, y = obeying(rng, 1.0, 0.1, -0.05, (3, 400))
    got = identify(x, y)
    same_law(got, (1.0, 0.1, -0.05), "identify(x, y), the law of the chapter")


def test_any_other_law_is_found_as_well(identify, rng):
    a, b = rng.uniform(0.8, 0.95), rng.uniform(0.2, 0.4)
    c = (1 - a) / 2 - b / 2
    x, y = obeying(rng, a, b, c)
    got = identify(x, y)
    same_law(got, (a, b, c), f"identify(x, y), a {a:.3f}, b {b:.3f}, c {c:.3f}")


def test_rows_at_a_limit_do_not_count(identify, rng):
    x, y = obeying(rng, 1.0, 0.4, -0.2)
    got = identify(x, y)
    share = float(((y == 0) | (y == 1)).double().mean())
    what = f"identify(x, y), {share:.0%} of y at a limit"
    same_law(got, (1.0, 0.4, -0.2), what)


def test_with_noise_it_is_least_squares(identify, rng):
    x, y = obeying(rng, 0.95, 0.6, -0.3, (5, 60), noise=0.03)  # often at a limit
    free = ((y[:, 1:] > 0) & (y[:, 1:] < 1)).numpy()
    columns = y[:, :-1].numpy()[free], x[:, 1:].numpy()[free], np.ones(free.sum())
    wanted = np.linalg.lstsq(np.stack(columns, 1), y[:, 1:].numpy()[free], rcond=None)[0]
    got = identify(x, y)
    same_law(got, wanted.tolist(), "identify(x, y) with noise")


def test_no_row_reaches_into_the_next_sequence(identify, rng):
    x, y = obeying(rng, 0.9, 0.2, -0.05, (40, 4))
    got = identify(x, y)
    same_law(got, (0.9, 0.2, -0.05), "identify of 40 sequences of 4 steps")


def test_single_precision_data_are_solved_in_double_precision(identify, rng):
    x, y = obeying(rng, 0.5, 0.2, 0.15, (3, 300), noise=0.01)
    x, y = x[:, 9:].float(), y[:, 9:].float()  # by then no level is near a limit
    columns = y[:, :-1].flatten(), x[:, 1:].flatten(), torch.ones(y[:, 1:].numel())
    rows = torch.stack(columns, 1).double().numpy()
    wanted = np.linalg.lstsq(rows, y[:, 1:].flatten().double().numpy(), rcond=None)[0]
    got = identify(x, y)
    same_law(got, wanted.tolist(), "identify of float32 data", tolerance=1e-9)


# --- tbptt_gradients


def weights_of(rng, hidden):
    """Weights of an Integrator, large enough that the state matters."""
    shapes = {
        "rnn.weight_ih_l0": (3 * hidden, 1),
        "rnn.weight_hh_l0": (3 * hidden, hidden),
        "rnn.bias_ih_l0": (3 * hidden,),
        "rnn.bias_hh_l0": (3 * hidden,),
        "read_out.weight": (1, hidden),
        "read_out.bias": (1,),
    }
    return {name: draw(rng, *shape) for name, shape in shapes.items()}


@there
def model_of(Integrator, weights):
    """The chapter's network with these weights, in double precision."""
    model = Integrator(weights["read_out.weight"].shape[1]).double()
    model.load_state_dict(weights)
    return model


@there
def truncated(tbptt_gradients, model, x, y, k):
    """The gradients that the answer finds, as a dictionary of arrays."""
    try:
        return dict(tbptt_gradients(model, x, y, k))
    except RuntimeError as error:
        if "backward through the graph a second time" not in str(error):
            raise
        raise RuntimeError(
            "backward ran a second time through a chunk that it had been through: "
            "the state was not detached between the chunks"
        ) from error


def step_by_step(weights, x, y, cut):
    """Gradients of the mean squared error by torch's own cell, one step at a time.

    cut(t): whether the state's history ends before step t.
    """
    own = {name: value.clone().requires_grad_() for name, value in weights.items()}
    cell = nn.GRUCell(1, weights["read_out.weight"].shape[1]).double()
    inner = {n.split(".")[1].removesuffix("_l0"): v for n, v in own.items() if n[:3] == "rnn"}
    h, total = torch.zeros(len(x), cell.hidden_size).double(), 0.0
    for t in range(x.shape[1]):
        if cut(t):
            h = h.detach()
        h = torch.func.functional_call(cell, inner, (x[:, t], h))
        output = h @ own["read_out.weight"].T + own["read_out.bias"]
        total = total + (output - y[:, t]).square().sum()
    found = torch.autograd.grad(total / y.numel(), list(own.values()))
    return dict(zip(own, found, strict=True))


def compare(got, expected, what):
    """Assert that two dictionaries of gradients are alike to 1e-9."""
    shapes = {name: tuple(value.shape) for name, value in expected.items()}
    equal({n: tuple(got[n].shape) for n in shapes if n in got}, shapes, f"shapes of {what}")
    for name, value in expected.items():
        close(got[name], value, f"{what}, {name}", tolerance=1e-9)


def gradients_for(k, tbptt_gradients, Integrator, rng):
    batch, steps, hidden = 3, 11, int(rng.integers(2, 5))
    weights = weights_of(rng, hidden)
    x, y = draw(rng, batch, steps, 1), draw(rng, batch, steps, 1)
    expected = step_by_step(weights, x, y, lambda t: t % k == 0)
    got = truncated(tbptt_gradients, model_of(Integrator, weights), x, y, k)
    compare(got, expected, f"gradients of {steps} steps, k = {k}")


def test_one_chunk_gives_the_full_gradient(tbptt_gradients, Integrator, rng):
    gradients_for(11, tbptt_gradients, Integrator, rng)


def test_a_chunk_longer_than_the_data_gives_the_full_gradient(tbptt_gradients, Integrator, rng):
    gradients_for(40, tbptt_gradients, Integrator, rng)


def test_chunks_of_one_step_see_no_past(tbptt_gradients, Integrator, rng):
    gradients_for(1, tbptt_gradients, Integrator, rng)


def test_chunks_of_two_steps_see_one_step_back(tbptt_gradients, Integrator, rng):
    gradients_for(2, tbptt_gradients, Integrator, rng)


def test_a_last_chunk_of_one_step_counts_by_its_steps(tbptt_gradients, Integrator, rng):
    gradients_for(5, tbptt_gradients, Integrator, rng)


@there
def of_a_sum(tbptt_gradients, a, x, y, k):
    """The gradient for the one weight of h[t] = a h[t-1] + x[t]."""

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))

        def forward(self, x, state=None):
            h = torch.zeros_like(x[:, 0]) if state is None else state
            states = []
            for t in range(x.shape[1]):
                h = self.a * h + x[:, t]
                states.append(h)
            return torch.stack(states, 1), h

    return tbptt_gradients(Sum(), x, y, k)["a"]


def test_the_gradient_of_a_leaky_sum_follows_the_formula(tbptt_gradients, rng):
    a, k, steps = float(rng.uniform(0.5, 0.9)), int(rng.integers(2, 5)), 9
    x, y = draw(rng, 1, steps, 1), draw(rng, 1, steps, 1)
    h = [sum(a ** (t - s) * x[0, s, 0] for s in range(t + 1)) for t in range(steps)]
    expected = 0.0
    for t in range(steps):
        first = k * (t // k)  # of the chunk
        pull = sum(a ** (t - s) * h[s - 1] for s in range(max(first, 1), t + 1))
        expected = expected + 2 * (h[t] - y[0, t, 0]) * pull / steps
    got = of_a_sum(tbptt_gradients, a, x, y, k)
    what = f"d loss / d a for h[t] = a h[t-1] + x[t], k = {k}"
    close(got, torch.as_tensor(expected), what, tolerance=1e-9)


@there
def twice(tbptt_gradients, model, x, y, k):
    """Gradients from a model in whose .grad something stands already."""
    model(x)[0].square().sum().backward()
    tbptt_gradients(model, x, y, k)
    return dict(tbptt_gradients(model, x, y, k))


def test_what_stood_in_grad_before_does_not_count(tbptt_gradients, Integrator, rng):
    weights = weights_of(rng, 3)
    x, y = draw(rng, 2, 7, 1), draw(rng, 2, 7, 1)
    expected = step_by_step(weights, x, y, lambda t: t % 3 == 0)
    got = twice(tbptt_gradients, model_of(Integrator, weights), x, y, 3)
    compare(got, expected, "gradients of a model that has some already")


@there
def rows_read(tbptt_gradients, Integrator, x, y, k):
    """How many steps each call of the model reads."""
    calls = []

    class Watched(Integrator):
        def forward(self, x, state=None):
            calls.append(x.shape[1])
            return super().forward(x, state)

    tbptt_gradients(Watched(3).double(), x, y, k)
    return calls


@observed
def test_every_step_is_read_once(tbptt_gradients, Integrator, rng):
    x, y = draw(rng, 2, 7, 1), draw(rng, 2, 7, 1)
    got = rows_read(tbptt_gradients, Integrator, x, y, 3)
    equal(sum(got), 7, f"steps read in calls of {got}, for 7 steps")


# --- accumulate_gradients


def lopsided(output, y):
    """A mean over rows that is not the same with its arguments swapped."""
    return (2 * output - y).square().mean()


LOSSES = {"mse": nn.functional.mse_loss, "l1": nn.functional.l1_loss, "lopsided": lopsided}


@there
def accumulated(accumulate_gradients, weight, bias, sizes, x, y, loss, before):
    """What stands in .grad of a linear model, and the rows of each call of it."""
    calls = []

    class Line(nn.Linear):
        def forward(self, x):
            calls.append(len(x))
            return super().forward(x)

    model = Line(weight.shape[0], 1).double()
    with torch.no_grad():
        model.weight.copy_(weight[None])
        model.bias.copy_(bias)
    if before:
        model(x).sum().backward()
        calls.clear()
    batches = list(zip(x.split(list(sizes)), y.split(list(sizes)), strict=True))
    accumulate_gradients(model, LOSSES[loss], batches)
    found = {name: one.grad for name, one in model.named_parameters()}
    return found, calls, sorted(n for n, one in model.named_parameters() if one.grad is None)


def linear_case(accumulate_gradients, rng, sizes, loss="mse", before=False):
    """Compare with the closed form of a linear model's gradient, to 1e-12."""
    rows, features = sum(sizes), 3
    x, y = draw(rng, rows, features), draw(rng, rows, 1)
    y = y + torch.arange(rows)[:, None] / 3  # so that batches differ
    weight, bias = draw(rng, features), draw(rng, 1)
    output = (x @ weight + bias)[:, None]
    slope = 2 * (output - y) if loss == "mse" else 4 * (2 * output - y)
    expected = {"weight": (slope * x).mean(0)[None], "bias": slope.mean(0)}
    found, _, _ = accumulated(accumulate_gradients, weight, bias, sizes, x, y, loss, before)
    for name, value in expected.items():
        what = f".grad of {name} after batches of {', '.join(map(str, sizes))}"
        close(found[name], value, what, tolerance=1e-12)


def test_equal_batches_give_the_gradient_of_one_big_batch(accumulate_gradients, rng):
    size, count = int(rng.integers(2, 6)), int(rng.integers(2, 5))
    linear_case(accumulate_gradients, rng, [size] * count)


def test_a_smaller_last_batch_counts_by_its_rows(accumulate_gradients, rng):
    linear_case(accumulate_gradients, rng, [7, 7, 7, int(rng.integers(1, 6))])


def test_batches_of_any_sizes_give_the_gradient_of_one_big_batch(accumulate_gradients, rng):
    linear_case(accumulate_gradients, rng, [int(n) for n in rng.integers(1, 9, 5)])


def test_a_single_batch_is_its_own_gradient(accumulate_gradients, rng):
    linear_case(accumulate_gradients, rng, [int(rng.integers(2, 9))])


def test_the_loss_that_is_given_is_the_loss_that_counts(accumulate_gradients, rng):
    linear_case(accumulate_gradients, rng, [5, 2, 3], loss="lopsided")


def test_a_gradient_from_before_does_not_count(accumulate_gradients, rng):
    linear_case(accumulate_gradients, rng, [4, 3], before=True)


@observed
def test_every_batch_goes_through_the_model_alone(accumulate_gradients, rng):
    sizes = [4, 2, 3]
    x, y = draw(rng, 9, 2), draw(rng, 9, 1)
    _, got, _ = accumulated(
        accumulate_gradients, draw(rng, 2), draw(rng, 1), sizes, x, y, "mse", False
    )
    equal(got, sizes, "rows of each call of the model")


@there
def order_of_passes(accumulate_gradients, sizes, x, y):
    """In which order the model runs and gradients arrive at its weights."""
    order = []

    class Line(nn.Linear):
        def forward(self, x):
            order.append("forward")
            return super().forward(x)

    model = Line(x.shape[1], 1).double()
    model.weight.register_hook(lambda _: order.append("backward"))
    batches = list(zip(x.split(list(sizes)), y.split(list(sizes)), strict=True))
    accumulate_gradients(model, nn.functional.mse_loss, batches)
    return order


@observed
def test_the_graph_of_a_batch_is_gone_before_the_next_one(accumulate_gradients, rng):
    x, y = draw(rng, 9, 2), draw(rng, 9, 1)
    got = order_of_passes(accumulate_gradients, [4, 2, 3], x, y)
    equal(got, ["forward", "backward"] * 3, "passes over batches of 4, 2, 3")


# --- hides_the_scale


@there
def told(hides_the_scale, name, settings):
    """The answer for an optimizer of torch, or for one of those below."""
    return hides_the_scale(OWN.get(name) or getattr(torch.optim, name), **settings)


class Signs(torch.optim.Optimizer):
    """Moves by lr against the sign of the gradient, in the steps from `first` to `last`.

    In all other steps it is plain descent.
    """

    def __init__(self, params, lr=0.01, first=1, last=10**9):
        super().__init__(params, {"lr": lr})
        self.taken, self.signed = 0, range(first, last + 1)

    @torch.no_grad()
    def step(self, closure=None):
        if closure is not None:
            with torch.enable_grad():
                closure()
        self.taken += 1
        for group in self.param_groups:
            for one in group["params"]:
                by = one.grad.sign() if self.taken in self.signed else one.grad
                one -= group["lr"] * by


class Choice(Signs):
    """Plain descent, unless it is told to use signs."""

    def __init__(self, params, lr=0.01, first=10**9):
        super().__init__(params, lr, first)


class Adam(torch.optim.SGD):
    """An SGD with another's name."""


OWN = {"Signs": Signs, "Choice": Choice, "Adam, an SGD": Adam}


def told_apart(hides_the_scale, cases):
    """Assert the answer for each (name, settings, expected)."""
    for name, settings, expected in cases:
        given = ", ".join([name, *(f"{key}={value:.3g}" for key, value in settings.items())])
        equal(told(hides_the_scale, name, settings), expected, f"hides_the_scale({given})")


def test_plain_descent_shows_the_scale(hides_the_scale, rng):
    lr = rng.uniform(1e-4, 1e-3)
    told_apart(
        hides_the_scale,
        [
            ("Adam", {"lr": lr}, True),
            ("SGD", {"lr": lr}, False),
            ("SGD", {"lr": lr, "momentum": rng.uniform(0.5, 0.9)}, False),
            ("SGD", {"lr": lr / 100_000}, False),
        ],
    )


def test_dividing_by_the_size_of_the_gradient_hides_the_scale(hides_the_scale, rng):
    lr = rng.uniform(0.01, 0.1)
    kinds = ("Adam", "RMSprop", "Adagrad", "Adamax", "NAdam", "Rprop", "Signs")
    told_apart(hides_the_scale, [("SGD", {"lr": 1e-4}, False)])
    told_apart(hides_the_scale, [(kind, {"lr": lr}, True) for kind in kinds])


def test_a_large_eps_shows_the_scale(hides_the_scale, rng):
    eps = rng.uniform(1.0, 5.0)
    cases = [(name, {"lr": 0.05, "eps": e}, e < 1e-6) for name in ("Adam", "RMSprop")
             for e in (1e-10, eps)]  # fmt: skip
    told_apart(hides_the_scale, cases)


def test_weight_decay_shows_the_scale_only_inside_the_gradient(hides_the_scale, rng):
    decay = rng.uniform(0.3, 0.9)
    told_apart(
        hides_the_scale,
        [
            ("Adam", {"lr": 0.05, "weight_decay": decay}, False),
            ("AdamW", {"lr": 0.05, "weight_decay": decay}, True),
            ("Adam", {"lr": 0.05, "weight_decay": 0.0}, True),
        ],
    )


def test_an_unknown_optimizer_is_measured_and_not_looked_up(hides_the_scale, rng):
    lr = rng.uniform(1e-3, 2e-3)
    told_apart(hides_the_scale, [("Signs", {"lr": lr}, True), ("Adam, an SGD", {"lr": lr}, False)])


def test_settings_decide_either_way(hides_the_scale, rng):
    told_apart(
        hides_the_scale,
        [
            ("Choice", {"lr": rng.uniform(1e-3, 2e-3), "first": 1}, True),
            ("Adam", {"lr": 0.05, "eps": 1e-10}, True),
        ],
    )


def test_one_step_does_not_decide(hides_the_scale, rng):
    told_apart(
        hides_the_scale,
        [
            ("Signs", {"lr": rng.uniform(5e-3, 1e-2), "first": 6}, False),
            ("Signs", {"lr": rng.uniform(5e-4, 1e-3), "last": 3}, False),
            ("Adam", {}, True),
        ],
    )


# --- update_steps


def test_a_whole_number_of_groups_ends_at_the_last_sample(update_steps, rng):
    period, groups = int(rng.integers(2, 9)), int(rng.integers(2, 6))
    expected = [period * (group + 1) - 1 for group in range(groups)]
    got = update_steps(period * groups, period)
    equal(got, expected, f"update_steps({period * groups}, {period})")


def test_what_is_left_at_the_end_gets_a_step_of_its_own(update_steps, rng):
    period = int(rng.integers(3, 9))
    left, groups = int(rng.integers(1, period)), int(rng.integers(2, 6))
    n = period * groups + left
    expected = [period * (group + 1) - 1 for group in range(groups)] + [n - 1]
    got = update_steps(n, period)
    equal(got, expected, f"update_steps({n}, {period})")


def test_a_period_of_one_steps_after_every_sample(update_steps, rng):
    n = int(rng.integers(2, 9))
    equal(update_steps(n, 1), list(range(n)), f"update_steps({n}, 1)")


def test_fewer_samples_than_a_period_are_one_group(update_steps, rng):
    n = int(rng.integers(1, 9))
    period = n + int(rng.integers(1, 9))
    steps = update_steps(n, period)
    equal(steps, [n - 1], f"update_steps({n}, {period})")
    equal(steps[0], n - 1, f"update_steps({n}, {period})[0]")


def test_without_samples_there_are_no_updates(update_steps, rng):
    period = int(rng.integers(2, 9))
    what = f"update_steps({3 * period}, {period})[0], which is looked at first"
    equal(update_steps(3 * period, period)[0], period - 1, what)
    equal(update_steps(0, period), [], f"update_steps(0, {period})")


# --- train_in_chunks


@there
def trained(train_in_chunks, Integrator, weights, x, y, k, lr, loss, left_over):
    """Outputs on the way and weights after it, with plain descent.

    left_over: what stands in every gradient before; None for no gradient.
    """
    model = Integrator(weights["read_out.weight"].shape[1]).double()
    model.load_state_dict(weights)
    if left_over is not None:
        for one in model.parameters():
            one.grad = torch.full_like(one, left_over)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    named = {} if loss is None else {"loss": LOSSES[loss]}
    outputs = train_in_chunks(model, x, y, k, optimizer, **named)
    after = {name: value.clone() for name, value in model.state_dict().items()}
    return outputs.detach(), after


def descended(weights, x, y, k, lr, loss):
    """The same, by torch's own cell and one step of time after the other."""
    own = {name: value.clone() for name, value in weights.items()}
    cell = nn.GRUCell(1, weights["read_out.weight"].shape[1]).double()
    h, outputs = torch.zeros(len(x), cell.hidden_size).double(), []
    for start in range(0, x.shape[1], k):
        own = {name: value.detach().requires_grad_() for name, value in own.items()}
        inner = {n.split(".")[1].removesuffix("_l0"): v for n, v in own.items() if n[:3] == "rnn"}
        h, lines = h.detach(), []
        for t in range(start, min(start + k, x.shape[1])):
            h = torch.func.functional_call(cell, inner, (x[:, t], h))
            lines.append(h @ own["read_out.weight"].T + own["read_out.bias"])
        chunk = torch.stack(lines, 1)  # (B, k, 1)
        target = y[:, start : start + k]
        gap = (2 * chunk - target).square() if loss == "lopsided" else (chunk - target).abs()
        found = torch.autograd.grad(gap.mean(), list(own.values()))
        own = {n: v - lr * g for (n, v), g in zip(own.items(), found, strict=True)}
        outputs.append(chunk.detach())
    return torch.cat(outputs, 1), {name: value.detach() for name, value in own.items()}


def training_case(train_in_chunks, Integrator, rng, batch, steps, k, lr, loss="l1", left_over=None):
    weights = weights_of(rng, int(rng.integers(2, 5)))
    x, y = draw(rng, batch, steps, 1), draw(rng, batch, steps, 1)
    outputs, after = descended(weights, x, y, k, lr, loss)
    named = None if loss == "l1" else loss
    got, moved = trained(train_in_chunks, Integrator, weights, x, y, k, lr, named, left_over)
    what = f"{batch} sequences of {steps} steps, k = {k}, lr = {lr:g}"
    close(got, outputs, f"outputs for {what}", axes="BTF", tolerance=1e-9)
    for name, value in after.items():
        close(moved[name], value, f"{name} after {what}", tolerance=1e-9)


def test_without_learning_the_outputs_are_those_of_one_long_pass(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 3, 11, 4, 0.0)


def test_each_chunk_takes_one_step_and_the_next_one_feels_it(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 3, 12, 4, 0.3)


def test_a_shorter_last_chunk_is_trained_on_too(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 2, 10, 4, 0.3)


def test_one_sequence_alone_is_trained_like_many(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 1, 7, 2, 0.3)


def test_as_many_sequences_as_steps_are_not_mixed_up(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 6, 6, 3, 0.3)


def test_another_loss_can_be_given(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 3, 7, 3, 0.1, loss="lopsided")


def test_one_chunk_is_one_step(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 3, 5, 5, 0.3)


def test_a_gradient_from_before_moves_no_weight(train_in_chunks, Integrator, rng):
    training_case(train_in_chunks, Integrator, rng, 2, 6, 3, 0.3, left_over=5.0)


@there
def kept_history(train_in_chunks, Integrator, x, y, k):
    """Whether the outputs still hold their graph, and how often the optimizer stepped."""
    model = Integrator(3).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    taken = []
    optimizer.register_step_post_hook(lambda *_: taken.append(1))
    outputs = train_in_chunks(model, x, y, k, optimizer)
    return bool(outputs.requires_grad), len(taken)


@observed
def test_the_outputs_carry_no_history(train_in_chunks, Integrator, rng):
    x, y = draw(rng, 2, 7, 1), draw(rng, 2, 7, 1)
    kept, _ = kept_history(train_in_chunks, Integrator, x, y, 3)
    equal(kept, False, "whether the returned outputs require a gradient")
