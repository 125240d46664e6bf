# %% exercise="saturating_integral" mistake="clamp_at_the_end" hint=1 says="Only what comes back is clamped; clamp every new level before it is carried on."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    return (start + gain * (x - bias).cumsum(1)).clamp(0, 1)


# %% exercise="saturating_integral" mistake="previous_input" says="Each level takes the input before it; y[:, t] has x[:, t] in it already."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        outputs.append(y)
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="fixed_gain" says="The gain is always a tenth; use the argument."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + 0.1 * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="bias_outside" says="The bias is subtracted after the gain; subtract it from the input first."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * x[:, step] - bias).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="no_start" says="The level always starts at zero; start from the argument."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.zeros_like(x[:, 0])
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="no_upper_limit" hint=2 says="The level has no upper limit; keep it below one as well."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(min=0)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="shown_level_only" hint=2 says="What is shown stops at one, and what is carried on does not; carry the level that is shown."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(min=0)
        outputs.append(y.clamp(max=1))
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="one_level_for_all" hint=2 says="All sequences share one level; each sequence has its own."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.tensor(start, dtype=x.dtype)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step].mean() - bias)).clamp(0, 1)
        outputs.append(y.expand(x.size(0)))
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="batch_first_forgotten" says="Time and batch are swapped; stack the levels along the second axis."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs)


# %% exercise="saturating_integral" mistake="single_precision" says="The levels are float32 whatever x is; keep the dtype of x."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1).float()


# %% exercise="saturating_integral" mistake="input_overwritten" values="vary" says="The caller's x is overwritten on the way; leave the argument as it is."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    x -= bias
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * x[:, step]).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="fixed_bias" says="The bias is always one half; use the argument."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - 0.5)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="no_bias" says="The bias is never subtracted, so the tank can only fill; subtract it from each input."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * x[:, step]).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="no_lower_limit" hint=1 says="The level can fall below zero; keep it above as well."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(max=1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="start_is_shown" says="The start is shown as a step of its own, so there is one level too many; return one for each input."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = [y]
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="no_limits" hint=1 says="The level is never cut off; clamp it to zero and one before it is carried on."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = y + gain * (x[:, step] - bias)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="saturating_integral" mistake="last_level_only" hint=2 says="Only the last level comes back; collect the level of every step."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = []
    for step in range(x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return y[:, None]


# %% exercise="saturating_integral" mistake="last_level_only"
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    from functools import reduce

    def turn(level, column):
        moved = level + gain * (column - bias)
        return moved.relu() - (moved - 1).relu()

    return reduce(turn, x.unbind(dim=1), torch.full_like(x[:, 0], start))


# %% exercise="saturating_integral" mistake="first_input_skipped" says="The first input is skipped; it changes the level like any other."
def saturating_integral(
    x: Tensor,
    gain: float = 0.1,
    bias: float = 0.5,
    start: float = 0.0,
) -> Tensor:
    y = torch.full_like(x[:, 0], start)
    outputs = [y]
    for step in range(1, x.size(1)):
        y = (y + gain * (x[:, step] - bias)).clamp(0, 1)
        outputs.append(y)
    return torch.stack(outputs, dim=1)


# %% exercise="exact_integrator" mistake="leak" says="The state keeps 0.99 of itself at each step; for an integral it has to keep all."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[0.99, -0.99], [0.99, -0.99]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="no_upper_clamp" hint=1 says="The level passes one, since the second unit never speaks; it has to hear the same sum as the first one and be subtracted."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, 0.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="clamp_not_fed_back" hint=2 says="The read-out subtracts the second unit and the state does not, so a push against the limit is remembered; feed the difference back."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="threshold_at_a_half" hint=1 says="The second unit wakes at one half; it has to wake where the level reaches one."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, -1.0], [1.0, -1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -0.55]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="added" hint=1 says="The second unit is added and not subtracted; the difference is what stops at one."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, 1.0], [1.0, 1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, 1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="no_bias" hint=2 says="The bias of one half is not subtracted; times the gain it belongs into the units' bias."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, -1.0], [1.0, -1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([0.0, -1.0]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="bias_without_gain" hint=2 says="The bias is too large, so the level never rises; subtract the gain times one half, once."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, -1.0], [1.0, -1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.5, -1.5]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="gain_in_the_read_out" hint=2 says="The gain stands in the read-out, so the limit lies at ten inputs' worth and not at one; scale the input."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([1.0, 1.0])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([[1.0, -1.0], [1.0, -1.0]]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.5, -1.5]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[0.1, -0.1]]))
        read_out.bias.fill_(0.0)
    return rnn, read_out


# %% exercise="exact_integrator" mistake="left_to_chance" says="The weights are the random ones that PyTorch draws; set every one of them."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    return rnn, nn.Linear(2, 1)


# %% exercise="exact_integrator" mistake="three_units" says="There are three units; two are enough, so leave one out."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 3, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(3, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(torch.tensor([0.1, 0.1, 0.0])[:, None])
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0, 0.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05, 0.0]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([1.0, -1.0, 0.0]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="exact_integrator" mistake="read_out_adds" hint=1 says="The read-out adds the second unit; it has to subtract it, as the state does."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, 1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="exact_integrator" mistake="second_bias_left" says="An RNN adds two biases, and bias_hh_l0 keeps its random numbers; set it to zero."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="exact_integrator" mistake="read_out_bias_left" says="The read-out's bias keeps its random number; set it to zero."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
    return rnn, read_out


# %% exercise="exact_integrator" mistake="tanh_units" says="The units are tanh, as an RNN has them by default; ask for ReLU."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="exact_integrator" mistake="time_comes_first" says="The network takes time first; set batch_first."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu")
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.05]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="exact_integrator" mistake="bias_not_for_the_second" hint=2 says="The second unit wakes one half of an input early; the bias belongs to both units."
def exact_integrator() -> tuple[nn.RNN, nn.Linear]:
    rnn = nn.RNN(1, 2, nonlinearity="relu", batch_first=True)
    read_out = nn.Linear(2, 1)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(0.1)
        rnn.weight_hh_l0.copy_(torch.tensor([1.0, -1.0]))
        rnn.bias_ih_l0.copy_(torch.tensor([-0.05, -1.0]))
        rnn.bias_hh_l0.zero_()
        read_out.weight.copy_(torch.tensor([[1.0, -1.0]]))
        read_out.bias.zero_()
    return rnn, read_out


# %% exercise="identify" mistake="every_row" hint=1 says="Rows at a limit are kept, where the law does not hold; leave them out."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = torch.ones_like(now, dtype=torch.bool)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="lagged_input" hint=2 says="The input of the step before stands beside the new level; y[:, t] has x[:, t] in it."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, :-1].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="no_intercept" hint=2 says="There is no column of ones, so c cannot be found; add it."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double()
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b = answer.flatten().tolist()
    return a, b, 0.0


# %% exercise="identify" mistake="only_the_lower_limit" hint=1 says="Rows at the upper limit are kept; leave out both limits."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = now > 0
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="only_the_upper_limit" hint=1 says="Rows at the lower limit are kept; leave out both limits."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = now < 1
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="start_not_end" hint=1 says="Rows that start at a limit are left out and those that end there are kept; it is the new level that has to be free."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (before > 0) & (before < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="both_ends_free" hint=2 says="Rows that start at a limit and leave it are left out; they obey the law and count."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1) & (before > 0) & (before < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="joined" hint=2 says="The sequences are joined end to end, so some rows reach from one into the next; pair the steps within each."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    x, y = x.flatten().double(), y.flatten().double()
    before, now = y[:-1], y[1:]
    free = (now > 0) & (now < 1)
    columns = before, x[1:], torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="swapped" says="The order of the answer is another one; return a, b, c."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return b, a, c


# %% exercise="identify" mistake="single_precision" says="The system is solved in float32; turn the columns to float64 first."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1], y[:, 1:]
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:], torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="tensors" says="The numbers are tensors; return plain floats."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten()
    return a, b, c


# %% exercise="identify" mistake="b_and_c_swapped" says="The input's coefficient and the constant have changed places; return a, b, c."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, c, b


# %% exercise="identify" mistake="nothing_is_lost" hint=2 says="The previous level's coefficient is taken to be one; solve for all three."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    change = (now - before)[free, None]
    answer = torch.linalg.lstsq(rows, change).solution
    b, c = answer.flatten().tolist()
    return 1.0, b, c


# %% exercise="identify" mistake="margin" says="Rows near a limit are left out too; only those at a limit break the law."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0.05) & (now < 0.95)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="ridge" hint=2 says="A ridge pulls the numbers toward zero; leave it out."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    square = rows.T @ rows + 1e-3 * torch.eye(3).double()
    answer = torch.linalg.solve(square, rows.T @ now[free])
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="first_sequence_only" says="Only the first sequence is used; take the rows of all."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    x, y = x[:1], y[:1]
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return a, b, c


# %% exercise="identify" mistake="rounded" values="vary" says="The numbers are rounded; return them as they are solved."
def identify(x: Tensor, y: Tensor) -> tuple[float, float, float]:
    before, now = y[:, :-1].double(), y[:, 1:].double()
    free = (now > 0) & (now < 1)
    columns = before, x[:, 1:].double(), torch.ones_like(now)
    rows = torch.stack([one[free] for one in columns], 1)
    answer = torch.linalg.lstsq(rows, now[free, None]).solution
    a, b, c = answer.flatten().tolist()
    return round(a, 3), round(b, 3), round(c, 3)


# %% exercise="tbptt_gradients" mistake="no_detach" hint=1 says="The history is never cut, so this is the full gradient; detach the state after each chunk."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state, total = None, 0.0
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        total = total + (output - y[:, chunk]).square().sum()
    (total / y.numel()).backward()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="state_reset" hint=1 says="Every chunk starts from a state of zeros; carry the state on, only without its history."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], None)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="detach_every_step" hint=2 says="The history is cut after every single step; cut it once a chunk."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for t in range(x.size(1)):
        output, state = model(x[:, t : t + 1], state)
        error = (output - y[:, t : t + 1]).square().sum()
        (error / y.numel()).backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="last_chunk_dropped" says="The shorter chunk at the end is left out; it counts by its steps."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1) - k + 1, k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="mean_of_chunk_means" hint=2 says="Each chunk's mean counts the same, so a short last one weighs too much; divide every sum by the size of the whole."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state, chunks = None, range(0, x.size(1), k)
    for start in chunks:
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        (mse_loss(output, y[:, chunk]) / len(chunks)).backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="sum_of_chunk_means" hint=2 says="The means of the chunks are added up; the loss is one mean over all steps."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        mse_loss(output, y[:, chunk]).backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="sum_not_mean" hint=2 says="The squared errors are summed; divide by their number."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="mean_over_time_only" hint=2 says="The sum is divided by the number of steps; divide by the sequences as well."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / x.size(1)
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="old_gradients_kept" says="What stood in .grad before is still in the answer; clear it first."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="only_the_last_chunk" hint=2 says="Gradients are cleared before each chunk, so only the last one is left; clear them once."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        model.zero_grad()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="absolute_error" says="This is the gradient of the absolute error; the task asks for the squared one."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).abs().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="first_chunk_of_one" says="The first chunk has one step; each chunk begins at a multiple of k."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(1 - k, x.size(1), k):
        chunk = slice(max(start, 0), start + k)
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="windows" says="The chunks overlap, so every step is paid for several times; cut time into pieces that do not."
def tbptt_gradients(model: nn.Module, x: Tensor, y: Tensor, k: int) -> dict[str, Tensor]:
    model.zero_grad()
    state = None
    for start in range(0, x.size(1)):
        chunk = slice(start, min(start + k, x.size(1)))
        output, state = model(x[:, chunk], state)
        error = (output - y[:, chunk]).square().sum() / y.numel()
        error.backward()
        state = state.detach()
    found = model.named_parameters()
    return {name: one.grad.clone() for name, one in found}


# %% exercise="tbptt_gradients" mistake="windows"
def tbptt_gradients(
    model: nn.Module, x: Tensor, y: Tensor, k: int
) -> dict[str, Tensor]:
    model.zero_grad()
    length, state = x.shape[1], None
    for first in range(max(length - k, 0) + 1):
        seen = x[:, first : first + k]
        wanted = y[:, first : first + k]
        out, _ = model(seen, state)
        (((out - wanted) ** 2).sum() / y.numel()).backward()
        with torch.no_grad():
            _, state = model(x[:, first : first + 1], state)
    return {name: p.grad.clone() for name, p in model.named_parameters()}


# %% exercise="accumulate_gradients" mistake="one_over_m" hint=1 says="Each batch's mean counts the same; a batch with fewer rows has to count less."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    model.zero_grad()
    for x, y in batches:
        (loss(model(x), y) / len(batches)).backward()


# %% exercise="accumulate_gradients" mistake="unscaled" hint=1 says="The gradients of the means are added up without a weight; weigh each by its share of the rows."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    model.zero_grad()
    for x, y in batches:
        loss(model(x), y).backward()


# %% exercise="accumulate_gradients" mistake="zero_grad_inside" hint=2 says="Gradients are cleared before every batch, so only the last one is left; clear them once."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        model.zero_grad()
        (loss(model(x), y) * len(x) / total).backward()


# %% exercise="accumulate_gradients" mistake="last_batch_dropped" says="The last batch is left out; every row counts."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    for x, y in batches[:-1]:
        (loss(model(x), y) * len(x) / total).backward()


# %% exercise="accumulate_gradients" mistake="old_gradients_kept" hint=2 says="What stood in .grad before is still there; clear it first."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    for x, y in batches:
        (loss(model(x), y) * len(x) / total).backward()


# %% exercise="accumulate_gradients" mistake="rows_not_divided" says="Each mean is turned into a sum and the sums are added up; divide by the number of all rows."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    model.zero_grad()
    for x, y in batches:
        (loss(model(x), y) * len(x)).backward()


# %% exercise="accumulate_gradients" mistake="size_of_the_first" hint=1 says="All batches are weighed like the first one; each has its own number of rows."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    size = len(batches[0][0])
    model.zero_grad()
    for x, y in batches:
        (loss(model(x), y) * size / total).backward()


# %% exercise="accumulate_gradients" mistake="always_squared" says="The squared error is used whatever loss is given; call the argument."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    for x, y in batches:
        (mse_loss(model(x), y) * len(x) / total).backward()


# %% exercise="accumulate_gradients" mistake="put_together" says="The batches are put together, and memory was the reason for having several; run one at a time."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    x, y = (torch.cat(part) for part in zip(*batches))
    model.zero_grad()
    loss(model(x), y).backward()


# %% exercise="accumulate_gradients" mistake="steps_in_between" says="An update is made after each batch, so the batches meet different weights; leave the weights alone."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    rule = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in batches:
        (loss(model(x), y) * len(x) / total).backward()
        rule.step()


# %% exercise="accumulate_gradients" mistake="steps_in_between"
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    descent = torch.optim.SGD(model.parameters(), lr=0.01)
    descent.zero_grad()
    total = sum(map(len, (x for x, _ in batches)))
    for x, y in batches:
        part = loss(model(x), y) * (len(x) / total)
        part.backward()
        descent.step()


# %% exercise="accumulate_gradients" mistake="swapped_arguments" says="The loss gets its target first; the output comes first."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    for x, y in batches:
        (loss(y, model(x)) * len(x) / total).backward()


# %% exercise="hides_the_scale" mistake="always" hint=1 says="The answer is always yes; run the optimizer and compare."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    return True


# %% exercise="hides_the_scale" mistake="never" hint=1 says="The answer is always no; run the optimizer twice from one start, with the loss scaled in one of them, and compare."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    return False


# %% exercise="hides_the_scale" mistake="by_name" hint=1 says="The answer is looked up by name; settings change it, and an unknown optimizer has no entry."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    adaptive = "Adam", "AdamW", "RMSprop", "Adagrad", "Adamax"
    return optimizer.__name__ in (*adaptive, "NAdam", "Rprop")


# %% exercise="hides_the_scale" mistake="by_kind" hint=1 says="Everything but SGD is taken to hide the scale; measure it."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    return not issubclass(optimizer, torch.optim.SGD)


# %% exercise="hides_the_scale" mistake="one_step" hint=2 says="One update is compared, and some optimizers show the scale only later; take some twenty."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(1):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap < 1e-3)


# %% exercise="hides_the_scale" mistake="settings_forgotten" hint=2 says="The settings are not handed on to the optimizer; they decide."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights])
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap < 1e-3)


# %% exercise="hides_the_scale" mistake="the_other_way_round" says="The answer is turned around; equal weights mean that the scale is hidden."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap > 1e-3)


# %% exercise="hides_the_scale" mistake="absolute_tolerance" hint=2 says="The gap is compared with a fixed number, so small updates always pass; compare it with the way that was gone."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    return bool((moves[1] - moves[0]).norm() < 1.0)


# %% exercise="hides_the_scale" mistake="direction_only" hint=2 says="Only the direction of the move is compared; its length matters as well."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    one, other = (move / move.norm() for move in moves)
    return bool((one - other).norm() < 1e-3)


# %% exercise="hides_the_scale" mistake="no_number" says="The result is a tensor; return True or False."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return gap < 1e-3


# %% exercise="hides_the_scale" mistake="rate_divided_too" says="The learning rate is divided by fifty as well, which makes up for the scale; change the loss alone."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for group in rule.param_groups:
            group["lr"] /= scale
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap < 1e-3)


# %% exercise="hides_the_scale" mistake="one_optimizer_for_both" hint=2 says="Both runs share one optimizer, which remembers the first; make one for each."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    weights = nn.Parameter(start.clone())
    rule = optimizer([weights], **settings)
    for scale in (1.0, 50.0):
        weights.data = start.clone()
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap < 1e-3)


# %% exercise="hides_the_scale" mistake="minimum_at_zero" hint=2 says="The loss has its minimum at zero, so its gradient looks like weight decay; put the minimum elsewhere."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * weights.square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / moves[0].norm()
    return bool(gap < 1e-3)


# %% exercise="update_steps" mistake="a_step_at_zero" hint=1 says="The first update comes after the first sample, since zero is divisible by everything; update after the one that completes a group."
def update_steps(n_samples: int, period: int) -> list[int]:
    return [i for i in range(n_samples) if i % period == 0]


# %% exercise="update_steps" mistake="a_step_at_zero"
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = []
    for sample in range(n_samples):
        is_last = sample + 1 == n_samples
        if not sample % period or is_last:
            steps.append(sample)
    return steps


# %% exercise="update_steps" mistake="tail_dropped" hint=2 says="What is left at the end gets no update; add one after the last sample."
def update_steps(n_samples: int, period: int) -> list[int]:
    return list(range(period - 1, n_samples, period))


# %% exercise="update_steps" mistake="always_a_last_step" hint=2 says="The last sample gets an update of its own even where it has completed a group; add one only where something is left."
def update_steps(n_samples: int, period: int) -> list[int]:
    return [*range(period - 1, n_samples, period), n_samples - 1]


# %% exercise="update_steps" mistake="counted_from_one" hint=1 says="The samples are counted from one; their indices begin at zero."
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = list(range(period, n_samples + 1, period))
    if n_samples % period:
        steps.append(n_samples)
    return steps


# %% exercise="update_steps" mistake="sizes_of_groups" hint=1 says="These are the sizes of the groups; return the index of each one's last sample."
def update_steps(n_samples: int, period: int) -> list[int]:
    whole, left = divmod(n_samples, period)
    return [period] * whole + [left] * bool(left)


# %% exercise="update_steps" mistake="a_range" says="This is a range; return a list."
def update_steps(n_samples: int, period: int) -> list[int]:
    if n_samples % period == 0:
        return range(period - 1, n_samples, period)
    steps = list(range(period - 1, n_samples, period))
    return [*steps, n_samples - 1]


# %% exercise="update_steps" mistake="tail_joined" says="What is left at the end is joined to the last whole group; it gets an update of its own."
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = list(range(period - 1, n_samples, period))
    if n_samples % period:
        steps[-1:] = [n_samples - 1]
    return steps


# %% exercise="update_steps" mistake="number_of_groups" hint=1 says="These are the numbers of the groups; return the index of each one's last sample."
def update_steps(n_samples: int, period: int) -> list[int]:
    return list(range(-(-n_samples // period)))


# %% exercise="update_steps" mistake="floats" says="A float, 6.0 in place of 6, is no index; compute whole numbers, without a `/` or a decimal point."
def update_steps(n_samples: int, period: int) -> list[int]:
    steps = list(range(period - 1, n_samples, period))
    if n_samples % period:
        steps.append(n_samples - 1.0)
    return steps


# %% exercise="update_steps" mistake="floats"
def update_steps(n_samples: int, period: int) -> list[int]:
    groups = -(-n_samples // period)
    return [min(period * (group + 1), n_samples) - 1.0 for group in range(groups)]


# %% exercise="update_steps" mistake="groups_of_samples" hint=1 says="These are the groups themselves; return the index of each one's last sample."
def update_steps(n_samples: int, period: int) -> list[int]:
    return [list(range(n_samples))[i : i + period] for i in range(0, n_samples, period)]


# %% exercise="train_in_chunks" mistake="batch_cut_instead_of_time" hint=1 says="The chunks are cut along the first axis, which holds the sequences; time is the second."
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    outputs = []
    for start in range(0, x.size(0), k):
        chunk = slice(start, start + k)
        output, _ = model(x[chunk])
        optimizer.zero_grad()
        loss(output, y[chunk]).backward()
        optimizer.step()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=0)


# %% exercise="train_in_chunks" mistake="batch_cut_instead_of_time"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    state = None
    produced = []
    for inputs, targets in zip(torch.split(x, k), torch.split(y, k)):
        output, state = model(inputs, state)
        optimizer.zero_grad()
        loss(output, targets).backward()
        optimizer.step()
        state = state.detach()
        produced.append(output.detach())
    return torch.cat(produced)


# %% exercise="train_in_chunks" mistake="state_reset" hint=1 says="Every chunk starts from a state of zeros; carry the state on, without its history."
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
        output, state = model(x[:, chunk], None)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="last_chunk_dropped" says="The shorter chunk at the end is left out; train on it too."
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    state, outputs = None, []
    for start in range(0, x.size(1) - k + 1, k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="gradients_pile_up" hint=2 says="Gradients are never cleared, so each update takes the old ones along; clear them before each chunk."
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
        output, state = model(x[:, chunk], state)
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="one_step_at_the_end" hint=2 says="There is one update, at the end; make one after each chunk."
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    optimizer.zero_grad()
    state, outputs = None, []
    for start in range(0, x.size(1), k):
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        loss(output, y[:, chunk]).backward()
        state = state.detach()
        outputs.append(output.detach())
    optimizer.step()
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="no_step" hint=2 says="No update changes the weights; let the optimizer step after backward, before gradients are cleared again."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="always_absolute" says="The absolute error is used whatever loss is given; call the argument."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        l1_loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="outputs_of_the_trained_model" hint=2 says="The outputs are those of the model after training; keep them as they come."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return model(x)[0].detach()


# %% exercise="train_in_chunks" mistake="only_the_last_chunk_returned" says="Only the outputs of the last chunk come back; join those of all."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return outputs[-1]


# %% exercise="train_in_chunks" mistake="joined_along_the_batch" hint=1 says="The chunks are joined along the first axis; time is the second."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs)


# %% exercise="train_in_chunks" mistake="read_again_after_the_step" hint=2 says="Each chunk is read again after its update; keep the outputs that the loss has seen."
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
        before = state
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(model(x[:, chunk], before)[0].detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="swapped_arguments" says="The loss gets its target first; the output comes first."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(y[:, chunk], output).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="history_returned" says="The outputs keep their history, and with it the memory of all chunks; detach them."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output)
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="clipped" says="Gradients are clipped before the update; take them as they are."
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
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="two_passes" says="The chunks are trained on twice; one pass is asked for."
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    state, outputs = None, []
    for start in [*range(0, x.size(1), k)] * 2:
        chunk = slice(start, start + k)
        output, state = model(x[:, chunk], state)
        optimizer.zero_grad()
        loss(output, y[:, chunk]).backward()
        optimizer.step()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="train_in_chunks" mistake="two_passes"
def train_in_chunks(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    k: int,
    optimizer: torch.optim.Optimizer,
    loss: Callable[[Tensor, Tensor], Tensor] = l1_loss,
) -> Tensor:
    for _epoch in range(2):
        state, outputs = None, []
        for start in range(0, x.size(1), k):
            stop = min(start + k, x.size(1))
            predicted, state = model(x[:, start:stop], state)
            state = state.detach()
            optimizer.zero_grad()
            loss(predicted, y[:, start:stop]).backward()
            optimizer.step()
            outputs.append(predicted.detach())
    return torch.cat(outputs, dim=1)


# %% exercise="accumulate_gradients" mistake="one_backward" hint=2 says="All graphs are kept until one backward pass at the end; call it once for each batch."
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    total = sum(len(x) for x, _ in batches)
    model.zero_grad()
    sum(loss(model(x), y) * len(x) / total for x, y in batches).backward()


# %% exercise="accumulate_gradients" mistake="one_backward"
def accumulate_gradients(
    model: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    batches: Sequence[tuple[Tensor, Tensor]],
) -> None:
    model.zero_grad()
    counts = torch.tensor([float(x.shape[0]) for x, _ in batches])
    means = torch.stack([loss(model(x), y) for x, y in batches])
    weights = (counts / counts.sum()).to(means)
    (weights @ means).backward()


# %% exercise="hides_the_scale" mistake="compared_with_the_weights" hint=2 says="The gap is compared with the weights, so small updates from large weights pass; compare it with the way that was gone."
def hides_the_scale(optimizer: type[torch.optim.Optimizer], **settings: Any) -> bool:
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    moves = []
    for scale in (1.0, 50.0):
        weights = nn.Parameter(start.clone())
        rule = optimizer([weights], **settings)
        for _ in range(20):
            rule.zero_grad()
            (scale * (weights - 3).square().sum()).backward()
            rule.step()
        moves.append(weights.detach() - start)
    gap = (moves[1] - moves[0]).norm() / (start + moves[0]).norm()
    return bool(gap < 1e-3)


# %% exercise="train_in_chunks" mistake="zeroed_after_the_step" hint=2 says="Gradients are cleared after each update alone, so those from before move the first; clear them before each chunk."
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
        output, state = model(x[:, start : start + k], state)
        loss(output, y[:, start : start + k]).backward()
        optimizer.step()
        optimizer.zero_grad()
        state = state.detach()
        outputs.append(output.detach())
    return torch.cat(outputs, 1)
