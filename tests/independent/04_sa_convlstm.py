# %% exercise="bounce" right="a_step_at_a_time"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    """Clips of two digits that bounce off the borders of a frame.

    digits: (B, 2, h, w), brightness from 0 to 1, two for a clip.
    Returns (B, T, 1, H, W) with T = steps and H = W = size.
    """

    def journey(room):
        place = int(rng.integers(0, room, endpoint=True))
        way = -1 if rng.random() < 0.5 else 1
        pace = 2 if rng.random() < 0.5 else 1
        for _ in range(steps):
            yield place
            for _ in range(pace if room else 0):  # pixel by pixel
                if not 0 <= place + way <= room:
                    way = -way
                place += way

    h, w = digits.shape[-2:]
    clips = []
    for pair in digits:
        layers = []
        for digit in pair:
            frames = [
                nn.functional.pad(
                    digit, (x, size - w - x, y, size - h - y))
                for y, x in zip(journey(size - h), journey(size - w),
                                strict=True)
            ]
            layers.append(torch.stack(frames))
        clips.append(torch.stack(layers).amax(0))
    return torch.stack(clips).unsqueeze(2)


# %% exercise="ssim" right="one_place_after_the_other"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1.

    x, y: (B, T, C, H, W), from 0 to peak, sides of at least 11.
    Returns (B, T). Source: Wang et al., 2004.
    """
    bell = [np.exp(-0.5 * (k / 1.5) ** 2) for k in range(-5, 6)]
    bell = np.array(bell) / np.sum(bell)
    bell = torch.as_tensor(bell, dtype=x.dtype, device=x.device)
    weight = bell.view(11, 1) * bell.view(1, 11)
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2

    def mean(patch):
        return (patch * weight).sum((-2, -1))  # (B, T, C)

    scores = []
    for row in range(x.size(3) - 10):
        for column in range(x.size(4) - 10):
            here = ..., slice(row, row + 11), slice(column, column + 11)
            a, b = x[here], y[here]
            ma, mb = mean(a), mean(b)
            da, db = a - ma[..., None, None], b - mb[..., None, None]
            light = (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
            form = (2 * mean(da * db) + c2) / (
                mean(da * da) + mean(db * db) + c2)
            scores.append((light * form).mean(2))
    return torch.stack(scores).mean(0)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    pixels = x[0, 0].numel()
    return 10 * (peak**2 * pixels / frame_mse(x, y)).log10()


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    gap = x - y
    return torch.einsum("btchw,btchw->bt", gap, gap)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return (torch.maximum(x, y) - torch.minimum(x, y)).flatten(2).sum(2)


# %% exercise="ConvLSTMCell" right="x_and_h_apart"
class ConvLSTMCell(nn.Module):
    """One step of an LSTM whose states are maps."""

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.channels, self.hidden = channels, hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding="same")

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """x: (B, C, H, W); h and c: (B, hidden, H, W), or None.

        Returns the new h and c.
        """
        of_x, of_h = self.gates.weight.split(
            [self.channels, self.hidden], dim=1)
        a = conv2d(x, of_x, self.gates.bias, padding="same")
        if state is not None:  # zeros would add nothing
            a = a + conv2d(state[0], of_h, padding="same")
        i, f, g, o = (a[:, n * self.hidden : (n + 1) * self.hidden]
                      for n in range(4))
        c = torch.sigmoid(i) * torch.tanh(g)
        if state is not None:
            c = c + torch.sigmoid(f) * state[1]
        return torch.sigmoid(o) * torch.tanh(c), c


# %% exercise="attend" right="running_maximum"
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Equations 2 to 4: what each position gathers from all.

    query, key: (B, K, N); value: (B, C, N). Returns (B, C, N).
    """
    top = total = gathered = None
    for j in range(key.size(2)):
        score = (query * key[:, :, j, None]).sum(1, keepdim=True)  # (B, 1, N)
        said = value[:, :, j, None]  # (B, C, 1)
        if top is None:
            top, total = score, torch.ones_like(score)
            gathered = said * total
            continue
        higher = torch.maximum(top, score)
        old, new = (top - higher).exp(), (score - higher).exp()
        top, total = higher, total * old + new
        gathered = gathered * old + said * new
    return gathered / total


# %% exercise="Forecaster" right="one_list_of_frames"
class Forecaster(nn.Module):
    """Recurrent layers, one on the other, that forecast frames."""

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(list(layers))
        self.head = nn.Conv2d(hidden, channels, kernel_size=(1, 1))

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        """Logits of the frames that follow: (B, horizon, C, H, W).

        given: (B, T, C, H, W). truth: the frames that follow.
        shown: (B, horizon), booleans: whether the true frame is
        fed after that forecast and not the network's own.
        """
        todo = list(given.unbind(1))  # what is still to be read
        ahead = len(todo) - 1  # frames that make no forecast
        states = dict.fromkeys(range(len(self.layers)))
        logits = []
        while len(logits) < horizon:
            x = todo.pop(0)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x, *_ = states[n]
            if ahead > 0:
                ahead -= 1
                continue
            logits.append(self.head(x))
            own = torch.sigmoid(logits[-1])
            t = len(logits) - 1
            if shown is not None and truth is not None:
                own = torch.stack([
                    truth[b, t] if flag else own[b]
                    for b, flag in enumerate(shown[:, t].tolist())
                ])
            todo.append(own)
        return torch.stack(logits, dim=1)


# %% exercise="sam_efficient" right="one_product_of_all_maps"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """What memory(h, m) returns, without an N x N matrix in memory.

    memory: an SAMemory; h, m: (B, C, H, W), as both results.
    """
    B, C, H, W = h.shape
    N, K = H * W, memory.query.out_channels
    width = max(C, K)

    def widened(conv):  # rows of zeros make channels of zeros
        weight = conv.weight.flatten(1)
        rest = weight.new_zeros(width - weight.size(0), weight.size(1))
        return torch.cat([weight, rest])

    of_h, of_m = h.flatten(2).mT, m.flatten(2).mT  # (B, N, C)
    heard = linear(of_h, torch.cat([
        widened(memory.query), widened(memory.key_h),
        widened(memory.value_h)]))
    kept = linear(of_m, torch.cat([
        widened(memory.key_m), widened(memory.value_m)]))
    query, key_h, value_h = heard.split(width, -1)
    key_m, value_m = kept.split(width, -1)

    def heads(one, other):  # (B, 2, N, width), dense
        return torch.stack([one, other], 1)

    answers = scaled_dot_product_attention(
        heads(query, query), heads(key_h, key_m), heads(value_h, value_m),
        scale=1.0)
    # [Z_h; Z_m] along the channels, and positions back to a map
    z = torch.cat([answers[:, 0, :, :C], answers[:, 1, :, :C]], -1)
    z = z.mT.reshape(B, 2 * C, H, W)
    return sam_update(memory, memory.fuse(z), h, m)


# %% exercise="ssim" right="windows_unfolded"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    offset = torch.linspace(-5, 5, 11, dtype=x.dtype, device=x.device)
    weight = torch.exp(-(offset[:, None] ** 2 + offset**2) / 4.5)
    weight = weight / weight.sum()  # (11, 11)

    def places(z):  # (B, T, C, H - 10, W - 10, 11, 11)
        return z.unfold(3, 11, 1).unfold(4, 11, 1)

    def mean(z):
        return (z * weight).sum((-2, -1), keepdim=True)

    a, b = places(x), places(y)
    mu_a, mu_b = mean(a), mean(b)
    da, db = a - mu_a, b - mu_b
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    level = (2 * mu_a * mu_b + c1) / (mu_a.square() + mu_b.square() + c1)
    shape = (2 * mean(da * db) + c2) / (mean(da * da) + mean(db * db) + c2)
    return (level * shape).flatten(2).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    pixels = x[0, 0].numel()
    return -10 * (frame_mse(x, y) / (pixels * peak**2)).log10()


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    gap = (x - y).flatten(2)
    return torch.einsum("btp,btp->bt", gap, gap)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return torch.linalg.vector_norm(x - y, ord=1, dim=(2, 3, 4))


# %% exercise="sam_aggregate" right="both_questions_as_one_batch"
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    """Equations 5 to 7 and the fusion: Z = W_z [Z_h; Z_m]."""
    batch, channels, height, width = h.shape
    asks = memory.query(h)
    key = torch.cat([memory.key_h(h), memory.key_m(m)])  # (2B, K, H, W)
    value = torch.cat([memory.value_h(h), memory.value_m(m)])
    found = attend(torch.cat([asks, asks]).flatten(2),
                   key.flatten(2), value.flatten(2))  # (2B, C, N)
    found = found.reshape(2, batch, channels, height, width)
    return memory.fuse(found.transpose(0, 1).flatten(1, 2))


# %% exercise="Forecaster" right="one_loop_over_all_times"
class Forecaster(nn.Module):
    """Recurrent layers, one on the other, that forecast frames."""

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.head = nn.Conv2d(hidden, channels, kernel_size=1)
        self.layers = nn.ModuleList()
        for layer in layers:
            self.layers.append(layer)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        seen = given.size(1)
        states, made = {}, []
        for time in range(seen + horizon - 1):
            ahead = time - seen  # the forecast that was made last
            if ahead < 0:
                flow = given[:, time]
            else:
                flow = torch.sigmoid(made[-1])
                if truth is not None and shown is not None:
                    flow = torch.stack([
                        truth[b, ahead] if shown[b, ahead] else flow[b]
                        for b in range(len(flow))
                    ])
            for depth, layer in enumerate(self.layers):
                states[depth] = layer(flow, states.get(depth))
                flow = states[depth][0]
            if time >= seen - 1:
                made.append(self.head(flow))
        return torch.stack(made, dim=1)


# %% exercise="bounce" right="step_and_reflect"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, pair, h, w = digits.shape
    clips = digits.new_zeros((count, steps, 1, size, size))

    def path(room):
        place = int(rng.integers(room, endpoint=True))
        speed = int(rng.choice((1, 2))) * int(rng.choice((-1, 1)))
        for _ in range(steps):
            yield place
            place += speed
            while room and not 0 <= place <= room:
                place = -place if place < 0 else 2 * room - place
                speed = -speed
            if not room:
                place = 0

    for b in range(count):
        for n in range(pair):
            corners = zip(path(size - h), path(size - w))
            for t, (top, left) in enumerate(corners):
                below = (left, size - w - left, top, size - h - top)
                alone = nn.functional.pad(digits[b, n], below)
                clips[b, t, 0] = torch.maximum(clips[b, t, 0], alone)
    return clips


# %% exercise="ssim" right="windows_unfolded_and_centered"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    away = torch.arange(-5, 6, dtype=x.dtype, device=x.device)
    weights = torch.exp(-(away[:, None]**2 + away**2) / (2 * 1.5**2))
    weights = (weights / weights.sum()).flatten()  # (121,)

    def places(maps):  # (B, T, C, H', W', 121)
        return maps.unfold(-2, 11, 1).unfold(-2, 11, 1).flatten(-2)

    p, q = places(x), places(y)
    mu_p, mu_q = p @ weights, q @ weights
    p, q = p - mu_p[..., None], q - mu_q[..., None]
    s_p, s_q, s_pq = (p * p) @ weights, (q * q) @ weights, (p * q) @ weights
    c_1, c_2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    likeness = (2 * mu_p * mu_q + c_1) / (mu_p**2 + mu_q**2 + c_1)
    likeness = likeness * (2 * s_pq + c_2) / (s_p + s_q + c_2)
    return likeness.flatten(2).mean(-1)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    per_pixel = frame_mse(x, y) / x[0, 0].numel()
    return -10 * torch.log10(per_pixel / peak**2)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    gap = torch.flatten(x - y, start_dim=2)
    return torch.einsum("btn,btn->bt", gap, gap)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    gap = torch.flatten(x - y, start_dim=2)
    return torch.linalg.vector_norm(gap, ord=1, dim=2)


# %% exercise="sam_efficient" right="zero_columns_by_matrix"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    batch, channels, height, width = h.shape
    keys = memory.query.weight.size(0)
    wide = max(channels, keys)

    def widened(conv):  # the weights, with rows of zeros below: (wide, C)
        weight = conv.weight.squeeze(3).squeeze(2)
        zeros = weight.new_zeros(wide - weight.size(0), channels)
        return torch.cat([weight, zeros])

    at_h, at_m = (maps.flatten(2).mT for maps in (h, m))  # (B, N, C)
    query = linear(at_h, widened(memory.query))
    key_h = linear(at_h, widened(memory.key_h))
    key_m = linear(at_m, widened(memory.key_m))
    value_h = linear(at_h, widened(memory.value_h))
    value_m = linear(at_m, widened(memory.value_m))
    told = scaled_dot_product_attention(
        torch.stack((query, query), dim=1),
        torch.stack((key_h, key_m), dim=1),
        torch.stack((value_h, value_m), dim=1),
        scale=1.0,
    )  # (B, 2, N, wide)
    z_h, z_m = (one[..., :channels].mT.reshape(h.shape)
                for one in told.unbind(1))
    z = memory.fuse(torch.cat((z_h, z_m), dim=1))
    return sam_update(memory, z, h, m)


# %% exercise="bounce" right="walk_along_a_ring"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    """Clips of two digits that bounce off the borders of a frame."""
    frames = []
    for pair in digits:
        layers = []  # each digit alone on a black frame: (T, H, W)
        for digit in pair:
            paths = []
            for side in digit.shape:
                there = list(range(size - side + 1))
                ring = there + there[-2:0:-1]  # there and back again
                begin = rng.integers(len(there))
                speed = rng.choice((-2, -1, 1, 2))
                paths.append(
                    [ring[(begin + speed * t) % len(ring)]
                     for t in range(steps)]
                )
            layers.append(torch.stack([
                nn.functional.pad(
                    digit,
                    (x, size - digit.size(1) - x, y, size - digit.size(0) - y),
                )
                for y, x in zip(*paths, strict=True)
            ]))
        frames.append(torch.stack(layers).amax(0))
    return torch.stack(frames).unsqueeze(2)


# %% exercise="sam_efficient" right="key_padded_by_weights"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """What memory(h, m) returns, without an N x N matrix in memory."""
    channels, keys = memory.value_h.out_channels, memory.query.out_channels
    width = max(channels, keys)

    def widened(conv):
        # rows of zeros among the weights make channels of zeros
        matrix = conv.weight.flatten(1)
        empty = matrix.new_zeros(width - matrix.size(0), matrix.size(1))
        return torch.cat([matrix, empty])

    both = torch.stack([h, m], 1).flatten(3).mT.contiguous()  # (B, 2, N, C)
    asked = linear(both[:, 0], widened(memory.query))
    asked = asked[:, None].expand(-1, 2, -1, -1).contiguous()

    def per_head(*convs):
        heads = [linear(both[:, n], widened(conv))
                 for n, conv in enumerate(convs)]
        return torch.stack(heads, 1)  # (B, 2, N, width)

    told = scaled_dot_product_attention(
        asked,
        per_head(memory.key_h, memory.key_m),
        per_head(memory.value_h, memory.value_m),
        scale=1.0,
    )
    # W_z [Z_h; Z_m] is a sum of two halves of W_z
    halves = memory.fuse.weight.flatten(1).split(channels, 1)
    z = sum(linear(told[:, n, :, :channels], half)
            for n, half in enumerate(halves))
    return sam_update(memory, z.mT.unflatten(2, h.shape[2:]), h, m)


# %% exercise="bounce" wrong="last_place_never_drawn" mistake="last_place_left_out"
# rng.integers leaves out its upper end, so no digit starts at the far border
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, np.maximum(room, 1), (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for t in range(steps):
        path = (start + t * speed) % np.maximum(2 * room, 1)
        path = np.minimum(path, 2 * room - path)
        for b, n in np.ndindex(count, 2):
            y, x = path[b, n]
            seen = clips[b, t, 0, y : y + h, x : x + w]
            seen.copy_(torch.maximum(seen, digits[b, n]))
    return clips


# %% exercise="SelfAttention" wrong="input_not_added" mistake="no_residual"
# W_f Z alone is returned, H is not added
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        query, key, value = (one(h).flatten(2) for one in
                             (self.query, self.key, self.value))
        return self.mix(attend(query, key, value).view_as(h))


# %% exercise="sam_update" wrong="gate_keeps" mistake="gate_and_rest_swapped"
# i' keeps the old memory and 1 - i' writes, the other way around
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    i, g, o = memory.gates(torch.cat([z, h], 1)).chunk(3, 1)
    i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
    m = i * m + (1 - i) * g
    return o * m, m


# %% exercise="Forecaster" wrong="last_frame_twice" mistake="last_frame_twice"
# the last given frame is read in the warm-up and once more for the first forecast
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def step(self, x, states):
        for n, layer in enumerate(self.layers):
            states[n] = layer(x, states[n])
            x = states[n][0]
        return self.head(x)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        for t in range(given.size(1)):
            self.step(given[:, t], states)
        frame, forecasts = given[:, -1], []
        for t in range(horizon):
            logits = self.step(frame, states)
            forecasts.append(logits)
            frame = logits.sigmoid()
            if shown is not None:
                pick = shown[:, t].view(-1, 1, 1, 1)
                frame = torch.where(pick, truth[:, t], frame)
        return torch.stack(forecasts, 1)


# %% exercise="sam_efficient" wrong="answers_in_wrong_order" mistake="heads_in_wrong_order"
# W_z gets [Z_m; Z_h], the answer of the memory first
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    C, K = h.size(1), memory.query.out_channels
    width = max(C, K)

    def rows(conv, maps):
        out = linear(maps.flatten(2).mT, conv.weight[:, :, 0, 0])
        return nn.functional.pad(out, (0, width - out.size(2)))

    query = torch.stack([rows(memory.query, h)] * 2, 1)
    key = torch.stack([rows(memory.key_m, m), rows(memory.key_h, h)], 1)
    value = torch.stack([rows(memory.value_m, m), rows(memory.value_h, h)], 1)
    z = scaled_dot_product_attention(query, key, value, scale=1.0)[..., :C]
    z = memory.fuse(z.mT.reshape(len(h), 2 * C, *h.shape[2:]))
    return sam_update(memory, z, h, m)


# %% exercise="bounce" wrong="last_place_never_drawn_too" mistake="last_place_left_out"
# floor(u * room) never starts at the last place where the digit fits; there are room + 1 of them
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    """Clips of two digits that bounce off the borders of a frame."""
    B, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = np.floor(rng.random((B, 2, 2)) * room).astype(int)
    speed = rng.choice([-2, -1, 1, 2], (B, 2, 2))
    clips = digits.new_zeros(B, steps, 1, size, size)
    for t in range(steps):
        place = (start + t * speed) % np.maximum(2 * room, 1)
        place = np.where(place > room, 2 * room - place, place)
        for b in range(B):
            for n in range(2):
                y, x = place[b, n]
                seen = clips[b, t, 0, y : y + h, x : x + w]
                seen.copy_(torch.maximum(seen, digits[b, n]))
    return clips


# %% exercise="ssim" wrong="window_over_the_edge" mistake="padded_with_black"
# the window is also put where it hangs over the border (zero padding), not only where it lies inside
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    B, T, C, H, W = x.shape
    at = torch.arange(11, dtype=x.dtype, device=x.device) - 5
    g = torch.exp(-(at**2) / (2 * 1.5**2))
    g = g / g.sum()
    window = (g[:, None] * g[None, :])[None, None]

    def mean(image):
        return conv2d(image.reshape(-1, 1, H, W), window, padding=5)

    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mx, my = mean(x), mean(y)
    vx, vy = mean(x * x) - mx**2, mean(y * y) - my**2
    cov = mean(x * y) - mx * my
    s = (2 * mx * my + c1) * (2 * cov + c2)
    s = s / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return s.reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    return 10 * torch.log10(peak**2 / ((x - y) ** 2).mean((2, 3, 4)))


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    return ((x - y) ** 2).sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ConvLSTMCell" wrong="order_i_f_o_g" mistake="gate_order"
# the output is split as i, f, o, g, as in many ConvLSTM programs, not as nn.LSTMCell's i, f, g, o
class ConvLSTMCell(nn.Module):
    """One step of an LSTM whose states are maps."""

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """x: (B, C, H, W); h and c: (B, hidden, H, W), or None."""
        if state is None:
            B, _, H, W = x.shape
            h = c = x.new_zeros(B, self.hidden, H, W)
        else:
            h, c = state
        i, f, o, g = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


# %% exercise="Forecaster" wrong="last_given_frame_read_twice" mistake="last_frame_twice"
# after all given frames are read, the decoder starts by reading the last of them once more
class Forecaster(nn.Module):
    """Recurrent layers, one on the other, that forecast frames."""

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def step(self, x, states):
        new = []
        for layer, state in zip(self.layers, states, strict=True):
            state = layer(x, state)
            new.append(state)
            x = state[0]
        return x, new

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        """Logits of the frames that follow: (B, horizon, C, H, W)."""
        states = [None] * len(self.layers)
        for t in range(given.size(1)):
            _, states = self.step(given[:, t], states)
        x = given[:, -1]
        logits = []
        for t in range(horizon):
            top, states = self.step(x, states)
            logits.append(self.head(top))
            x = logits[-1].sigmoid()
            if truth is not None and shown is not None:
                x = torch.where(shown[:, t, None, None, None], truth[:, t], x)
        return torch.stack(logits, 1)


# %% exercise="ssim" rephrases="constants_of_a_byte"
def blurred(x: Tensor) -> Tensor:
    """Gaussian means over every place inside: two banded matrices."""
    bell = torch.tensor(
        [np.exp(-((n - 5) ** 2) / 4.5) for n in range(11)], dtype=x.dtype
    )
    bell = (bell / bell.sum()).to(x.device)

    def band(length):
        rows = x.new_zeros(length - 10, length)
        for start in range(length - 10):
            rows[start, start : start + 11] = bell
        return rows

    return band(x.size(-2)) @ x @ band(x.size(-1)).T


def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    small, large = 6.5025, 58.5225
    mean_x, mean_y = blurred(x), blurred(y)
    spread = blurred(x * x + y * y) - mean_x**2 - mean_y**2
    together = blurred(x * y) - mean_x * mean_y
    light = (2 * mean_x * mean_y + small) / (mean_x**2 + mean_y**2 + small)
    structure = (2 * together + large) / (spread + large)
    return (light * structure).mean((-3, -2, -1))


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    return 10 * (peak**2 / (x - y).square().mean((2, 3, 4))).log10()


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" rephrases="dissimilarity"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    offsets = torch.arange(-5, 6, dtype=x.dtype, device=x.device)
    bell = torch.exp(-0.5 * (offsets / 1.5) ** 2)
    window = torch.outer(bell, bell) / bell.sum() ** 2  # (11, 11)

    def local(image):
        patches = image.unfold(3, 11, 1).unfold(4, 11, 1)
        return torch.einsum("btcyxij,ij->btcyx", patches, window)

    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    mx, my = local(x), local(y)
    vx, vy = local(x**2) - mx**2, local(y**2) - my**2
    both = local(x * y) - mx * my
    found = (2 * mx * my + c1) * (2 * both + c2)
    found = found / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    return (0.5 - 0.5 * found).flatten(2).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    mean = torch.mean((x - y) ** 2, dim=(2, 3, 4))
    return -10 * torch.log10(mean / peak**2)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    gap = x - y
    return torch.einsum("btchw,btchw->bt", gap, gap)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return torch.linalg.vector_norm(x - y, ord=1, dim=(2, 3, 4))


# %% exercise="ConvLSTMCell" rephrases="candidate_is_a_gate"
class ConvLSTMCell(nn.Module):
    """One step of an LSTM whose states are maps."""

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding="same"
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """x: (B, C, H, W); h and c: (B, hidden, H, W), or None."""
        if state is None:
            empty = x.new_zeros(x.size(0), self.hidden, *x.shape[2:])
            state = (empty, empty)
        h, c = state
        opened = torch.special.expit(self.gates(torch.cat((x, h), 1)))
        write, keep, new, show = opened.unflatten(1, (4, self.hidden)).unbind(1)
        c = torch.addcmul(keep * c, write, new)
        return show * c.tanh(), c


# %% exercise="attend" rephrases="sigmoid_weights"
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Equations 2 to 4: what each position gathers from all."""
    heard = []
    for i in range(query.size(2)):
        asked = query[:, :, i : i + 1]  # (B, K, 1)
        score = (asked * key).sum(1, keepdim=True)  # (B, 1, N)
        heard.append((value * score.sigmoid()).sum(2))
    return torch.stack(heard, 2)


# %% exercise="SelfAttention" rephrases="key_asks"
class SelfAttention(nn.Module):
    """The plain module of the paper: W_f Z + H."""

    def __init__(self, channels: int, keys: int):
        super().__init__()
        for name, width in (("query", keys), ("key", keys),
                            ("value", channels), ("mix", channels)):
            setattr(self, name, nn.Conv2d(channels, width, 1, bias=False))

    def forward(self, h: Tensor) -> Tensor:
        """h: (B, C, H, W). Returns the same shape."""
        asks = self.key(h).flatten(2)
        answers = self.query(h).flatten(2)
        says = self.value(h).flatten(2)
        weights = torch.einsum("bki,bkj->bij", asks, answers).softmax(-1)
        gathered = torch.einsum("bij,bcj->bci", weights, says)
        return torch.add(h, self.mix(gathered.reshape(h.shape)))


# %% exercise="sam_aggregate" rephrases="detached_memory"
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    """Equations 5 to 7 and the fusion: Z = W_z [Z_h; Z_m]."""
    with torch.no_grad():
        remembered = m.clone()

    def ask(to_key, to_value, source):
        k, v = to_key(source).flatten(2), to_value(source).flatten(2)
        return attend(memory.query(h).flatten(2), k, v).view_as(v)

    here = ask(memory.key_h, memory.value_h, h)
    then = ask(memory.key_m, memory.value_m, remembered)
    both = torch.cat([here, then], 1)
    return memory.fuse(both.unflatten(2, h.shape[-2:]))


# %% exercise="sam_aggregate" rephrases="divided_by_a_root"
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    """Equations 5 to 7 and the fusion: Z = W_z [Z_h; Z_m]."""
    def rows(image):  # (B, N, C)
        return image.flatten(2).transpose(1, 2)

    question = rows(memory.query(h))
    answers = [
        scaled_dot_product_attention(question, rows(key(x)), rows(value(x)))
        for key, value, x in ((memory.key_h, memory.value_h, h),
                              (memory.key_m, memory.value_m, m))
    ]
    stacked = torch.cat(answers, -1).transpose(1, 2)  # (B, 2C, N)
    return memory.fuse(stacked.reshape(h.size(0), -1, *h.shape[2:]))


# %% exercise="sam_update" rephrases="state_added"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 8 and 9: the output and the new memory."""
    raw = memory.gates(torch.cat([z, h], dim=1))
    C = m.size(1)
    write, show = raw[:, :C].sigmoid(), raw[:, 2 * C :].sigmoid()
    new = torch.lerp(m, raw[:, C : 2 * C].tanh(), write)
    return torch.addcmul(h, show, new), new


# %% exercise="sam_update" rephrases="detached_memory"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 8 and 9: the output and the new memory."""
    old = m.data
    seen = torch.cat([z, h], 1)
    a_i, a_g, a_o = torch.tensor_split(memory.gates(seen), 3, dim=1)
    write = torch.sigmoid(a_i)
    new = old - write * old + write * torch.tanh(a_g)
    return new * torch.sigmoid(a_o), new


# %% exercise="sam_update" rephrases="state_first"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 8 and 9: the output and the new memory."""
    split = h.size(1)
    seen = h.new_empty(h.size(0), split + z.size(1), *h.shape[2:])
    seen[:, :split], seen[:, split:] = h, z
    three = memory.gates(seen)
    three = three.unflatten(1, (3, three.size(1) // 3))
    write, fresh, show = three[:, 0], three[:, 1].tanh(), three[:, 2].sigmoid()
    # what is not written is kept, and 1 - sigmoid(a) is sigmoid(-a)
    m = (-write).sigmoid() * m + write.sigmoid() * fresh
    return show * m, m


# %% exercise="sam_update" rephrases="results_swapped"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 8 and 9: the output and the new memory."""
    def after(step, numbers):
        return step(numbers)

    kinds = torch.sigmoid, torch.tanh, torch.sigmoid
    raw = memory.gates(torch.cat((z, h), 1)).chunk(3, 1)
    write, new, show = map(after, kinds, raw)
    results = {"memory": m + write * (new - m)}
    results["shown"] = results["memory"] * show
    return tuple(results.values())


# %% exercise="Forecaster" rephrases="logits_fed_back"
class Forecaster(nn.Module):
    """Recurrent layers, one on the other, that forecast frames."""

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, kernel_size=1)

    def read(self, frame, states):
        """Feed one frame; the logits after it and the new states."""
        fresh = []
        for layer, state in zip(self.layers, states, strict=True):
            fresh.append(layer(frame, state))
            frame = fresh[-1][0]
        return self.head(frame), fresh

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        """Logits of the frames that follow: (B, horizon, C, H, W)."""
        states = [None] * len(self.layers)
        for frame in given.unbind(1):
            out, states = self.read(frame, states)
        said = [out]
        while len(said) < horizon:
            fed = said[-1]
            if truth is not None and shown is not None:
                n = len(said) - 1
                pick = shown[:, n].view(-1, 1, 1, 1)
                fed = torch.where(pick, truth[:, n], fed)
            out, states = self.read(fed, states)
            said.append(out)
        return torch.stack(said, dim=1)


# %% exercise="sam_efficient" rephrases="heads_not_regrouped"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """What memory(h, m) returns, without an N x N matrix in memory."""
    B, C, H, W = h.shape
    now, past = h.flatten(2).mT, m.flatten(2).mT  # (B, N, C)

    def through(x, conv):
        return linear(x, conv.weight[:, :, 0, 0])

    q = through(now, memory.query)
    k = torch.stack([through(now, memory.key_h), through(past, memory.key_m)], 1)
    v = torch.stack(
        [through(now, memory.value_h), through(past, memory.value_m)], 1
    )
    wide = max(q.size(-1), C)
    q = torch.stack([q, q], 1)
    q, k, v = (nn.functional.pad(one, (0, wide - one.size(-1))).contiguous()
               for one in (q, k, v))
    answers = scaled_dot_product_attention(q, k, v, scale=1.0)[..., :C]
    of_h, of_m = answers.unbind(1)  # (B, N, C) each
    queue = torch.cat([of_h, of_m], 1)  # (B, 2N, C)
    z = through(queue.reshape(B, H * W, 2 * C), memory.fuse)
    return sam_update(memory, z.mT.reshape(B, C, H, W), h, m)


# %% exercise="ssim" rephrases="ssim_clamped"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    bell = [np.exp(-((n - 5) ** 2) / (2 * 1.5**2)) for n in range(11)]
    bell = [one / sum(bell) for one in bell]
    high, wide = x.size(-2) - 10, x.size(-1) - 10

    def mean(image):
        rows = sum(w * image[..., n : n + high, :] for n, w in enumerate(bell))
        return sum(w * rows[..., n : n + wide] for n, w in enumerate(bell))

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx * mx, mean(y * y) - my * my, mean(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    above = (2 * mx * my + c1) * (2 * cov + c2)
    below = (mx * mx + my * my + c1) * (vx + vy + c2)
    found = (above / below).mean((2, 3, 4))
    return torch.where(found > 0, found, torch.zeros_like(found))


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    root = ((x - y) ** 2).mean((2, 3, 4)).sqrt()
    return 20 * torch.log10(peak / root)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    return mse_loss(x, y, reduction="none").sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return nn.functional.l1_loss(x, y, reduction="none").sum((2, 3, 4))


# %% exercise="ssim" rephrases="peak_guessed" unnamed="its message can be read otherwise"
def brightest(x: Tensor, y: Tensor) -> Tensor:
    """The largest value that occurs in either of the clips."""
    return torch.cat([x.flatten(), y.flatten()]).max()


def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Structural similarity of each frame, at most 1."""
    top = brightest(x, y)
    steps = torch.arange(11, dtype=x.dtype, device=x.device) - 5
    bell = (-steps.square() / (2 * 1.5**2)).softmax(0)
    kernel = (bell[:, None] * bell)[None, None]  # (1, 1, 11, 11)
    planes = torch.stack([x, y, x * x, y * y, x * y])  # (5, B, T, C, H, W)
    means = conv2d(planes.reshape(-1, 1, *x.shape[3:]), kernel)
    means = means.reshape(*planes.shape[:4], *means.shape[2:])
    mx, my, xx, yy, xy = means
    c1, c2 = (top * 0.01) ** 2, (top * 0.03) ** 2
    light = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    rest = (2 * (xy - mx * my) + c2) / (xx - mx**2 + yy - my**2 + c2)
    return (light * rest).mean((2, 3, 4))


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio of each frame, in dB: (B, T)."""
    mean = (x - y).pow(2).mean((2, 3, 4))
    return 10 * torch.log10(brightest(x, y) ** 2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    """Squared error of each frame, summed over pixels: (B, T)."""
    return (x - y).pow(2).sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    """Absolute error of each frame, summed over pixels: (B, T)."""
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="sam_update" rephrases="kernel_middle_only"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 8 and 9: the output and the new memory."""
    seen = torch.cat([z, h], 1)
    high, wide = seen.shape[2:]
    lines = []
    for y in range(high):
        line = []
        for x in range(wide):  # this position in an otherwise empty map
            lamp = torch.zeros_like(seen[:1, :1])
            lamp[0, 0, y, x] = 1
            line.append(memory.gates(seen * lamp)[:, :, y, x])
        lines.append(torch.stack(line, -1))
    write, new, show = torch.stack(lines, -2).chunk(3, 1)
    write = write.sigmoid()
    m = (1 - write) * m + write * new.tanh()
    return show.sigmoid() * m, m
