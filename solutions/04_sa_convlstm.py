# %% exercise="bounce"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for b, n in np.ndindex(count, 2):
            y, x = corners[b, n]
            place = clips[b, step, 0, y : y + h, x : x + w]  # (h, w)
            place.copy_(torch.maximum(place, digits[b, n]))
    return clips

# %% [markdown] exercise="bounce"
# A path that bounces is a straight one, folded: walk along a road of
# twice the room, and count the second half backward. The fold keeps
# the speed, needs no test for a border, and works for any number of
# steps; the brighter of two digits is a maximum and no sum.

# %% exercise="ssim"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)  # (11, 11)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None])

    mx, my = local(x), local(y)
    vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
    both = local(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    score = (2 * mx * my + c1) * (2 * both + c2)
    score = score / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return score.reshape(*x.shape[:2], -1).mean(2)  # (B, T)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mean = (x - y).square().flatten(2).mean(2)  # (B, T)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)  # (B, T)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)  # (B, T)

# %% [markdown] exercise="ssim"
# Each returns a figure for each frame, so that no average is taken
# before the logarithm of the PSNR, and an error by horizon is one
# `mean(0)` away. SSIM compares means, variances and the covariance
# under a window; its two constants scale with the peak.

# %% exercise="ConvLSTMCell"
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        reads, pad = channels + hidden, kernel // 2
        self.gates = nn.Conv2d(
            reads, 4 * hidden, kernel, padding=pad
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(
            torch.cat([x, h], 1)
        )  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)  # (B, hidden, H, W) each
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

# %% [markdown] exercise="ConvLSTMCell"
# One convolution over input and state makes all four gates, with one
# bias for each. The state comes in as an argument and goes out as a
# result; nothing is kept on the module, so that two sequences cannot
# meet in it.

# %% exercise="attend"
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights.mT  # (B, C, N)

# %% [markdown] exercise="attend"
# Row $i$ of the scores belongs to the position that asks, and the
# softmax runs along that row, over the positions that answer. Values
# hold positions in their last axis, so the weights enter transposed;
# `softmax` subtracts the largest score and cannot overflow.

# %% exercise="SelfAttention"
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.query, self.key, self.value
        z = attend(*(one(h).flatten(2) for one in maps))  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h

# %% [markdown] exercise="SelfAttention"
# A convolution of size one is a linear map at each position, and
# flattening turns a map of $H \times W$ into $N$ positions. What is
# added at the end is the argument itself, once.

# %% exercise="sam_aggregate"
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    key, value = memory.key_h(h), memory.value_h(h)
    z_h = attend(query, key.flatten(2), value.flatten(2))
    key, value = memory.key_m(m), memory.value_m(m)
    z_m = attend(query, key.flatten(2), value.flatten(2))
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)

# %% [markdown] exercise="sam_aggregate"
# The hidden state asks twice, itself and the memory, with one and
# the same query; key and value always come from the same place. The
# order of the two answers matters because `fuse` has other weights
# for each.

# %% exercise="sam_update"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)  # (B, C, H, W) each
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, m

# %% [markdown] exercise="sam_update"
# One gate decides both what is forgotten and what is written, so the
# memory is an average of its past and of numbers between minus one
# and one, and cannot grow. The output is a share of the memory
# itself, without another tanh.

# %% exercise="Forecaster"
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self, given: Tensor, horizon: int,
        truth: Tensor | None = None, shown: Tensor | None = None,
    ) -> Tensor:
        states, logits = [None] * len(self.layers), []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            x = given[:, t] if ahead < 0 else logits[-1].sigmoid()
            if ahead >= 0 and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))  # (B, C, H, W)
        return torch.stack(logits, 1)  # (B, horizon, C, H, W)

# %% [markdown] exercise="Forecaster"
# The last given frame already makes the first forecast, so it is fed
# once; from then on the network reads its own frames, as intensities
# and not as logits. Each layer reads the layer below, which is what
# gives every layer a gradient.

# %% exercise="sam_efficient"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(layer: nn.Module, x: Tensor) -> Tensor:  # (B, N, out)
        return linear(x.flatten(2).mT, layer.weight.flatten(1))

    query = rows(memory.query, h)[:, None].expand(-1, 2, -1, -1)
    key = rows(memory.key_h, h), rows(memory.key_m, m)
    value = rows(memory.value_h, h), rows(memory.value_m, m)
    asked = query, torch.stack(key, 1), torch.stack(value, 1)
    width = max(x.size(-1) for x in asked)
    q, k, v = (
        nn.functional.pad(x, (0, width - x.size(-1))) for x in asked
    )  # (B, 2, N, width) each
    z = scaled_dot_product_attention(q, k, v, scale=1.0)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)

# %% [markdown] exercise="sam_efficient"
# Two heads that share a query are the two questions of the module.
# The linear maps leave channels last, which is the layout that the
# fused kernel wants; zeros bring keys and values to one width, which
# it wants as well and which changes no product; and `scale=1.0` keeps
# it from dividing by a root that the equations do not have.
