# %% exercise="bounce" mistake="wraps_around" hint=1 says="A digit that leaves on one side comes in on the other; fold the path at the border."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        corners = (start + step * speed) % (room + 1)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="cut_at_the_border" values="vary" hint=1 says="A digit slides out of the frame and is cut off; keep it whole inside."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        corners = np.abs(start + step * speed) % size
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit[: place.size(0), : place.size(1)]))
    return clips


# %% exercise="bounce" mistake="sticks_to_the_border" hint=1 says="A digit that meets the border stays there; turn it back."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        corners = np.clip(start + step * speed, 0, room)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="sticks_to_the_border"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    """Clips of two digits that bounce off the borders of a frame."""
    count, both, height, width = digits.shape
    clips = torch.zeros(
        (count, steps, 1, size, size), dtype=digits.dtype, device=digits.device
    )
    for b in range(count):
        for n in range(both):
            row = int(rng.integers(size - height, endpoint=True))
            col = int(rng.integers(size - width, endpoint=True))
            down, right = (int(one) for one in rng.choice([-2, -1, 1, 2], 2))
            for t in range(steps):
                part = clips[b, t, 0, row : row + height, col : col + width]
                part[...] = torch.max(part, digits[b, n])
                row = sorted((0, row + down, size - height))[1]
                col = sorted((0, col + right, size - width))[1]
    return clips


# %% exercise="bounce" mistake="loses_the_overshoot" hint=1 says="A step that would pass the border ends on it; what is left of the step goes back inside."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    corners = start
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        if step:
            corners = np.clip(corners + speed, 0, room)
            speed = np.where((corners == 0) | (corners == room), -speed, speed)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="one_path_for_all" values="vary" hint=2 says="All clips share one path; draw a start and a speed for each."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (1, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (1, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way).repeat(count, 0)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="digits_move_together" hint=2 says="The two digits of a clip share one path; each has its own."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 1, 2)).repeat(2, 1)
    speed = rng.choice([-2, -1, 1, 2], (count, 1, 2)).repeat(2, 1)
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="overlap_is_added" says="Where digits overlap their brightness is added; the brighter one counts."
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
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(place + digit)
    return clips


# %% exercise="bounce" mistake="overlap_is_added"
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, high, wide = digits.shape
    film = digits.new_zeros(count, steps, 1, size, size)
    for b in range(count):
        for d in range(2):
            tracks = []
            for room in (size - high, size - wide):
                place = int(rng.integers(0, room + 1))
                speed = int(rng.choice([-2, -1, 1, 2]))
                track = []
                for t in range(steps):
                    around = (place + speed * t) % max(2 * room, 1)
                    track.append(min(around, 2 * room - around))
                tracks.append(track)
            for t, (y, x) in enumerate(zip(*tracks)):
                spot = film[b, t, 0, y : y + high, x : x + wide]
                spot += digits[b, d]
    return film


# %% exercise="bounce" mistake="second_digit_on_top" says="The second digit covers the first with its black pixels too; the brighter one counts."
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
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(digit)
    return clips


# %% exercise="bounce" mistake="last_place_left_out" values="vary" says="The rightmost and the lowest place are never a start; the upper end of integers is not drawn."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="only_forward" values="vary" says="Every digit starts to the right and downwards; speeds have both signs."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="some_stand_still" says="A speed of zero is drawn too; every digit moves by one or two pixels."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.integers(-2, 3, (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="diagonal_only" hint=2 says="Both axes have the same speed; draw one for each."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 1))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="global_generator" values="vary" says="The draws come from another generator, as numpy's global one; use the one that is handed in."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = np.random.randint(0, room + 1, (count, 2, 2))
    speed = np.random.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips


# %% exercise="bounce" mistake="axes_swapped" says="Rows and columns are swapped: a tall digit gets the room of a wide one; rows come first."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - w, size - h])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room)  # there and back
        corners = np.minimum(way, 2 * room - way)  # (B, 2, 2)
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit[: place.size(0), : place.size(1)]))
    return clips


# %% exercise="bounce" mistake="time_first" says="The clips have time first; the first axis counts the clips."
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
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips.transpose(0, 1)


# %% exercise="bounce" mistake="no_channel_axis" says="The axis for the channel is missing; a frame is (1, H, W)."
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
        for clip, pair, corner in zip(clips, digits, corners):
            for digit, (y, x) in zip(pair, corner):
                place = clip[step, 0, y : y + h, x : x + w]
                place.copy_(torch.maximum(place, digit))
    return clips[:, :, 0]


# %% exercise="ssim" mistake="mean_over_pixels" says="The squared error is a mean over pixels; of a frame it is their sum."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return (x - y).square().flatten(2).mean(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="mean_of_a_sum" hint=1 says="The errors of all frames are summed and averaged over the batch; keep one figure for each frame."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return (x - y).square().sum() / len(x)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum() / len(x)


# %% exercise="ssim" mistake="one_figure_a_sequence" hint=1 says="The error is summed over all frames of a sequence; keep the axis of time."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return (x - y).square().flatten(1).sum(1)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(1).sum(1)


# %% exercise="ssim" mistake="signed_error" says="The gaps of opposite sign cancel; take absolute values before the sum."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).flatten(2).sum(2).abs()


# %% exercise="ssim" mistake="log_of_a_mean" hint=1 says="PSNR is the logarithm of a mean over frames; take the logarithm of each frame first."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    mean = (x - y).square().mean()
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="peak_of_a_byte" says="PSNR is measured from 255 whatever the peak is; use the argument."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return 10 * torch.log10(255**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="peak_not_squared" says="The peak stands beside a squared error without a square; square it."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return 10 * torch.log10(peak / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="natural_logarithm" says="PSNR is taken with the natural logarithm; decibels use the one of ten."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    return 10 * torch.log(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="constants_of_a_byte" says="The constants of SSIM are made for a peak of 255; scale them with the argument."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None])

    mx, my = local(x), local(y)
    vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
    both = local(x * y) - mx * my
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    score = (2 * mx * my + c1) * (2 * both + c2)
    score = score / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return score.reshape(*x.shape[:2], -1).mean(2)  # (B, T)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mean = (x - y).square().flatten(2).mean(2)  # (B, T)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="constants_swapped" says="The two constants of SSIM are swapped; the smaller one goes with the means."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None])

    mx, my = local(x), local(y)
    vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
    both = local(x * y) - mx * my
    c1, c2 = (0.03 * peak) ** 2, (0.01 * peak) ** 2
    score = (2 * mx * my + c1) * (2 * both + c2)
    score = score / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return score.reshape(*x.shape[:2], -1).mean(2)  # (B, T)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mean = (x - y).square().flatten(2).mean(2)  # (B, T)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="box_window" hint=2 says="All pixels of the window count alike; weigh them by a Gaussian."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.ones(11)
    window = torch.outer(line, line).to(x)
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
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="padded_with_black" hint=2 says="The window hangs over the border and sees black there; keep it inside."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None], padding=5)

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
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="one_window_for_all" hint=2 says="SSIM is taken once over the whole frame; slide a window over it."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return a.flatten(0, 2)[:, None].mean((2, 3), keepdim=True)

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
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="brightness_alone" hint=2 says="Only the means are compared; multiply by the share of the covariance."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None])

    mx, my = local(x), local(y)
    vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
    both = local(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    score = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    return score.reshape(*x.shape[:2], -1).mean(2)  # (B, T)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mean = (x - y).square().flatten(2).mean(2)  # (B, T)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="dissimilarity" says="What is returned grows with the difference; a frame and itself have a similarity of one."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
    window = window / window.sum()

    def local(a: Tensor) -> Tensor:  # (B * T * C, 1, H - 10, W - 10)
        return conv2d(a.flatten(0, 2)[:, None], window[None, None])

    mx, my = local(x), local(y)
    vx, vy = local(x * x) - mx * mx, local(y * y) - my * my
    both = local(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    score = (2 * mx * my + c1) * (2 * both + c2)
    score = score / ((mx * mx + my * my + c1) * (vx + vy + c2))
    score = (1 - score) / 2
    return score.reshape(*x.shape[:2], -1).mean(2)  # (B, T)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mean = (x - y).square().flatten(2).mean(2)  # (B, T)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ConvLSTMCell" mistake="gate_order" hint=2 says="The chunks are taken as i, f, o, g; the order is i, f, g, o, as in nn.LSTMCell."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, o, g = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="input_and_forget_swapped" hint=2 says="Input and forget gate are swapped; the order is i, f, g, o."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        f, i, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="no_bias" says="The gates have no bias; leave it in the convolution."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        reads, pad = channels + hidden, kernel // 2
        self.gates = nn.Conv2d(
            reads, 4 * hidden, kernel, padding=pad, bias=False
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # 4 * hidden
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="state_first" hint=2 says="The state stands before the input in the concatenation; the input comes first."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([h, x], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="height_and_width_swapped" says="The state of zeros has height and width swapped; take them from the input in order."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            x = x.mT
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="no_tanh_on_the_cell" says="The output is o times c; take the tanh of c first."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c, c


# %% exercise="ConvLSTMCell" mistake="old_cell_shown" says="The output shows the cell of the step before; show the new one."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        new = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), new


# %% exercise="ConvLSTMCell" mistake="candidate_is_a_gate" says="The candidate g goes through a sigmoid; it takes a tanh."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.sigmoid()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="coupled_gates" says="What is forgotten is tied to what is written; the forget gate is a gate of its own."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = (1 - i.sigmoid()) * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="state_on_the_module" says="The state is kept on the module and meets the next sequence; take it in and hand it out."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            state = getattr(self, "state", None)
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # (B, 4 * hidden, H, W)
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        self.state = (o.sigmoid() * c.tanh()).detach(), c.detach()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="cell_overwritten" says="The cell is changed in place, in the caller's tensor too; make a new one."
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
        gates = self.gates(torch.cat([x, h], 1))  # 4 * hidden
        i, f, g, o = gates.chunk(4, 1)
        c.mul_(f.sigmoid()).add_(i.sigmoid() * g.tanh())
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="kernel_ignored" says="The kernel is always of size three; use the argument."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        reads, pad = channels + hidden, 1
        self.gates = nn.Conv2d(
            reads, 4 * hidden, 3, padding=pad
        )

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # 4 * hidden
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="attend" mistake="softmax_over_queries" hint=1 says="The weights sum to one over those who ask; they have to over those who answer."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.softmax(1)
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="softmax_over_everything" hint=1 says="The weights sum to one over all pairs; each position that asks has its own softmax."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.flatten(1).softmax(1).view_as(scores)
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="no_softmax" hint=1 says="The scores weigh the values as they are; put them through a softmax."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="divided_by_a_root" says="The scores are divided by the root of K; equation 2 has no such factor."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key / query.size(1) ** 0.5  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="weights_transposed" hint=2 says="The weights are transposed when they meet the values; position i gathers with row i."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights  # (B, C, N)


# %% exercise="attend" mistake="query_and_key_swapped" hint=2 says="Key and query are swapped; row i of the scores belongs to the query of i."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = key.mT @ query  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="naive_exponential" says="The exponential of a large score overflows; softmax subtracts the largest first."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.exp() / scores.exp().sum(2, keepdim=True)
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="sigmoid_weights" hint=1 says="Each score has its own sigmoid; the weights of a position share a softmax."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.sigmoid()
    return value @ weights.mT  # (B, C, N)


# %% exercise="attend" mistake="mean_of_the_answers" says="The weighed values are averaged once more; their weights sum to one already."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights.mT / value.size(2)  # (B, C, N)


# %% exercise="attend" mistake="one_answer_for_all" says="All positions get the answer to the mean query; each asks for itself."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mean(2, keepdim=True).expand_as(query).mT @ key  # (B, N, N): row i is what i asks
    weights = scores.softmax(2)
    return value @ weights.mT  # (B, C, N)


# %% exercise="SelfAttention" mistake="no_residual" says="The map itself is not added; return W_f Z + H."
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
        return self.mix(z.unflatten(2, h.shape[2:]))


# %% exercise="SelfAttention" mistake="doubled_output" says="The output is added to itself; add the argument H to it."
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
        new_h = self.mix(z.unflatten(2, h.shape[2:]))
        new_h += new_h
        return new_h


# %% exercise="SelfAttention" mistake="doubled_residual" says="H is added twice; once is enough."
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
        return self.mix(z.unflatten(2, h.shape[2:])) + h + h


# %% exercise="SelfAttention" mistake="residual_inside" says="H is added before W_f; it passes by the map."
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
        return self.mix(z.unflatten(2, h.shape[2:]) + h)


# %% exercise="SelfAttention" mistake="values_unmapped" says="H itself is gathered; map it by W_v first."
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.query, self.key, self.value
        z = attend(self.query(h).flatten(2), self.key(h).flatten(2), h.flatten(2))  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h


# %% exercise="SelfAttention" mistake="no_mix" says="Z is added without W_f; mix its channels first."
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
        return z.unflatten(2, h.shape[2:]) + h


# %% exercise="SelfAttention" mistake="height_and_width_swapped" hint=2 says="The positions are laid out column by column; take height and width in order."
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
        return self.mix(z.unflatten(2, h.shape[:1:-1]).mT) + h


# %% exercise="SelfAttention" mistake="rows_alone" hint=1 says="Each row attends to itself alone; flatten both sides into N positions."
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.query, self.key, self.value
        z = attend(*(one(h).transpose(1, 2).flatten(0, 1) for one in maps))
        z = z.unflatten(0, (len(h), h.size(2))).transpose(1, 2).flatten(2)  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h


# %% exercise="SelfAttention" mistake="key_asks" says="Query and key are swapped; the first argument of attend asks."
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.key, self.query, self.value
        z = attend(*(one(h).flatten(2) for one in maps))  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h


# %% exercise="sam_aggregate" mistake="memory_asks" hint=1 says="The memory's answer is asked for by the memory; the query of H asks both."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        memory.query(m).flatten(2), memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="keys_of_the_state" hint=2 says="The memory's keys are made of H; make them of M."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(h).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="key_and_query_swapped" hint=2 says="The memory asks and H answers; the query is made of H and the keys of M."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        memory.key_m(h).flatten(2), memory.query(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="key_and_query_swapped"
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    of_h = memory.query(h).flatten(2)
    of_m = memory.key_m(m).flatten(2)
    own = attend(of_h, memory.key_h(h).flatten(2),
                 memory.value_h(h).flatten(2))
    scores = torch.einsum("bki,bkj->bij", of_m, of_h)
    old = memory.value_m(m).flatten(2) @ torch.softmax(scores, -1).mT
    both = torch.cat([own, old], 1).reshape(len(h), -1, *h.shape[2:])
    return memory.fuse(both)


# %% exercise="sam_aggregate" mistake="values_of_the_state" hint=2 says="The memory's values are made of H; make them of M."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(h).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="wrong_order" hint=3 says="Z_m stands before Z_h in the fusion; the order is Z_h, then Z_m."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_m, z_h], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="memory_dropped" hint=3 says="Z_m is left out of the fusion; concatenate both."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, 0 * z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="state_dropped" hint=3 says="Z_h is left out of the fusion; concatenate both."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([0 * z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="shared_maps" hint=2 says="The memory is mapped by the weights of H; it has a key and a value of its own."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_h(m).flatten(2), memory.value_h(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="one_softmax_for_both" hint=2 says="State and memory compete in one softmax; each answer has its own."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    key = torch.cat([memory.key_h(h).flatten(2), memory.key_m(m).flatten(2)], 2)
    v_h, v_m = memory.value_h(h).flatten(2), memory.value_m(m).flatten(2)
    value = torch.cat([torch.cat([v_h, 0 * v_m], 2), torch.cat([0 * v_h, v_m], 2)], 1)
    z = attend(query, key, value)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="with_a_residual" says="H is added to Z; the residual belongs to the plain module."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:])) + h  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="detached_memory" says="The memory is cut off from its history; leave the gradient whole."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    m = m.detach()
    query = memory.query(h).flatten(2)  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_aggregate" mistake="divided_by_a_root" says="The scores are divided by the root of K; equation 5 has no such factor."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h).flatten(2)
    query = query / query.size(1) ** 0.5  # (B, K, N)
    z_h = attend(
        query, memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    )
    z_m = attend(
        query, memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    )
    z = torch.cat([z_h, z_m], 1)  # (B, 2C, N)
    return memory.fuse(z.unflatten(2, h.shape[2:]))  # (B, C, H, W)


# %% exercise="sam_update" mistake="gate_and_rest_swapped" hint=1 says="i' keeps the memory and 1 - i' writes; it is the other way round."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = i * m + (1 - i) * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="no_tanh" says="The candidate is written without its tanh, so that the memory can grow; apply it."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="sigmoid_candidate" says="The candidate goes through a sigmoid and is never negative; it takes a tanh."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.sigmoid()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="tanh_of_the_memory" says="The output takes a tanh of the memory, as an LSTM does; equation 9 has none."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m.tanh(), m


# %% exercise="sam_update" mistake="state_shown" hint=2 says="The output gate shows H; it shows the new memory."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * h, m


# %% exercise="sam_update" mistake="state_added" says="H is added to the output; the residual belongs to the plain module."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m + h, m


# %% exercise="sam_update" mistake="detached_memory" says="The memory is detached before it is updated; its gradient has to reach back."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m.detach() + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="deaf_to_the_state" hint=2 says="The gates hear Z alone; they hear H too."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, 0 * h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="deaf_to_z" hint=2 says="The gates hear H alone; they hear Z too."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([0 * z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="deaf_to_z"
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    heard = h.repeat(1, 2, 1, 1)
    write, new, show = torch.tensor_split(memory.gates(heard), 3, dim=1)
    m = torch.lerp(m, new.tanh(), write.sigmoid())
    return show.sigmoid() * m, m


# %% exercise="sam_update" mistake="state_first" hint=2 says="H stands before Z in the gates; the order is Z, then H."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([h, z], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="old_memory_shown" hint=2 says="The output shows the memory of the step before; show the new one."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    new = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, new


# %% exercise="sam_update" mistake="gate_order" hint=2 says="The chunks are taken as i, o, g; the order is i, g, o."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, o, g = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="memory_not_kept" says="What is written is added to the whole memory; the rest keeps only 1 - i' of it."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = m + i * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="sam_update" mistake="results_swapped" says="The memory comes first in the result; the output comes first."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates(torch.cat([z, h], 1))  # (B, 3C, H, W)
    i, g, o = gates.chunk(3, 1)
    i = i.sigmoid()
    m = (1 - i) * m + i * g.tanh()
    return m, o.sigmoid() * m


# %% exercise="Forecaster" mistake="all_layers_read_x" hint=2 says="Every layer reads the frame and none the layer below, so that only the last one trains; hand the map up."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
            x = states[-1][0]
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="last_frame_twice" hint=1 says="The last given frame is fed a second time; it makes the first forecast at once."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon):
            ahead = t - given.size(1) - 1
            if ahead < 0:
                x = given[:, min(t, given.size(1) - 1)]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="logits_fed_back" hint=2 says="Raw logits are fed back where frames are expected; put them through a sigmoid."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1]
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="truth_always_fed" hint=2 says="True frames are fed whenever they are at hand, at the test too; feed them where shown says so."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None:
                x = truth[:, ahead]
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="mask_upside_down" hint=2 says="The network's own frame is fed where the true one is asked for; swap the two."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, x, truth[:, ahead])
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="frame_of_the_future" says="After a forecast the true frame after it is fed; feed the frame that was forecast."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, min(t - given.size(1) + 1, horizon - 1)], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="one_mask_for_all" says="The first sequence decides for the whole batch what is fed; each has its own mask."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = bool(shown[0, ahead])
                x = truth[:, ahead] if fed else x
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="smoothed_over_time" says="Given frames are mixed with those after them, and true frames of the future with them; a step may see its past alone."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        if truth is not None:
            every = torch.cat([given, truth], 1)
            given = (every + every.roll(-1, 1))[:, : given.size(1)] / 2
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="smoothed_over_time"
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def step(self, frame, states):
        x, after = frame, []
        for layer, state in zip(self.layers, states):
            state = layer(x, state)
            x = state[0]
            after.append(state)
        return self.head(x), after

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        frames = given if truth is None else torch.cat([given, truth], 1)
        last = frames.size(1) - 1
        mixed = [(frames[:, max(t - 1, 0)] + frames[:, t] + frames[:, min(t + 1, last)]) / 3
                 for t in range(last + 1)]
        frames = torch.stack(mixed, 1)
        given, truth = frames[:, : given.size(1)], (
            None if truth is None else frames[:, given.size(1) :])
        states = [None] * len(self.layers)
        for frame in given.unbind(1):
            logits, states = self.step(frame, states)
        forecasts = [logits]
        for t in range(horizon - 1):
            frame = torch.sigmoid(logits)
            if truth is not None and shown is not None:
                mask = shown[:, t].view(-1, 1, 1, 1)
                frame = torch.where(mask, truth[:, t], frame)
            logits, states = self.step(frame, states)
            forecasts.append(logits)
        return torch.stack(forecasts, dim=1)


# %% exercise="Forecaster" mistake="state_on_the_module" says="The states are kept on the module and meet the next sequence; begin each call anew."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = self.__dict__.setdefault("states", [None] * len(self.layers))
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="layers_in_a_plain_list" says="The layers stand in a plain list and are no part of the module; use nn.ModuleList."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = list(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="layers_without_gradient" says="Each layer gets a detached map, so that only the last one trains; leave the gradient whole."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x.detach(), states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="Forecaster" mistake="frames_returned" says="Frames between zero and one come back; logits are asked for."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1).sigmoid()


# %% exercise="Forecaster" mistake="time_first" says="The forecasts have time first; the first axis is the batch."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits)


# %% exercise="Forecaster" mistake="states_not_carried" says="Every step starts from no state; carry each layer's state on."
class Forecaster(nn.Module):
    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)
        logits = []
        for t in range(given.size(1) + horizon - 1):
            ahead = t - given.size(1)  # of which forecast, from 0
            if ahead < 0:
                x = given[:, t]  # (B, C, H, W)
            else:
                x = logits[-1].sigmoid()
            if ahead >= 0 and truth is not None and shown is not None:
                fed = shown[:, ahead, None, None, None]
                x = torch.where(fed, truth[:, ahead], x)
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, None)
                x = states[n][0]  # (B, hidden, H, W)
            if ahead >= -1:
                logits.append(self.head(x))
        return torch.stack(logits, 1)


# %% exercise="sam_efficient" mistake="scaled" hint=2 says="The fused kernel divides by the root of K unless it is told not to; pass a scale of one."
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
    z = scaled_dot_product_attention(q, k, v)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="explicit" values="vary" says="All N x N weights are made and kept; hand queries, keys and values to the fused kernel."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    return memory(h, m)


# %% exercise="sam_efficient" mistake="strided" hint=1 says="The rows are views of maps with channels first, and the kernel falls back to the explicit one; its last axis has to be dense."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(layer: nn.Module, x: Tensor) -> Tensor:  # (B, N, out)
        return layer(x).flatten(2).mT

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


# %% exercise="sam_efficient" mistake="memory_asks" hint=2 says="The second head is asked by the memory; both heads share the query of H."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(layer: nn.Module, x: Tensor) -> Tensor:  # (B, N, out)
        return linear(x.flatten(2).mT, layer.weight.flatten(1))

    query = rows(memory.query, h), rows(memory.query, m)
    key = rows(memory.key_h, h), rows(memory.key_m, m)
    value = rows(memory.value_h, h), rows(memory.value_m, m)
    asked = torch.stack(query, 1), torch.stack(key, 1), torch.stack(value, 1)
    width = max(x.size(-1) for x in asked)
    q, k, v = (
        nn.functional.pad(x, (0, width - x.size(-1))) for x in asked
    )  # (B, 2, N, width) each
    z = scaled_dot_product_attention(q, k, v, scale=1.0)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="heads_in_wrong_order" says="The memory's answer stands first; the order is Z_h, then Z_m."
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
    z = z[..., : h.size(1)].flip(1).transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="heads_not_regrouped" hint=3 says="The heads are laid one after the other along N; bring them side by side for each position."
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
    z = z[..., : h.size(1)].reshape(len(h), -1, 2 * h.size(1))  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="half_precision" says="The attention is computed in half precision; keep the precision of h."
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
        nn.functional.pad(x.bfloat16(), (0, width - x.size(-1))) for x in asked
    )  # (B, 2, N, width) each
    z = scaled_dot_product_attention(q, k, v, scale=1.0).to(h)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="half_precision"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    channels = h.size(1)
    width = max(channels, memory.query.out_channels)

    def rows(conv, maps):
        out = linear(maps.flatten(2).mT, conv.weight.flatten(1))  # (B, N, .)
        out = nn.functional.pad(out, (0, width - out.size(-1)))
        return out.half()

    asked = rows(memory.query, h)
    queries = torch.stack([asked, asked], 1)
    keys = torch.stack([rows(memory.key_h, h), rows(memory.key_m, m)], 1)
    values = torch.stack([rows(memory.value_h, h), rows(memory.value_m, m)], 1)
    found = scaled_dot_product_attention(queries, keys, values, scale=1.0)
    found = found[..., :channels].to(h.dtype).mT  # (B, 2, C, N)
    z = memory.fuse(found.reshape(len(h), 2 * channels, *h.shape[2:]))
    return sam_update(memory, z, h, m)


# %% exercise="sam_efficient" mistake="without_gradient" says="The attention runs without a gradient, which saves memory and trains nothing; leave the graph whole."
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
    with torch.no_grad():
        z = scaled_dot_product_attention(q, k, v, scale=1.0)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="causal" says="The kernel is told to hide later positions; positions have no order."
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
    z = scaled_dot_product_attention(q, k, v, scale=1.0, is_causal=True)
    z = z[..., : h.size(1)].transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="contiguous_copies" says="Every query gets a contiguous copy of all keys before the product; let the fused kernel walk over them."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(layer, x):
        return linear(x.flatten(2).mT, layer.weight.flatten(1))

    n = h.size(2) * h.size(3)
    query, answers = rows(memory.query, h), []
    for key, value in (
        (rows(memory.key_h, h), rows(memory.value_h, h)),
        (rows(memory.key_m, m), rows(memory.value_m, m)),
    ):
        keys = key[:, None].expand(-1, n, -1, -1).contiguous()  # (B, N, N, K)
        weights = (keys @ query[..., None])[..., 0].softmax(2)
        answers.append(weights @ value)
    z = linear(torch.cat(answers, 2), memory.fuse.weight.flatten(1)).mT
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="ssim" mistake="unbiased_variance" says="Variances are divided by one less than their number; the formula takes plain means under the window."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    place = torch.arange(11, dtype=x.dtype) - 5
    line = torch.exp(-place**2 / (2 * 1.5**2))
    window = line[:, None] * line
    window = window / window.sum()
    B, T, C, H, W = x.shape

    def under(z):
        return conv2d(z.reshape(B * T * C, 1, H, W), window[None, None])

    mx, my = under(x), under(y)
    vx = under(x * x) - mx * mx
    vy = under(y * y) - my * my
    cov = under(x * y) - mx * my
    vx, vy, cov = (121 / 120 * one for one in (vx, vy, cov))
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    top = (2 * mx * my + c1) * (2 * cov + c2)
    bottom = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (top / bottom).reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((2, 3, 4))
    return 10 * torch.log10(peak**2 / mse)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ssim" mistake="ssim_clamped" says="Negative similarities are cut off; opposite frames go below zero."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    place = torch.arange(11, dtype=x.dtype) - 5
    line = torch.exp(-place**2 / (2 * 1.5**2))
    window = line[:, None] * line
    window = window / window.sum()
    B, T, C, H, W = x.shape

    def under(z):
        return conv2d(z.reshape(B * T * C, 1, H, W), window[None, None])

    mx, my = under(x), under(y)
    vx = under(x * x) - mx * mx
    vy = under(y * y) - my * my
    cov = under(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    top = (2 * mx * my + c1) * (2 * cov + c2)
    bottom = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (top / bottom).reshape(B, T, -1).mean(2).clamp(0, 1)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((2, 3, 4))
    return 10 * torch.log10(peak**2 / mse)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ssim" mistake="psnr_channels_averaged_after" hint=2 says="Each channel has its own logarithm; take the mean error of the whole frame first."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    place = torch.arange(11, dtype=x.dtype) - 5
    line = torch.exp(-place**2 / (2 * 1.5**2))
    window = line[:, None] * line
    window = window / window.sum()
    B, T, C, H, W = x.shape

    def under(z):
        return conv2d(z.reshape(B * T * C, 1, H, W), window[None, None])

    mx, my = under(x), under(y)
    vx = under(x * x) - mx * mx
    vy = under(y * y) - my * my
    cov = under(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    top = (2 * mx * my + c1) * (2 * cov + c2)
    bottom = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (top / bottom).reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((3, 4))
    return (10 * torch.log10(peak**2 / mse)).mean(2)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ConvLSTMCell" mistake="c_detached" says="The old c carries no gradient, so nothing learns through time; hand it on as it is."
class ConvLSTMCell(nn.Module):

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            B, _, H, W = x.shape
            zero = x.new_zeros(B, self.hidden, H, W)
            state = zero, zero
        h, c = state
        i, f, g, o = self.gates(torch.cat([x, h], 1)).chunk(4, 1)
        c = f.sigmoid() * c.detach() + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


# %% exercise="attend" mistake="weights_detached" says="The weights carry no gradient, so nobody learns whom to ask."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key
    weights = scores.softmax(2).detach()
    return value @ weights.mT


# %% exercise="SelfAttention" mistake="residual_detached" says="The residual carries no gradient to H."
class SelfAttention(nn.Module):

    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        query = self.query(h).flatten(2)
        key = self.key(h).flatten(2)
        value = self.value(h).flatten(2)
        z = attend(query, key, value).view_as(h)
        return self.mix(z) + h.detach()


# %% exercise="sam_aggregate" mistake="h_detached_in_query" says="The query carries no gradient to H."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    query = memory.query(h.detach()).flatten(2)
    key_h, value_h = memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    key_m, value_m = memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    z_h = attend(query, key_h, value_h)
    z_m = attend(query, key_m, value_m)
    z = torch.cat([z_h, z_m], 1).unflatten(2, h.shape[2:])
    return memory.fuse(z)


# %% exercise="sam_aggregate" mistake="memory_empty_skipped" says="An empty memory is passed over; ask it all the same, it answers zero."
def sam_aggregate(memory: nn.Module, h: Tensor, m: Tensor) -> Tensor:
    m = m if m.any() else h
    query = memory.query(h).flatten(2)
    key_h, value_h = memory.key_h(h).flatten(2), memory.value_h(h).flatten(2)
    key_m, value_m = memory.key_m(m).flatten(2), memory.value_m(m).flatten(2)
    z_h = attend(query, key_h, value_h)
    z_m = attend(query, key_m, value_m)
    z = torch.cat([z_h, z_m], 1).unflatten(2, h.shape[2:])
    return memory.fuse(z)


# %% exercise="sam_update" mistake="gate_averaged_over_channels" says="All channels of a position share one i'; each has its own."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    i, g, o = memory.gates(torch.cat([z, h], 1)).chunk(3, 1)
    i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
    i = i.mean(1, keepdim=True)
    m = (1 - i) * m + i * g
    return o * m, m


# %% exercise="Forecaster" mistake="shown_shifted" says="The mask is read one step late; shown at t is about the frame after forecast t."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None:
                mask = shown[:, t + 1, None, None, None]
                frame = torch.where(mask, truth[:, t], frame)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="Forecaster" mistake="layers_backwards" hint=2 says="The layers are run from the last to the first."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in reversed(list(enumerate(self.layers))):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None:
                mask = shown[:, t, None, None, None]
                frame = torch.where(mask, truth[:, t], frame)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="Forecaster" mistake="own_frame_detached" says="The frame that is fed back carries no gradient."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].detach().sigmoid()
            if shown is not None:
                mask = shown[:, t, None, None, None]
                frame = torch.where(mask, truth[:, t], frame)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="Forecaster" mistake="reset_when_shown" says="Where a true frame is shown the state is lost; keep it."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None:
                mask = shown[:, t, None, None, None]
                frame = torch.where(mask, truth[:, t], frame)
                for n, state in enumerate(states):
                    states[n] = tuple(part * (~mask).to(part.dtype) for part in state)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="Forecaster" mistake="mask_broadcast_over_width" says="The mask lies along the width; it belongs to the sequences."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None:
                mask = shown[:, t]
                frame = torch.where(mask, truth[:, t], frame)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="Forecaster" mistake="truth_written_over_given" values="vary" says="The caller's true frames are changed; make new ones."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None:
                mask = shown[:, t, None, None, None]
                truth[:, t] = torch.where(mask, truth[:, t], frame)
                frame = truth[:, t]
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="sam_efficient" mistake="widths_differ" hint=2 says="Keys and values differ in width, so the library falls back to the explicit product; bring them to one width."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(layer: nn.Module, x: Tensor) -> Tensor:  # (B, N, out)
        return linear(x.flatten(2).mT, layer.weight.flatten(1))

    query = rows(memory.query, h)[:, None].expand(-1, 2, -1, -1)
    key = rows(memory.key_h, h), rows(memory.key_m, m)
    value = rows(memory.value_h, h), rows(memory.value_m, m)
    q, k, v = query, torch.stack(key, 1), torch.stack(value, 1)
    z = scaled_dot_product_attention(q, k, v, scale=1.0)
    z = z.transpose(1, 2).flatten(2)  # (B, N, 2C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT  # (B, C, N)
    return sam_update(memory, z.unflatten(2, h.shape[2:]), h, m)


# %% exercise="sam_efficient" mistake="local_windows" values="vary" says="Positions ask within blocks only; each asks all."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(x, *parts):
        weight = torch.cat([part.weight.flatten(1) for part in parts])
        return linear(x.flatten(2).mT, weight)  # (B, N, C)

    K, C = memory.query.out_channels, h.size(1)
    width = max(K, C)

    def wide(x):
        return nn.functional.pad(x, (0, width - x.size(2))).contiguous()

    q = wide(rows(h, memory.query))
    k = torch.stack([wide(rows(h, memory.key_h)), wide(rows(m, memory.key_m))], 1)
    v = torch.stack([wide(rows(h, memory.value_h)), wide(rows(m, memory.value_m))], 1)
    q = torch.stack([q, q], 1)  # (B, 2, N, width)
    parts = [scaled_dot_product_attention(*(one[:, :, n : n + 64] for one in (q, k, v)), scale=1.0) for n in range(0, q.size(2), 64)]
    z = torch.cat(parts, 2)[..., :C]
    z = z.transpose(1, 2).flatten(2)  # (B, N, 2 C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT.unflatten(2, h.shape[2:])
    return sam_update(memory, z, h, m)


# %% exercise="sam_efficient" mistake="local_windows"
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    """What memory(h, m) returns, without an N x N matrix in memory."""
    C, H, W = h.shape[1:]
    wide = max(C, memory.query.out_channels)

    def rows(x, conv):
        y = linear(x.flatten(2).mT, conv.weight.flatten(1))  # (B, N, D)
        y = nn.functional.pad(y, (0, wide - y.size(2)))
        return y.unflatten(1, (H, W))  # every row of the map is a block

    q = rows(h, memory.query)
    k = torch.cat([rows(h, memory.key_h), rows(m, memory.key_m)], 1)
    v = torch.cat([rows(h, memory.value_h), rows(m, memory.value_m)], 1)
    z = scaled_dot_product_attention(
        torch.cat([q, q], 1), k, v, scale=1.0)[..., :C]  # (B, 2H, W, C)
    z_h, z_m = (one.movedim(3, 1) for one in z.chunk(2, 1))
    return sam_update(memory, memory.fuse(torch.cat([z_h, z_m], 1)), h, m)


# %% exercise="bounce" mistake="moves_to_the_farther_side" says="The direction follows from the start; draw it alone."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    B, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    place = rng.integers(0, room + 1, (B, 2, 2))
    speed = rng.choice([1, 2], (B, 2, 2)) * np.where(2 * place > room, -1, 1)
    clips = torch.zeros(B, steps, 1, size, size)
    for t in range(steps):
        for b in range(B):
            for n in range(2):
                y, x = place[b, n]
                spot = clips[b, t, 0, y : y + h, x : x + w]
                spot.copy_(torch.maximum(spot, digits[b, n]))
        place = place + speed
        for _ in range(2):  # a small room may need two
            low, high = place < 0, place > room
            place = np.where(low, -place, np.where(high, 2 * room - place, place))
            speed = np.where(low | high, -speed, speed)
        place = place.clip(0, room)
    return clips


# %% exercise="bounce" mistake="sign_shared_by_digits" hint=2 says="Both digits of a clip go the same way; each draws its own speed."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    B, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    place = rng.integers(0, room + 1, (B, 2, 2))
    speed = rng.choice([-1, 1], (B, 1, 2)) * rng.integers(1, 3, (B, 2, 2))
    clips = torch.zeros(B, steps, 1, size, size)
    for t in range(steps):
        for b in range(B):
            for n in range(2):
                y, x = place[b, n]
                spot = clips[b, t, 0, y : y + h, x : x + w]
                spot.copy_(torch.maximum(spot, digits[b, n]))
        place = place + speed
        for _ in range(2):  # a small room may need two
            low, high = place < 0, place > room
            place = np.where(low, -place, np.where(high, 2 * room - place, place))
            speed = np.where(low | high, -speed, speed)
        place = place.clip(0, room)
    return clips


# %% exercise="bounce" mistake="starts_apart" says="Starts are drawn again until the digits lie apart; they know nothing of each other."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    B, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    place = rng.integers(0, room + 1, (B, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (B, 2, 2))
    for b in range(B):
        for _ in range(20):
            if (abs(place[b, 0] - place[b, 1]) >= [h, w]).any():
                break
            place[b] = rng.integers(0, room + 1, (2, 2))
    clips = torch.zeros(B, steps, 1, size, size)
    for t in range(steps):
        for b in range(B):
            for n in range(2):
                y, x = place[b, n]
                spot = clips[b, t, 0, y : y + h, x : x + w]
                spot.copy_(torch.maximum(spot, digits[b, n]))
        place = place + speed
        for _ in range(2):  # a small room may need two
            low, high = place < 0, place > room
            place = np.where(low, -place, np.where(high, 2 * room - place, place))
            speed = np.where(low | high, -speed, speed)
        place = place.clip(0, room)
    return clips


# %% exercise="ssim" mistake="peak_guessed" says="The peak is guessed from the brightest pixel; use the argument."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    place = torch.arange(11, dtype=x.dtype) - 5
    line = torch.exp(-place**2 / (2 * 1.5**2))
    window = line[:, None] * line
    window = window / window.sum()
    B, T, C, H, W = x.shape

    def under(z):
        return conv2d(z.reshape(B * T * C, 1, H, W), window[None, None])

    mx, my = under(x), under(y)
    vx = under(x * x) - mx * mx
    vy = under(y * y) - my * my
    cov = under(x * y) - mx * my
    peak = 255.0 if max(x.max(), y.max()) > 1 else 1.0
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    top = (2 * mx * my + c1) * (2 * cov + c2)
    bottom = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (top / bottom).reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((2, 3, 4))
    return 10 * torch.log10(peak**2 / mse)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ssim" mistake="mae_in_place" values="vary" says="The caller's clip is overwritten; make a new tensor."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    place = torch.arange(11, dtype=x.dtype) - 5
    line = torch.exp(-place**2 / (2 * 1.5**2))
    window = line[:, None] * line
    window = window / window.sum()
    B, T, C, H, W = x.shape

    def under(z):
        return conv2d(z.reshape(B * T * C, 1, H, W), window[None, None])

    mx, my = under(x), under(y)
    vx = under(x * x) - mx * mx
    vy = under(y * y) - my * my
    cov = under(x * y) - mx * my
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    top = (2 * mx * my + c1) * (2 * cov + c2)
    bottom = (mx**2 + my**2 + c1) * (vx + vy + c2)
    return (top / bottom).reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((2, 3, 4))
    return 10 * torch.log10(peak**2 / mse)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return y.sub_(x).abs_().sum((2, 3, 4))


# %% exercise="ConvLSTMCell" mistake="h_from_middle_only" says="The state is heard at its own position alone; the whole kernel reads it."
class ConvLSTMCell(nn.Module):

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            B, _, H, W = x.shape
            zero = x.new_zeros(B, self.hidden, H, W)
            state = zero, zero
        h, c = state
        weight, n, k = self.gates.weight, self.hidden, self.gates.kernel_size[0] // 2
        maps = conv2d(x, weight[:, :-n], self.gates.bias, padding=k)
        maps = maps + conv2d(h, weight[:, -n:, k : k + 1, k : k + 1])
        i, f, g, o = maps.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


# %% exercise="ConvLSTMCell" mistake="true_convolution" says="The kernel is turned round; nn.Conv2d lays it on as it is."
class ConvLSTMCell(nn.Module):

    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        self.gates = nn.Conv2d(
            channels + hidden, 4 * hidden, kernel, padding=kernel // 2)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            B, _, H, W = x.shape
            zero = x.new_zeros(B, self.hidden, H, W)
            state = zero, zero
        h, c = state
        maps = conv2d(torch.cat([x, h], 1), self.gates.weight.flip(2, 3), self.gates.bias, padding=self.gates.padding)
        i, f, g, o = maps.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


# %% exercise="attend" mistake="top_half" says="Only the better half of the keys is heard; all are, by their weights."
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    scores = query.mT @ key
    scores = scores.masked_fill(scores < scores.median(2, keepdim=True)[0], -float("inf"))
    weights = scores.softmax(2)
    return value @ weights.mT


# %% exercise="attend" mistake="top_half"
def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Equations 2 to 4: what each position gathers from all."""
    score = torch.einsum("bki,bkj->bij", query, key)
    place = score.argsort(2, descending=True).argsort(2)  # 0 is the best
    loud = place < (key.size(2) + 1) // 2
    weight = torch.where(loud, score, -torch.inf).softmax(2)
    return torch.einsum("bij,bcj->bci", weight, value)


# %% exercise="SelfAttention" mistake="heads" says="The channels are cut into two heads; the paper has one."
class SelfAttention(nn.Module):

    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        query = self.query(h).flatten(2)
        key = self.key(h).flatten(2)
        value = self.value(h).flatten(2)
        n = 2 if query.size(1) % 2 == 0 and h.size(1) % 2 == 0 else 1
        parts = zip(*(one.chunk(n, 1) for one in (query, key, value)))
        z = torch.cat([attend(*part) for part in parts], 1).view_as(h)
        return self.mix(z) + h


# %% exercise="SelfAttention" mistake="heads"
class SelfAttention(nn.Module):
    """The plain module of the paper: W_f Z + H."""

    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1, bias=False)
        self.key = nn.Conv2d(channels, keys, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        """h: (B, C, H, W). Returns the same shape."""
        halves = [layer(h).flatten(2).tensor_split(2, dim=1)
                  for layer in (self.query, self.key, self.value)]
        heard = [attend(q, k, v) for q, k, v in zip(*halves)]
        z = torch.cat(heard, 1).view_as(h)
        return h + self.mix(z)


# %% exercise="sam_update" mistake="norm_skipped" hint=2 says="Only the convolution of the gates is used; call memory.gates, whatever module it is."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates[0] if isinstance(memory.gates, nn.Sequential) else memory.gates
    i, g, o = gates(torch.cat([z, h], 1)).chunk(3, 1)
    i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
    m = (1 - i) * m + i * g
    return o * m, m


# %% exercise="sam_update" mistake="kernel_middle_only" says="The gates read their own position alone; use the whole kernel."
def sam_update(
    memory: nn.Module, z: Tensor, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    gates = memory.gates
    if isinstance(gates, nn.Conv2d):
        k = gates.kernel_size[0] // 2
        maps = conv2d(torch.cat([z, h], 1), gates.weight[:, :, k : k + 1, k : k + 1], gates.bias)
    else:
        maps = gates(torch.cat([z, h], 1))
    i, g, o = maps.chunk(3, 1)
    i, g, o = i.sigmoid(), g.tanh(), o.sigmoid()
    m = (1 - i) * m + i * g
    return o * m, m


# %% exercise="Forecaster" mistake="horizon_from_truth" hint=2 says="There are as many forecasts as true frames; horizon decides."
class Forecaster(nn.Module):

    def __init__(
        self, layers: Sequence[nn.Module], hidden: int, channels: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.head = nn.Conv2d(hidden, channels, 1)

    def forward(
        self,
        given: Tensor,
        horizon: int,
        truth: Tensor | None = None,
        shown: Tensor | None = None,
    ) -> Tensor:
        horizon = horizon if truth is None else max(horizon, truth.size(1))
        states = [None] * len(self.layers)

        def read(frame):
            x = frame
            for n, layer in enumerate(self.layers):
                states[n] = layer(x, states[n])
                x = states[n][0]
            return self.head(x)

        for frame in given.unbind(1):
            logits = read(frame)
        made = [logits]
        for t in range(horizon - 1):
            frame = made[-1].sigmoid()
            if shown is not None and t < shown.size(1):
                mask = shown[:, t, None, None, None]
                frame = torch.where(mask, truth[:, t], frame)
            made.append(read(frame))
        return torch.stack(made, 1)


# %% exercise="sam_efficient" mistake="checkpointed" values="vary" says="The matrix is made and not kept; do not make it."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(x, *parts):
        weight = torch.cat([part.weight.flatten(1) for part in parts])
        return linear(x.flatten(2).mT, weight)  # (B, N, C)

    K, C = memory.query.out_channels, h.size(1)
    width = max(K, C)

    def wide(x):
        return nn.functional.pad(x, (0, width - x.size(2))).contiguous()

    q = wide(rows(h, memory.query))
    k = torch.stack([wide(rows(h, memory.key_h)), wide(rows(m, memory.key_m))], 1)
    v = torch.stack([wide(rows(h, memory.value_h)), wide(rows(m, memory.value_m))], 1)
    q = torch.stack([q, q], 1)  # (B, 2, N, width)
    def ask(q, k, v):
        return (q @ k.mT).softmax(3) @ v

    from torch.utils.checkpoint import checkpoint
    z = checkpoint(ask, q, k, v, use_reentrant=False)[..., :C]
    z = z.transpose(1, 2).flatten(2)  # (B, N, 2 C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT.unflatten(2, h.shape[2:])
    return sam_update(memory, z, h, m)


# %% exercise="sam_efficient" mistake="gates_without_their_norm" says="Only the convolution of the gates is used; call sam_update, which calls memory.gates."
def sam_efficient(
    memory: nn.Module, h: Tensor, m: Tensor
) -> tuple[Tensor, Tensor]:
    def rows(x, *parts):
        weight = torch.cat([part.weight.flatten(1) for part in parts])
        return linear(x.flatten(2).mT, weight)  # (B, N, C)

    K, C = memory.query.out_channels, h.size(1)
    width = max(K, C)

    def wide(x):
        return nn.functional.pad(x, (0, width - x.size(2))).contiguous()

    q = wide(rows(h, memory.query))
    k = torch.stack([wide(rows(h, memory.key_h)), wide(rows(m, memory.key_m))], 1)
    v = torch.stack([wide(rows(h, memory.value_h)), wide(rows(m, memory.value_m))], 1)
    q = torch.stack([q, q], 1)  # (B, 2, N, width)
    z = scaled_dot_product_attention(q, k, v, scale=1.0)[..., :C]
    z = z.transpose(1, 2).flatten(2)  # (B, N, 2 C)
    z = linear(z, memory.fuse.weight.flatten(1)).mT.unflatten(2, h.shape[2:])
    gates = memory.gates[0] if isinstance(memory.gates, nn.Sequential) else memory.gates
    i, g, o = gates(torch.cat([z, h], 1)).chunk(3, 1)
    m = (1 - i.sigmoid()) * m + i.sigmoid() * g.tanh()
    return o.sigmoid() * m, m


# %% exercise="bounce" mistake="edge_repeated" hint=2 says="A digit rests on the border for a step; a road of there and back passes each end once."
def bounce(
    digits: Tensor, rng: np.random.Generator, steps: int, size: int
) -> Tensor:
    count, _, h, w = digits.shape
    room = np.array([size - h, size - w])
    start = rng.integers(0, room + 1, (count, 2, 2))
    speed = rng.choice([-2, -1, 1, 2], (count, 2, 2))
    clips = digits.new_zeros(count, steps, 1, size, size)
    for step in range(steps):
        way = (start + step * speed) % (2 * room + 2)
        corners = np.minimum(way, 2 * room + 1 - way)  # (B, 2, 2)
        for b, n in np.ndindex(count, 2):
            y, x = corners[b, n]
            place = clips[b, step, 0, y : y + h, x : x + w]
            place.copy_(torch.maximum(place, digits[b, n]))
    return clips


# %% exercise="ssim" mistake="window_not_normalized" says="The weights of the window do not sum to one; divide them by their sum."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)

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
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="psnr_over_a_sequence" hint=1 says="PSNR takes the mean over all frames of a sequence; each frame has its own."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    line = torch.exp(-((torch.arange(11.0) - 5) / 1.5) ** 2 / 2)
    window = torch.outer(line, line).to(x)
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
    mean = (x - y).square().flatten(1).mean(1)
    return 10 * torch.log10(peak**2 / mean)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().flatten(2).sum(2)


# %% exercise="ssim" mistake="psnr_over_a_sequence"
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    batch, steps = x.shape[:2]
    offset = torch.arange(11, dtype=x.dtype, device=x.device) - 5
    bell = torch.exp(-offset**2 / (2 * 1.5**2))
    bell = bell / bell.sum()

    def blur(a):
        a = a.flatten(0, 2).unsqueeze(1)
        a = conv2d(a, bell.view(1, 1, 11, 1))
        return conv2d(a, bell.view(1, 1, 1, 11))

    mx, my = blur(x), blur(y)
    vx = blur(x * x) - mx * mx
    vy = blur(y * y) - my * my
    cov = blur(x * y) - mx * my
    c1 = (0.01 * peak) ** 2
    c2 = (0.03 * peak) ** 2
    quality = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    quality = quality * (2 * cov + c2) / (vx + vy + c2)
    return quality.reshape(batch, steps, -1).mean(-1)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    error = torch.square(x - y).flatten(1).mean(1, keepdim=True)
    error = error.expand(-1, x.size(1))
    return 10 * torch.log10(peak**2 / error)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return torch.square(x - y).flatten(2).sum(2)


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return torch.abs(x - y).flatten(2).sum(2)


# %% exercise="ssim" mistake="constants_of_one" says="The constants of SSIM are made for a peak of one; scale them with the argument."
def ssim(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    B, T, C, H, W = x.shape
    away = torch.arange(-5, 6, dtype=x.dtype, device=x.device)
    line = torch.exp(-away**2 / (2 * 1.5**2))
    line = line / line.sum()
    kernel = torch.outer(line, line)[None, None]

    def blur(maps):
        return conv2d(maps.reshape(-1, 1, H, W), kernel)

    mx, my = blur(x), blur(y)
    vx, vy = blur(x * x) - mx**2, blur(y * y) - my**2
    cov = blur(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    found = ((2 * mx * my + c1) * (2 * cov + c2)
             / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return found.reshape(B, T, -1).mean(2)


def psnr(x: Tensor, y: Tensor, peak: float = 1.0) -> Tensor:
    mse = (x - y).square().mean((2, 3, 4))
    return 10 * torch.log10(peak**2 / mse)


def frame_mse(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum((2, 3, 4))


def frame_mae(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().sum((2, 3, 4))


# %% exercise="ConvLSTMCell" mistake="no_padding" hint=2 says="The gates have no padding, so that the map shrinks; pad by half a kernel."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        reads = channels + hidden
        self.gates = nn.Conv2d(reads, 4 * hidden, kernel)

    def forward(
        self, x: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        if state is None:
            h = x.new_zeros(len(x), self.hidden, *x.shape[2:])
            state = h, h
        h, c = state
        gates = self.gates(torch.cat([x, h], 1))  # 4 * hidden
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="ConvLSTMCell" mistake="padding_of_one" hint=2 says="The padding is always one, which fits a kernel of three only; pad by half a kernel."
class ConvLSTMCell(nn.Module):
    def __init__(self, channels: int, hidden: int, kernel: int = 3):
        super().__init__()
        self.hidden = hidden
        reads, pad = channels + hidden, 1
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
        gates = self.gates(torch.cat([x, h], 1))  # 4 * hidden
        i, f, g, o = gates.chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


# %% exercise="SelfAttention" mistake="z_in_place_of_h" says="Z is added a second time in place of H; the argument itself passes by."
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
        z = z.unflatten(2, h.shape[2:])
        return self.mix(z) + z


# %% exercise="SelfAttention" mistake="maps_with_a_bias" hint=2 says="The maps have a bias; the formulas have none, so switch it off."
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, keys, 1)
        self.key = nn.Conv2d(channels, keys, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Conv2d(channels, channels, 1)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.query, self.key, self.value
        z = attend(*(one(h).flatten(2) for one in maps))  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h


# %% exercise="SelfAttention" mistake="keys_as_wide_as_the_map" hint=2 says="Query and key are as wide as the map; they have K channels."
class SelfAttention(nn.Module):
    def __init__(self, channels: int, keys: int):
        super().__init__()
        self.query = nn.Conv2d(channels, channels, 1, bias=False)
        self.key = nn.Conv2d(channels, channels, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.mix = nn.Conv2d(channels, channels, 1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        maps = self.query, self.key, self.value
        z = attend(*(one(h).flatten(2) for one in maps))  # (B, C, N)
        return self.mix(z.unflatten(2, h.shape[2:])) + h
