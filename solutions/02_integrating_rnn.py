# %% exercise="saturating_integral"
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)  # (B,)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)  # (B, T)

# %% [markdown] exercise="saturating_integral"
# The clamp stands inside the loop, because what is cut off at a limit
# is forgotten: the next step starts from the limit. That is why no
# `cumsum` will do, and why the loop runs over time and not over the
# sequences.

# %% exercise="exact_integrator"
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([1.0, -1.0]))
        read_out.bias.zero_()
    return rnn, read_out

# %% [markdown] exercise="exact_integrator"
# Both units see the same sum; the second one lies one lower and is
# silent until the sum exceeds one. Their difference is the clipped
# sum, and since each unit is fed with that difference, what was cut
# off is never seen again. The two rows of the recurrent weights are
# equal, so one row is enough to fill them.

# %% exercise="identify"
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)  # (B, T - 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)  # (N, 3)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c

# %% [markdown] exercise="identify"
# Where the output sits at a limit the linear law does not hold, so
# these rows say nothing about its coefficients and something wrong
# about everything else. A row that *starts* at a limit and leaves it
# is as good as any other, because the law is obeyed on the way.

# %% exercise="tbptt_gradients"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)  # (B, k, 1)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad for name, one in found}

# %% [markdown] exercise="tbptt_gradients"
# `detach` keeps the state's numbers and cuts its history, so a chunk
# starts where the last one ended and its gradient stops there. Each
# chunk's squared errors are divided by the size of the whole, so the
# last chunk may be shorter and still weighs what it should.

# %% exercise="accumulate_gradients"
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    for x, y in batches:
        share = len(x) / total
        (share * loss(model(x), y)).backward()

# %% [markdown] exercise="accumulate_gradients"
# `backward` adds to `.grad`, so the sum comes for free and only the
# weights of its terms need care: a mean over few rows counts as much
# as its rows do. The graph of one batch is freed before the next one
# is built, which is the whole point.

# %% exercise="hides_the_scale"
def hides_the_scale(
    optimizer: type[torch.optim.Optimizer], **settings: Any
) -> bool:
    ends = []
    for scale in (1.0, 50.0):
        weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        rule = optimizer([weight], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weight - 3).square()).backward()
            rule.step()
        ends.append(weight.item())
    return abs(ends[1] - ends[0]) < 1e-3 * abs(ends[0])

# %% [markdown] exercise="hides_the_scale"
# Nothing about an optimizer has to be known in order to measure it:
# run it twice from one start, on one loss and on fifty times that
# loss. Several steps are needed, because an optimizer may hide the
# scale in its first step and show it later, or the other way around.

# %% exercise="update_steps"
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = list(range(period - 1, n_samples, period))
    if n_samples % period:
        steps.append(n_samples - 1)
    return steps

# %% [markdown] exercise="update_steps"
# The sample with index `period - 1` is the one that completes the
# first group. What is left at the end is a group as well, only
# shorter, and its gradient has been paid for.

# %% exercise="train_in_chunks"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    state, outputs = None, []
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)  # (B, k, 1)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)  # (B, T, 1)

# %% [markdown] exercise="train_in_chunks"
# Time is cut along the second axis and the sequences stay side by
# side, so one call of the network does the work of $Bk$ single steps.
# The state crosses from chunk to chunk as numbers without a history.
