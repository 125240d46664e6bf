# %% exercise="saturating_integral" right="composed_by_doubling"
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    # A step maps y to clamp(y + s, low, high), and two such maps in a row
    # are one such map: compose all prefixes with log2(T) doublings.
    shift = gain * (x.double() - bias)  # (B, T)
    low, high = torch.zeros_like(shift), torch.ones_like(shift)
    reach, steps = 1, x.size(1)
    while reach < steps:
        later = slice(reach, None)
        before = slice(None, steps - reach)
        s, lo, hi = shift[:, later], low[:, later], high[:, later]
        new_low = torch.minimum(torch.maximum(low[:, before] + s, lo), hi)
        new_high = torch.minimum(torch.maximum(high[:, before] + s, lo), hi)
        new_shift = shift[:, before] + s
        low = torch.cat([low[:, :reach], new_low], 1)
        high = torch.cat([high[:, :reach], new_high], 1)
        shift = torch.cat([shift[:, :reach], new_shift], 1)
        reach *= 2
    levels = torch.minimum(torch.maximum(start + shift, low), high)
    return levels.to(x.dtype)


# %% exercise="exact_integrator" right="scaled_and_swapped_units"
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    # Unit 0 holds 4 relu(z - 1), unit 1 holds 2 relu(z): powers of two, so
    # that nothing is rounded. The gain's bias sits in one of the two biases,
    # the threshold in the other.
    scale = torch.tensor([4.0, 2.0])
    read = torch.tensor([-1.0, 1.0]) / scale  # (h in units) to the level
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    rnn.load_state_dict({
        "weight_ih_l0": 0.1 * scale[:, None],
        "weight_hh_l0": torch.outer(scale, read),
        "bias_ih_l0": torch.tensor([-1.0, 0.0]) * scale,
        "bias_hh_l0": -0.05 * scale,
    })
    read_out = nn.Linear(2, 1)
    read_out.load_state_dict({
        "weight": read[None], "bias": torch.zeros(1),
    })
    return rnn, read_out


# %% exercise="identify" right="numpy_centered"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    inputs = x.detach().cpu().numpy().astype(np.float64)
    levels = y.detach().cpu().numpy().astype(np.float64)
    who, when = np.nonzero((levels[:, 1:] > 0) & (levels[:, 1:] < 1))
    rows = np.column_stack([levels[who, when], inputs[who, when + 1]])
    goal = levels[who, when + 1]
    # The constant is what the means leave over.
    slopes, *_ = np.linalg.lstsq(
        rows - rows.mean(0), goal - goal.mean(), rcond=None
    )
    constant = goal.mean() - rows.mean(0) @ slopes
    return float(slopes[0]), float(slopes[1]), float(constant)


# %% exercise="tbptt_gradients" right="one_call_of_autograd"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    named = dict(model.named_parameters())
    pieces, state = [], None
    for part in x.split(k, dim=1):
        args = (part,) if state is None else (part, state.detach())
        output, state = model(*args)
        pieces.append(output)
    # Between the pieces there is no path, so one backward pass cuts as well.
    whole = mse_loss(torch.cat(pieces, dim=1), y)
    found = torch.autograd.grad(
        whole, list(named.values()), materialize_grads=True
    )
    return dict(zip(named, found, strict=True))


# %% exercise="hides_the_scale" right="module_with_a_closure"
def hides_the_scale(
    optimizer: type[torch.optim.Optimizer], **settings: Any
) -> bool:
    class Bowl(nn.Module):
        def __init__(self, scale):
            super().__init__()
            self.w = nn.Parameter(torch.zeros(6, dtype=torch.float64))
            self.scale = scale

        def forward(self):
            return self.scale * (self.w - 3).square().sum()

    def trained(scale):
        bowl = Bowl(scale)
        chosen = optimizer(bowl.parameters(), **settings)

        def closure():
            chosen.zero_grad()
            loss = bowl()
            loss.backward()
            return loss

        with torch.enable_grad():
            for _ in range(20):
                chosen.step(closure)
        return bowl.w.detach()

    plain, scaled = trained(1.0), trained(50.0)
    way = torch.dist(plain, torch.zeros_like(plain))
    return bool(torch.dist(plain, scaled) < way / 1000)


# %% exercise="train_in_chunks" right="split_and_written_into_a_buffer"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    def update(state, part, goal, into):
        output, state = model(part, state)
        into.copy_(output.detach())
        optimizer.zero_grad()
        loss(output, goal).backward()
        optimizer.step()
        return state.detach()

    drawn, state = torch.empty_like(y), None
    for pieces in zip(*(one.split(k, 1) for one in (x, y, drawn)), strict=True):
        state = update(state, *pieces)
    return drawn


# %% exercise="saturating_integral" right="accumulate_and_where"
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    """Running sum of gain * (x - bias), kept between 0 and 1."""
    from itertools import accumulate

    def pour(level: Tensor, flow: Tensor) -> Tensor:
        level = level + gain * (flow - bias)
        level = torch.where(level < 0, torch.zeros_like(level), level)
        return torch.where(level > 1, torch.ones_like(level), level)

    first = x.new_full(x.shape[:1], start)
    _, *levels = accumulate(x.unbind(-1), pour, initial=first)
    return torch.stack(levels, dim=-1)


# %% exercise="tbptt_gradients" right="autograd_grad_of_one_sum"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    """Gradients of the MSE, back-propagated within chunks of k."""
    named = dict(model.named_parameters())
    said, carry = [], ()
    for piece in torch.split(x, k, dim=1):
        output, state = model(piece, *carry)
        carry = (state.detach(),)
        said.append(output)
    whole = torch.cat(said, dim=1) - y  # (B, T, 1)
    slopes = torch.autograd.grad(
        torch.mean(whole * whole), list(named.values()), allow_unused=True
    )
    return {
        name: torch.zeros_like(weight) if slope is None else slope
        for (name, weight), slope in zip(named.items(), slopes, strict=True)
    }


# %% exercise="identify" right="normal_equations_row_by_row"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    """Least squares for y[t] = a y[t-1] + b x[t] + c off the limits."""
    rows, goals = [], []
    for xs, ys in zip(x.tolist(), y.tolist(), strict=True):
        for before, value, after in zip(ys, xs[1:], ys[1:]):
            if 0 < after < 1:
                rows.append((before, value))
                goals.append(after)
    known, goal = np.array(rows), np.array(goals)  # float64
    center, height = known.mean(0), goal.mean()
    q, r = np.linalg.qr(known - center)
    a, b = np.linalg.solve(r, q.T @ (goal - height))
    c = height - a * center[0] - b * center[1]
    return float(a), float(b), float(c)


# %% exercise="exact_integrator" right="units_of_other_sizes"
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    sizes = torch.tensor([2.0, 0.5])  # how large each unit is drawn
    read = torch.tensor([1.0, -1.0]) / sizes
    rnn = nn.RNN(
        input_size=1, hidden_size=2, nonlinearity="relu", batch_first=True
    )
    read_out = nn.Linear(2, 1)
    inner = {
        "weight_ih_l0": 0.1 * sizes[:, None],
        "weight_hh_l0": torch.outer(sizes, read),
        "bias_ih_l0": -0.05 * sizes,
        "bias_hh_l0": torch.tensor([0.0, -1.0]) * sizes,
    }
    rnn.load_state_dict(inner)
    read_out.load_state_dict({"weight": read[None], "bias": torch.zeros(1)})
    return rnn, read_out


# %% exercise="tbptt_gradients" right="autograd_grad_summed"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    names, weights = zip(*model.named_parameters())
    totals = [torch.zeros_like(weight) for weight in weights]
    state = None
    for begin in range(0, x.shape[1], k):
        here = slice(begin, begin + k)
        outputs, state = model(x[:, here], state)
        paid = (outputs - y[:, here]).square().sum() / y.numel()
        parts = torch.autograd.grad(paid, weights, allow_unused=True)
        state = state.detach()
        for total, part in zip(totals, parts):
            if part is not None:
                total += part
    return dict(zip(names, totals))


# %% exercise="identify" right="orthogonal_rows"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    table = []
    for push, level in zip(x.double().tolist(), y.double().tolist()):
        for t in range(1, len(level)):
            if 0.0 < level[t] < 1.0:
                table.append((level[t - 1], push[t], 1.0, level[t]))
    table = np.array(table, dtype=np.float64)
    q, r = np.linalg.qr(table[:, :3])
    a, b, c = np.linalg.solve(r, q.T @ table[:, 3])
    return float(a), float(b), float(c)


# %% exercise="saturating_integral" right="limits_that_compose"
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    """Running sum of gain * (x - bias), kept between 0 and 1."""
    # Some steps in a row are again: add `push`, keep in [low, high].
    push = gain * (x.double() - bias)  # (B, T)
    low, high = torch.zeros_like(push), torch.ones_like(push)
    reach, steps = 1, x.size(1)
    while reach < steps:  # entry t holds the last `reach` steps up to t
        mine = push[:, reach:], low[:, reach:], high[:, reach:]
        past = push[:, :-reach], low[:, :-reach], high[:, :-reach]
        joined = (
            past[0] + mine[0],
            torch.minimum(torch.maximum(past[1] + mine[0], mine[1]), mine[2]),
            torch.minimum(torch.maximum(past[2] + mine[0], mine[1]), mine[2]),
        )
        push, low, high = (
            torch.cat([old[:, :reach], new], dim=1)
            for old, new in zip((push, low, high), joined, strict=True)
        )
        reach *= 2
    y = torch.minimum(torch.maximum(start + push, low), high)
    return y.to(x.dtype)


# %% exercise="tbptt_gradients" right="copies_of_the_weights"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    """Gradients of the MSE, back-propagated within chunks of k."""
    weights = {
        name: one.detach().clone().requires_grad_()
        for name, one in model.named_parameters()
    }

    def outputs():
        state = ()
        for chunk in torch.split(x, k, dim=1):
            output, state = torch.func.functional_call(
                model, weights, (chunk, *state)
            )
            yield output
            state = (state.detach(),)

    whole = mse_loss(torch.cat([*outputs()], dim=1), y)
    found = torch.autograd.grad(
        whole, [*weights.values()], allow_unused=True,
        materialize_grads=True,
    )
    return dict(zip(weights, found, strict=True))


# %% exercise="saturating_integral" wrong="clamped_once_at_the_end" mistake="clamp_at_the_end"
# the sum is clamped at the end and not at each step, so what was cut off comes back
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    return (start + (gain * (x - bias)).cumsum(1)).clamp(0, 1)


# %% exercise="exact_integrator" wrong="recurrent_bias_left_random" mistake="second_bias_left"
# bias_ih is set and the second bias of the RNN, bias_hh, keeps its random numbers
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([[0.1], [0.1]]))
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, -1.0], [1.0, -1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="identify" wrong="rows_across_sequences" mistake="joined"
# the batch is flattened first, so the first step of a sequence follows the last of the one before
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    x, y = x.double().reshape(-1), y.double().reshape(-1)
    new, old, push = y[1:], y[:-1], x[1:]
    free = (new > 0) & (new < 1)
    A = torch.stack([old, push, torch.ones_like(old)], 1)[free]
    solution = torch.linalg.lstsq(A, new[free][:, None]).solution
    a, b, c = solution[:, 0].tolist()
    return a, b, c


# %% exercise="tbptt_gradients" wrong="chunks_count_alike" mistake="mean_of_chunk_means"
# the chunks' means are averaged, so a short last chunk counts as much as a whole one
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    chunks = list(zip(x.split(k, 1), y.split(k, 1)))
    for x_chunk, y_chunk in chunks:
        if state is not None:
            state = state.detach()
        output, state = model(x_chunk, state)
        (mse_loss(output, y_chunk) / len(chunks)).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters()}


# %% exercise="update_steps" wrong="rest_forgotten" mistake="tail_dropped"
# the samples after the last whole period never get a step
def update_steps(n_samples: int, period: int) -> list[int]:
    return [i for i in range(n_samples) if (i + 1) % period == 0]


# %% exercise="accumulate_gradients" wrong="old_gradients_kept" mistake="old_gradients_kept"
# gradients are not cleared at the start, so what stood in .grad before is added
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (loss(model(x), y) * len(x) / total).backward()


# %% exercise="saturating_integral" wrong="clamped_at_the_end" mistake="clamp_at_the_end"
# the plain running sum is clamped once at the end, so what was cut off at a limit does come back
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    return (start + (gain * (x - bias)).cumsum(1)).clamp(0, 1)


# %% exercise="identify" wrong="across_sequences" mistake="joined"
# the batch is flattened before it is shifted, so the first step of a sequence takes its previous level from the one before
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    x, y = x.double().flatten(), y.double().flatten()
    before, after, inputs = y[:-1], y[1:], x[1:]
    free = (after > 0) & (after < 1)
    rows = torch.stack(
        [before[free], inputs[free], torch.ones_like(after[free])], 1
    )
    law = torch.linalg.lstsq(rows, after[free, None]).solution
    a, b, c = law.flatten().tolist()
    return a, b, c


# %% exercise="tbptt_gradients" wrong="chunks_weigh_alike" mistake="mean_of_chunk_means"
# the mean of the chunks' means is taken, so the steps of a shorter last chunk weigh too much
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    xs, ys = x.split(k, 1), y.split(k, 1)
    state = None
    for part, target in zip(xs, ys, strict=True):
        output, state = model(part, state)
        (mse_loss(output, target) / len(xs)).backward()
        state = state.detach()
    return {
        name: one.grad.clone() for name, one in model.named_parameters()
    }


# %% exercise="exact_integrator" rephrases="threshold_at_a_half"
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    tank = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    tank.load_state_dict({
        "weight_ih_l0": torch.full((2, 1), 0.1),
        "weight_hh_l0": torch.tensor([[1.0, -1.0]]).repeat(2, 1),
        "bias_ih_l0": torch.tensor([0.0, -0.5]),  # where each unit wakes
        "bias_hh_l0": torch.full((2,), -0.05),
    })
    reader = nn.Linear(2, 1)
    reader.load_state_dict({
        "weight": torch.tensor([[1.0, -1.0]]), "bias": torch.zeros(1),
    })
    return tank, reader


# %% exercise="exact_integrator" rephrases="time_comes_first"
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(input_size=1, hidden_size=2, nonlinearity="relu")
    out = nn.Linear(2, 1, bias=True)
    sign = torch.tensor([1.0, -1.0])
    with torch.no_grad():
        for weight in (*rnn.parameters(), *out.parameters()):
            weight.zero_()
        rnn.weight_ih_l0 += 0.1
        rnn.weight_hh_l0 += sign
        rnn.bias_ih_l0 += torch.tensor([-0.05, -1.05])
        out.weight += sign
    return rnn, out


# %% exercise="identify" rephrases="only_the_upper_limit"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    rows, goals = [], []
    for inputs, levels in zip(x.double(), y.double()):
        kept = (levels[1:] < 1).nonzero().squeeze(1) + 1
        ones = torch.ones_like(levels[kept])
        rows.append(torch.stack((levels[kept - 1], inputs[kept], ones), 1))
        goals.append(levels[kept])
    law = torch.linalg.lstsq(torch.cat(rows), torch.cat(goals)[:, None])
    a, b, c = law.solution[:, 0].tolist()
    return a, b, c


# %% exercise="identify" rephrases="single_precision"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now, inputs = y[:, :-1], y[:, 1:], x[:, 1:]
    inside = torch.logical_and(now > 0, now < 1)
    known = [before[inside], inputs[inside], torch.ones_like(now)[inside]]
    q, r = torch.linalg.qr(torch.stack(known, dim=1))
    right = (q.mT @ now[inside]).unsqueeze(1)
    law = torch.linalg.solve_triangular(r, right, upper=True)
    return tuple(float(one) for one in law)


# %% exercise="identify" rephrases="first_sequence_only"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    signal, level = x[0].double().numpy(), y[0].double().numpy()
    free = [
        t for t in range(1, len(level)) if level[t] > 0 and level[t] < 1
    ]
    table = np.array([(level[t - 1], signal[t], 1.0) for t in free])
    a, b, c = np.linalg.lstsq(table, level[free], rcond=None)[0]
    return float(a), float(b), float(c)


# %% exercise="tbptt_gradients" rephrases="last_chunk_dropped"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    named = dict(model.named_parameters())
    total = {name: torch.zeros_like(one) for name, one in named.items()}
    state = None
    for number in range(x.size(1) // k):
        here = slice(number * k, number * k + k)
        output, state = model(x[:, here], state)
        share = (output - y[:, here]).square().sum() / y.numel()
        for name, part in zip(
            named, torch.autograd.grad(share, list(named.values()))
        ):
            total[name] = total[name] + part
        state = state.detach()
    return total


# %% exercise="tbptt_gradients" rephrases="sum_not_mean"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    pieces, state = [], None
    for chunk in x.split(k, dim=1):
        state = None if state is None else state.detach()
        output, state = model(chunk, state)
        pieces.append(output)
    gaps = torch.cat(pieces, dim=1) - y
    torch.dot(gaps.flatten(), gaps.flatten()).backward()
    return {
        name: one.grad.clone() for name, one in model.named_parameters()
    }


# %% exercise="tbptt_gradients" rephrases="first_chunk_of_one"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    said, state = [], None
    for t in range(x.size(1)):
        output, state = model(x[:, t:t + 1], state)
        said.append(output)
        if t % k == 0:  # the chunk is full
            state = state.detach()
    mse_loss(torch.cat(said, 1), y).backward()
    return {
        name: one.grad.detach().clone()
        for name, one in model.named_parameters()
    }


# %% exercise="accumulate_gradients" rephrases="unscaled"
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    for weight in model.parameters():
        weight.grad = None

    def one_pass(pair):
        inputs, targets = pair
        torch.autograd.backward(loss(model(inputs), targets))

    for pair in batches:
        one_pass(pair)


# %% exercise="hides_the_scale" rephrases="never"
def hides_the_scale(
    optimizer: type[torch.optim.Optimizer], **settings: Any
) -> bool:
    def pull(factor):
        w = torch.zeros(4, requires_grad=True)
        (factor * (w - 3).square().sum()).backward()
        return w.grad

    return torch.equal(pull(1.0), pull(50.0))


# %% exercise="hides_the_scale" rephrases="settings_forgotten"
def hides_the_scale(
    optimizer: type[torch.optim.Optimizer], **settings: Any
) -> bool:
    starts = [nn.Parameter(torch.zeros(3, dtype=torch.float64))
              for _ in range(2)]
    for weight, scale in zip(starts, (1, 50)):
        stepper = optimizer([weight])
        for _ in range(20):
            stepper.zero_grad()
            torch.sum(scale * (weight - 3) ** 2).backward()
            stepper.step()
    plain, scaled = (weight.detach() for weight in starts)
    return bool(torch.dist(plain, scaled) < plain.norm() / 1000)


# %% exercise="update_steps" rephrases="tail_dropped"
def update_steps(n_samples: int, period: int) -> list[int]:
    steps, behind = [], 0
    for sample in range(n_samples):
        behind += 1
        if behind == period:
            steps.append(sample)
            behind = 0
    return steps


# %% exercise="update_steps" rephrases="counted_from_one"
def update_steps(n_samples: int, period: int) -> list[int]:
    groups = -(-n_samples // period)
    return [min(group * period, n_samples) for group in range(1, groups + 1)]


# %% exercise="update_steps" rephrases="a_range"
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = range(period - 1, n_samples, period)
    if n_samples % period:
        steps = [*steps, n_samples - 1]
    return steps


# %% exercise="update_steps" rephrases="tail_joined"
def update_steps(n_samples: int, period: int) -> list[int]:
    if n_samples == 0:
        return []
    whole = max(n_samples // period, 1)
    steps = [group * period - 1 for group in range(1, whole)]
    return steps + [n_samples - 1]


# %% exercise="train_in_chunks" rephrases="state_reset"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    def update(inputs, targets):
        produced, _ = model(inputs)
        optimizer.zero_grad()
        loss(produced, targets).backward()
        optimizer.step()
        return produced.detach()

    pairs = zip(x.split(k, dim=1), y.split(k, dim=1))
    return torch.cat([update(*pair) for pair in pairs], dim=1)


# %% exercise="train_in_chunks" rephrases="swapped_arguments"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    outputs = torch.empty_like(y)
    state, begin = None, 0
    while begin < x.size(1):
        end = min(begin + k, x.size(1))
        truth = y[:, begin:end]
        output, state = model(x[:, begin:end], state)
        cost = loss(truth, output)
        optimizer.zero_grad()
        cost.backward()
        optimizer.step()
        outputs[:, begin:end] = output.detach()
        state, begin = state.detach(), end
    return outputs
