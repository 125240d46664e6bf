# %% exercise="encode_sum" right="through_format_and_lookup_table"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    from functools import reduce

    terms = np.asarray(terms)
    count = terms.shape[1]

    def hot(texts, width):
        # fixed-width texts are a table of code points, four bytes each
        flush = np.char.rjust(np.array(texts), width).astype(f"<U{width}")
        points = flush.view("<u4").reshape(len(terms), width)
        alphabet = np.array([ord(letter) for letter in ALPHABET])
        return np.equal.outer(points, alphabet).astype("float32")

    columns = [terms[:, number].astype(str) for number in range(count)]
    tasks = reduce(
        lambda a, b: np.char.add(np.char.add(a, "+"), b), columns
    )
    digits = len(f"{largest}")
    return (hot(tasks, count * (digits + 1) - 1),
            hot(terms.sum(axis=1).astype(str), len(f"{count * largest}")))


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    best = np.argmax(predicted, axis=-1)
    there = np.take_along_axis(np.asarray(true), best[..., None], axis=-1)
    return float(np.all(there == 1, axis=(1, 2)).mean())


# %% exercise="encode_sum" right="digit_by_digit"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    terms = np.asarray(terms)
    rows, count = terms.shape
    plus, blank = ALPHABET.index("+"), ALPHABET.index(" ")

    def written(parts, width):
        """From the right: digits by division, a plus between parts."""
        codes = np.full((rows, width), blank)
        for row, numbers in enumerate(parts):
            place = width
            for number in reversed(numbers):
                if place < width:
                    place -= 1
                    codes[row, place] = plus
                while number:
                    number, digit = divmod(number, 10)
                    place -= 1
                    codes[row, place] = ALPHABET.index(str(digit))
        hot = np.zeros((rows, width, len(ALPHABET)), "float32")
        np.put_along_axis(hot, codes[..., None], 1, axis=2)
        return hot

    width = len("+".join(count * [str(largest)]))
    totals = terms.sum(1).tolist()
    return (written(terms.tolist(), width),
            written([[one] for one in totals], len(str(largest * count))))


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    pairs = zip(np.argmax(predicted, 2), np.argmax(true, 2), strict=True)
    hits = [np.array_equal(*pair) for pair in pairs]
    return sum(hits) / len(hits)


# %% exercise="split_disjoint" right="dictionary_of_bytes"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from collections import defaultdict

    groups = defaultdict(list)
    for number, row in enumerate(np.asarray(inputs)):
        groups[tuple(row.ravel().tolist())].append(number)
    rng = np.random.default_rng(seed)
    apart = rng.choice(len(groups), size=held_out, replace=False).tolist()
    sides = [], []
    for place, numbers in enumerate(groups.values()):
        sides[place in apart].extend(numbers)
    train, test = (np.array(sorted(side), dtype=int) for side in sides)
    return train, test


# %% exercise="frame_features" right="frame_by_frame"
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    each = [convolve(frames[:, step]) for step in range(frames.shape[1])]
    return ops.stack(each, axis=1)


# %% exercise="attention" right="products_and_exponentials_by_hand"
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    query, keys, values = map(ops.convert_to_tensor, (query, keys, values))
    shrunk = keys / float(np.sqrt(keys.shape[2]))
    scores = ops.sum(query[:, :, None] * shrunk[:, None], axis=-1)
    if mask is not None:
        allowed = ops.broadcast_to(
            ops.cast(mask, "bool")[:, None], ops.shape(scores)
        )
        scores = ops.where(allowed, scores, ops.full_like(scores, -np.inf))
    top = ops.max(scores, axis=-1, keepdims=True)
    raised = ops.exp(scores - top)  # no weight where minus infinity stood
    weights = raised / ops.sum(raised, axis=-1, keepdims=True)
    context = ops.sum(weights[..., None] * values[:, None], axis=2)
    return context, weights


# %% exercise="bidirectional" right="both_ends_in_one_loop"
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    x = ops.convert_to_tensor(x)
    batch, steps = x.shape[0], x.shape[1]
    left, right = [None] * steps, [None] * steps
    coming = cell_forward.get_initial_state(batch)
    going = cell_backward.get_initial_state(batch)
    for step, back in zip(range(steps), range(steps)[::-1], strict=True):
        left[step], coming = cell_forward(x[:, step], coming)
        right[back], going = cell_backward(x[:, back], going)
    pairs = zip(left, right, strict=True)
    return ops.stack(
        [ops.concatenate(pair, axis=-1) for pair in pairs], axis=1
    )


# %% exercise="encode_sum" right="lookup_table_of_bytes"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """Sums and their answers, as one-hot characters."""
    terms = np.asarray(terms)
    count = terms.shape[1]
    table = np.zeros((128, len(ALPHABET)), dtype=np.float32)
    for column, letter in enumerate(ALPHABET):
        table[ord(letter), column] = 1

    def rows(texts: list[str], longest: str) -> np.ndarray:
        width = len(longest)
        block = "".join(f"{text:>{width}s}" for text in texts)
        codes = np.frombuffer(block.encode("ascii"), dtype=np.uint8)
        return table[codes.reshape(len(texts), width)]

    tasks, answers = [], []
    for numbers in terms.astype(int).tolist():
        tasks.append(str(numbers)[1:-1].replace(", ", "+"))
        answers.append(f"{sum(numbers):d}")
    widest = "+".join([str(largest)] * count)
    return rows(tasks, widest), rows(answers, str(count * largest))


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    """Share of rows in which every character is right."""
    picked = np.argmax(np.asarray(predicted), axis=-1)[..., None]
    hits = np.take_along_axis(np.asarray(true), picked, axis=-1)[..., 0]
    return float(np.mean(hits.min(axis=1) > 0))


# %% exercise="split_disjoint" right="groups_in_a_dictionary"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows for training and the test; equal inputs stay together."""
    from random import Random

    groups: dict[tuple, list[int]] = {}
    for row, one in enumerate(np.asarray(inputs)):
        groups.setdefault(tuple(np.ravel(one).tolist()), []).append(row)
    chosen = set(Random(int(seed)).sample(range(len(groups)), int(held_out)))
    sides = [], []
    for place, members in enumerate(groups.values()):
        sides[place in chosen].extend(members)
    train, test = (np.array(sorted(side), dtype=int) for side in sides)
    return train, test


# %% exercise="bidirectional" right="one_loop_two_buffers"
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    """Two cells, one from either end, side by side at every step."""
    from collections import deque

    steps = int(x.shape[1])
    first = cell_forward.get_initial_state(ops.shape(x)[0])
    last = cell_backward.get_initial_state(ops.shape(x)[0])
    from_left, from_right = deque(), deque()
    for near in range(steps):
        far = steps - 1 - near
        said, first = cell_forward(ops.take(x, near, axis=1), first)
        from_left.append(ops.expand_dims(said, 1))
        said, last = cell_backward(ops.take(x, far, axis=1), last)
        from_right.appendleft(ops.expand_dims(said, 1))
    halves = [ops.concatenate(list(one), axis=1)
              for one in (from_left, from_right)]
    return ops.concatenate(halves, axis=-1)


# %% exercise="encode_sum" right="arrays_of_codes"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    terms = np.asarray(terms, dtype=int)
    count = terms.shape[1]
    letters = np.array(list(ALPHABET))

    def spell(texts, width):
        padded = np.char.rjust(np.array(texts, dtype=f"<U{width}"), width)
        table = padded.view("<U1").reshape(len(texts), width)
        return (table[..., None] == letters).astype(np.float32)

    questions = ["+".join(f"{one}" for one in row) for row in terms]
    answers = [f"{total}" for total in terms.sum(axis=1)]
    widest = "+".join([str(largest)] * count)
    return (
        spell(questions, len(widest)),
        spell(answers, len(str(largest * count))),
    )


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    wrong = np.argmax(predicted, -1) != np.argmax(true, -1)
    return float((wrong.sum(axis=1) == 0).mean())


# %% exercise="split_disjoint" right="groups_in_a_dictionary_too"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    groups = {}
    for row, one in enumerate(np.asarray(inputs)):
        groups.setdefault(tuple(one.ravel().tolist()), []).append(row)
    members = list(groups.values())
    order = np.random.default_rng(seed).permutation(len(members))
    test = [row for place in order[:held_out] for row in members[place]]
    train = [row for place in order[held_out:] for row in members[place]]
    return np.array(train, dtype=int), np.array(test, dtype=int)


# %% exercise="attention" right="exponentials_by_hand"
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    root = float(keys.shape[-1]) ** 0.5
    fit = ops.einsum("bqk,btk->bqt", query / root, keys)
    allowed = ops.ones_like(fit)
    if mask is not None:
        allowed = allowed * ops.cast(mask, fit.dtype)[:, None, :]
    fit = ops.where(allowed > 0, fit, float("-inf"))
    raised = ops.exp(fit - ops.max(fit, axis=-1, keepdims=True))
    weights = raised / ops.sum(raised, axis=-1, keepdims=True)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="split_disjoint" right="a_dictionary_of_rows"
def split_disjoint(inputs, held_out, seed):
    inputs = np.asarray(inputs)
    places = {}
    for number, row in enumerate(inputs):
        places.setdefault(tuple(row.ravel().tolist()), []).append(number)
    distinct = list(places.values())
    rng = np.random.default_rng(seed)
    drawn = set(rng.choice(len(distinct), held_out, replace=False).tolist())
    sides = [], []
    for group, rows in enumerate(distinct):
        sides[group in drawn].extend(rows)
    train, test = (np.array(sorted(side), dtype=int) for side in sides)
    return train, test


# %% exercise="attention" right="logsumexp_and_einsum"
def attention(query, keys, values, mask=None):
    query = ops.convert_to_tensor(query)
    keys = ops.convert_to_tensor(keys)
    values = ops.convert_to_tensor(values)
    shrunk = query * float(query.shape[-1]) ** -0.5
    logits = ops.einsum("bqk,btk->bqt", shrunk, keys)
    if mask is not None:
        closed = ops.logical_not(ops.convert_to_tensor(mask))
        closed = ops.expand_dims(closed, axis=1)
        logits = ops.where(closed, -1e30, logits)
    norm = ops.logsumexp(logits, axis=-1, keepdims=True)
    weights = ops.exp(logits - norm)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="encode_sum" wrong="flush_left" mistake="flush_left"
# the blanks are filled in on the right
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    wide = count * len(str(largest)) + count - 1
    narrow = len(str(count * largest))
    x = np.zeros((len(terms), wide, 12), dtype="float32")
    y = np.zeros((len(terms), narrow, 12), dtype="float32")
    for i, row in enumerate(terms):
        for t, letter in enumerate("+".join(map(str, row)).ljust(wide)):
            x[i, t, ALPHABET.index(letter)] = 1
        for t, letter in enumerate(str(row.sum()).ljust(narrow)):
            y[i, t, ALPHABET.index(letter)] = 1
    return x, y


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    same = predicted.argmax(-1) == true.argmax(-1)
    return float(same.all(1).mean())


# %% exercise="split_disjoint" wrong="copies_left_out" mistake="copies_dropped"
# only the first row of each distinct input is returned, its copies are in neither part
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    flat = inputs.reshape(len(inputs), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    drawn = np.random.default_rng(seed).permutation(first)
    return np.sort(drawn[held_out:]), np.sort(drawn[:held_out])


# %% exercise="frame_features" wrong="batch_and_time_swapped_on_the_way_back" mistake="time_mixed_into_batch"
# the result is unfolded as (T, B, ...) and turned, so frames of different sequences are mixed
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps = frames.shape[1]
    features = convolve(ops.reshape(frames, (-1, *frames.shape[2:])))
    features = ops.reshape(features, (steps, -1, *features.shape[1:]))
    return ops.swapaxes(features, 0, 1)


# %% exercise="attention" wrong="masked_after_the_softmax" mistake="mask_after_softmax"
# the mask is multiplied onto the finished weights, so the others no longer add up to one
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.matmul(query, ops.transpose(keys, (0, 2, 1)))
    weights = ops.softmax(scores / keys.shape[-1] ** 0.5, axis=-1)
    if mask is not None:
        weights = weights * ops.cast(mask, weights.dtype)[:, None, :]
    return ops.matmul(weights, values), weights


# %% exercise="attention" wrong="softmax_over_the_queries" mistake="softmax_over_queries"
# the weights are normalized over the queries, so those of one query do not add up to one
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / query.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=1)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="bidirectional" wrong="state_not_handed_on" mistake="state_not_carried"
# each step starts from the first state again, so nothing is remembered
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    batch, steps = ops.shape(x)[0], x.shape[1]

    def run(cell, order):
        start = cell.get_initial_state(batch)
        outputs = {}
        for t in order:
            outputs[t], _ = cell(x[:, t], start)
        return ops.stack([outputs[t] for t in range(steps)], axis=1)

    forward = run(cell_forward, range(steps))
    backward = run(cell_backward, reversed(range(steps)))
    return ops.concatenate([forward, backward], axis=-1)


# %% exercise="encode_sum" wrong="probabilities_rounded" mistake="probabilities_compared"
# exact_match rounds the probabilities, so a most probable character below one half counts as wrong
def encode_sum(terms, largest=10):
    terms = np.asarray(terms)
    count = terms.shape[1]
    width_x = count * len(str(largest)) + count - 1
    width_y = len(str(count * largest))
    eye = np.eye(len(ALPHABET), dtype="float32")

    def encode(texts, width):
        codes = [[ALPHABET.index(c) for c in text.rjust(width)]
                 for text in texts]
        return eye[np.array(codes, int).reshape(len(texts), width)]

    x = encode(["+".join(str(n) for n in row) for row in terms], width_x)
    y = encode([str(row.sum()) for row in terms], width_y)
    return x, y


def exact_match(predicted, true):
    same = np.round(predicted) == true
    return float(same.all(axis=(1, 2)).mean())


# %% exercise="split_disjoint" wrong="copies_dropped" mistake="copies_dropped"
# only the first row of each distinct input is kept, its copies are on neither side
def split_disjoint(inputs, held_out, seed):
    flat = np.asarray(inputs).reshape(len(inputs), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    order = np.random.default_rng(seed).permutation(first)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


# %% exercise="frame_features" wrong="features_flattened" mistake="flattened_by_force"
# what the convolution gives back is flattened to one axis of features, whatever its rank
def frame_features(frames, convolve):
    steps, *image = frames.shape[1:]
    out = convolve(ops.reshape(frames, (-1, *image)))
    size = int(np.prod(out.shape[1:]))
    return ops.reshape(out, (-1, steps, size))


# %% exercise="bidirectional" wrong="outputs_not_turned_back" mistake="not_reversed_back"
# the second cell reads from the end, but its outputs stay in that order
def bidirectional(cell_forward, cell_backward, x):
    x = ops.convert_to_tensor(x)

    def run(cell, sequence):
        state = cell.get_initial_state(ops.shape(sequence)[0])
        outputs = []
        for t in range(sequence.shape[1]):
            output, state = cell(sequence[:, t], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)

    forward = run(cell_forward, x)
    backward = run(cell_backward, ops.flip(x, axis=1))
    return ops.concatenate([forward, backward], axis=-1)


# %% exercise="encode_sum" rephrases="reversed_answer"
def encode_sum(terms, largest=10):
    terms = np.asarray(terms)
    count = terms.shape[1]

    def digits_of(number):
        """From the ones on."""
        text = ""
        while number:
            number, digit = divmod(number, 10)
            text += ALPHABET[digit]
        return text

    def rows(texts, width):
        out = np.zeros((len(texts), width, len(ALPHABET)), "float32")
        for b, text in enumerate(texts):
            for t, one in enumerate(f"{text:>{width}}"):
                out[b, t, ALPHABET.index(one)] = 1
        return out

    questions = ["+".join(map(str, row)) for row in terms.tolist()]
    answers = [digits_of(sum(row)) for row in terms.tolist()]
    wide = count * len(str(largest)) + count - 1
    return rows(questions, wide), rows(answers, len(str(count * largest)))


def exact_match(predicted, true):
    wrong = np.argmax(predicted, -1) != np.argmax(true, -1)
    return float(1 - wrong.any(axis=1).mean())


# %% exercise="split_disjoint" rephrases="rows_counted"
def split_disjoint(inputs, held_out, seed):
    flat = np.asarray(inputs).reshape(len(inputs), -1)
    _, which, sizes = np.unique(
        flat, axis=0, return_inverse=True, return_counts=True
    )
    which = which.ravel()
    taken, rows = [], 0
    for group in np.random.default_rng(seed).permutation(len(sizes)):
        if rows >= held_out:
            break
        taken.append(group)
        rows += sizes[group]
    inside = np.isin(which, taken)
    return np.flatnonzero(~inside), np.flatnonzero(inside)


# %% exercise="frame_features" rephrases="last_frame_only" unnamed="its message can be read otherwise"
def frame_features(frames, convolve):
    *_, last = ops.unstack(frames, axis=1)
    return convolve(last)


# %% exercise="attention" rephrases="mask_after_softmax"
def attention(query, keys, values, mask=None):
    root = float(keys.shape[-1]) ** 0.5
    fits = ops.einsum("bqk,btk->bqt", query, keys) / root
    weights = ops.softmax(fits)
    if mask is not None:
        allowed = ops.expand_dims(ops.convert_to_tensor(mask), 1)
        weights = ops.where(allowed, weights, ops.zeros_like(weights))
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" rephrases="mask_inverted"
def attention(query, keys, values, mask=None):
    scores = ops.matmul(query, ops.swapaxes(keys, 1, 2))
    scores = scores * query.shape[-1] ** -0.5
    if mask is not None:
        hidden = ops.cast(ops.convert_to_tensor(mask), scores.dtype)
        scores = scores - 1e9 * hidden[:, None, :]
    weights = ops.softmax(scores, axis=-1)
    return ops.matmul(weights, values), weights


# %% exercise="attention" rephrases="mask_ignored"
def attention(query, keys, values, mask=None):
    def share(left, right, rule):
        return ops.einsum(rule, left, right)

    root = np.sqrt(keys.shape[2]).item()
    a = ops.softmax(share(query, keys, "bik,bjk->bij") / root)
    return share(a, values, "bij,bjf->bif"), a


# %% exercise="attention" rephrases="masked_to_zero"
def attention(query, keys, values, mask=None):
    across = ops.transpose(keys, (0, 2, 1))
    scores = ops.matmul(query, across) / query.shape[-1] ** 0.5
    if mask is not None:
        seen = ops.cast(ops.convert_to_tensor(mask), scores.dtype)
        scores = ops.multiply(scores, ops.expand_dims(seen, axis=1))
    weights = ops.softmax(scores, axis=-1)
    return ops.matmul(weights, values), weights


# %% exercise="attention" rephrases="mild_mask"
def attention(query, keys, values, mask=None):
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / float(np.sqrt(query.shape[-1]))
    if mask is not None:
        allowed = ops.convert_to_tensor(mask)[:, None]
        scores = ops.where(allowed, scores, scores - 1.0)
    weights = ops.softmax(scores)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" rephrases="scaled_by_channels"
def attention(query, keys, values, mask=None):
    products = ops.expand_dims(query, 2) * ops.expand_dims(keys, 1)
    scores = ops.mean(products, axis=-1)  # (B, Q, T)
    if mask is not None:
        allowed = ops.expand_dims(ops.convert_to_tensor(mask), 1)
        scores = ops.where(allowed, scores, -1e9)
    weights = ops.softmax(scores, axis=-1)
    return ops.matmul(weights, values), weights


# %% exercise="attention" rephrases="hand_made_softmax"
def attention(query, keys, values, mask=None):
    scores = ops.matmul(query, ops.swapaxes(keys, -1, -2))
    grown = ops.exp(scores / float(keys.shape[-1]) ** 0.5)
    if mask is not None:
        seen = ops.cast(ops.convert_to_tensor(mask), grown.dtype)
        grown = grown * seen[:, None, :]
    total = ops.sum(grown, axis=2, keepdims=True)
    weights = ops.divide(grown, total)
    return ops.matmul(weights, values), weights


# %% exercise="bidirectional" rephrases="not_reversed_at_all"
def bidirectional(cell_forward, cell_backward, x):
    x = ops.convert_to_tensor(x)
    cells = (cell_forward, cell_backward)
    states = [cell.get_initial_state(ops.shape(x)[0]) for cell in cells]
    steps = []
    for x_t in ops.unstack(x, axis=1):
        side = []
        for i, cell in enumerate(cells):
            out, states[i] = cell(x_t, states[i])
            side.append(out)
        steps.append(ops.concatenate(side, axis=-1))
    return ops.stack(steps, axis=1)


# %% exercise="bidirectional" rephrases="batch_flipped"
def bidirectional(cell_forward, cell_backward, x):
    def run(cell, sequence):
        state = cell.get_initial_state(sequence.shape[0])
        heard = []
        for t in range(sequence.shape[1]):
            out, state = cell(sequence[:, t], state)
            heard.append(out)
        return ops.stack(heard, axis=1)

    x = ops.convert_to_tensor(x)
    ahead = run(cell_forward, x)
    back = run(cell_backward, ops.flip(x, axis=1))
    return ops.concatenate([ahead, ops.flip(back, axis=0)], axis=2)


# %% exercise="bidirectional" rephrases="state_for_output" unnamed="its message can be read otherwise"
def bidirectional(cell_forward, cell_backward, x):
    x = ops.convert_to_tensor(x)
    batch, steps = x.shape[:2]

    def collect(cell, times):
        kept = {}
        state = cell.get_initial_state(batch)
        for t in times:
            state = cell(x[:, t], state)[1]
            plain = not isinstance(state, (list, tuple))
            kept[t] = state if plain else state[-1]
        return ops.stack([kept[t] for t in range(steps)], axis=1)

    return ops.concatenate([
        collect(cell_forward, range(steps)),
        collect(cell_backward, range(steps - 1, -1, -1)),
    ], axis=-1)
