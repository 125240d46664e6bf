# %% exercise="encode_sum" mistake="flush_left" hint=2 says="The texts are flush left; fill up with blanks on the left."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.ljust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="padded_with_zeros" hint=2 says="Short texts are filled up with the digit zero; the blank is a character of its own."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width, "0") for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="blank_is_nothing" hint=2 says="A blank is a row of zeros; give it the last column, as any other character."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")
    letters[-1] = 0

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="widths_of_the_batch" hint=1 says="The widths follow the rows at hand; take the longest that may ever come."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    width = max(map(len, tasks))
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = max(map(len, answers))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="two_digits_each" says="Every number is given two digits; the widths follow from the largest."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = 3 * count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = 2
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="reversed_answer" says="The answer is spelled from its last digit; spell it from its first."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total)[::-1] for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="answer_of_input_width" hint=1 says="The answer is as wide as the sum; it needs the digits of the largest sum only."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="double_precision" says="The numbers are float64; Keras computes in float32."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET))

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="no_plus" hint=2 says="The plus signs are missing; join the numbers with them."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = [" ".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="no_plus"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    terms = np.asarray(terms)
    count = terms.shape[1]

    def letters(text, width):
        line = np.zeros((width, 12), dtype="float32")
        for place, letter in enumerate(f"{text:>{width}}"):
            line[place, ALPHABET.index(letter)] = 1.0
        return line

    wide = count * len(str(largest)) + (count - 1)
    narrow = len(str(count * largest))
    x, y = [], []
    for row in terms:
        text = ""
        for number in row:
            text += str(number)
        x.append(letters(text, wide))
        y.append(letters(str(row.sum()), narrow))
    return np.stack(x), np.stack(y)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    same = np.argmax(predicted, axis=2) == np.argmax(true, axis=2)
    return float(np.all(same, axis=1).mean())


# %% exercise="encode_sum" mistake="character_mean" says="This is the share of characters; a row counts when all of its characters are right."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.mean())


# %% exercise="encode_sum" mistake="any_character" says="One right character is enough for this; take all of them."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.any(axis=1).mean())


# %% exercise="encode_sum" mistake="probabilities_compared" hint=2 says="Probabilities are compared with ones and zeros; take the most probable character first."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = np.isclose(predicted, true).all(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="whole_batch" says="One wrong row spoils the batch; count the rows that are right."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all())


# %% exercise="encode_sum" mistake="first_character" says="Only the first character is compared; compare all."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = count * len(str(largest)) + count - 1
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width) for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right[:, 0].mean())


# %% exercise="split_disjoint" mistake="rows_permuted" values="vary" hint=1 says="Rows are drawn, and copies of one input land on both sides; draw distinct inputs."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(inputs))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


# %% exercise="split_disjoint" mistake="random_redraw" values="vary" hint=2 says="The test is drawn anew from all rows; what is drawn must leave the training rows."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(seed).integers(len(inputs), size=held_out)
    return np.arange(len(inputs)), rows


# %% exercise="split_disjoint" mistake="copies_dropped" hint=2 says="Of equal rows only the first is kept; every row belongs to a side."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    flat = inputs.reshape(len(inputs), -1)
    _, first = np.unique(flat, axis=0, return_index=True)
    first = np.random.default_rng(seed).permutation(first)
    return np.sort(first[held_out:]), np.sort(first[:held_out])


# %% exercise="split_disjoint" mistake="last_in_order" hint=2 says="The largest inputs are always held out; draw them with the seed."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.arange(len(distinct))[::-1]
    hidden = np.isin(kind, order[:held_out])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="split_disjoint" mistake="own_seed" values="vary" says="The seed is ignored; make the generator of it."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="split_disjoint" mistake="unseeded" values="vary" says="The draw does not follow the seed, so that every call gives another split; make a generator of the seed."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="split_disjoint" mistake="first_step_only" says="Inputs are told apart by their first step alone; compare whole rows."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs[:, 0], axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="split_disjoint" mistake="sides_swapped" says="The held-out rows come first; return training, then test."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])
    return np.flatnonzero(hidden), np.flatnonzero(~hidden)


# %% exercise="split_disjoint" mistake="inputs_returned" says="These are the inputs themselves; return the numbers of their rows."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])
    return inputs[~hidden], inputs[hidden]


# %% exercise="split_disjoint" mistake="inputs_returned"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    inputs = np.asarray(inputs)
    groups = {}
    for number, row in enumerate(inputs):
        groups.setdefault(tuple(row.ravel().tolist()), []).append(number)
    rows = list(groups.values())
    chosen = np.random.default_rng(seed).permutation(len(rows))[:held_out]
    hidden = np.zeros(len(inputs), bool)
    for group in chosen:
        hidden[rows[group]] = True
    return np.compress(~hidden, inputs, 0), np.compress(hidden, inputs, 0)


# %% exercise="split_disjoint" mistake="one_too_many" says="One input too many is held out; take exactly as many as asked for."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    hidden = np.isin(kind, order[: held_out + 1])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="split_disjoint" mistake="rows_counted" hint=1 says="As many rows as asked for are held out; count distinct inputs."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    flat = inputs.reshape(len(inputs), -1)
    distinct, kind = np.unique(flat, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    hidden = np.zeros(len(inputs), dtype=bool)
    for one in np.random.default_rng(seed).permutation(len(distinct)):
        if hidden.sum() < held_out:
            hidden |= kind == one
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


# %% exercise="frame_features" mistake="time_mixed_into_batch" hint=2 says="The frames come back in another order; split the long axis as it was joined, batch before time."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps, *frame = frames.shape[1:]
    single = ops.reshape(frames, (-1, *frame))  # (B T, H, W, C)
    found = convolve(single)
    found = ops.reshape(found, (steps, -1, *found.shape[1:]))
    order = (1, 0, *range(2, len(found.shape)))
    return ops.transpose(found, order)


# %% exercise="frame_features" mistake="time_mixed_into_batch"
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    frames = ops.convert_to_tensor(frames)
    steps, *picture = frames.shape[1:]
    by_time = ops.swapaxes(frames, 0, 1)  # (T, B, H, W, C)
    found = convolve(ops.reshape(by_time, (-1, *picture)))
    return ops.reshape(found, (-1, steps, *found.shape[1:]))


# %% exercise="frame_features" mistake="last_frame_only" says="Only the last frame is convolved; every frame has features."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    return ops.expand_dims(convolve(frames[:, -1]), 1)


# %% exercise="frame_features" mistake="last_frame_repeated" says="All steps have the features of the last frame; convolve each."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    found = [convolve(frames[:, -1])] * frames.shape[1]
    return ops.stack(found, axis=1)


# %% exercise="frame_features" mistake="mean_frame" says="The frames are averaged before they are convolved; convolve each."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    found = [convolve(ops.mean(frames, axis=1))] * frames.shape[1]
    return ops.stack(found, axis=1)


# %% exercise="frame_features" mistake="flattened_by_force" hint=2 says="The features are flattened; keep whatever axes convolve returns."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps, *frame = frames.shape[1:]
    single = ops.reshape(frames, (-1, *frame))  # (B T, H, W, C)
    found = convolve(single)
    size = int(np.prod(found.shape[1:]))
    return ops.reshape(found, (-1, steps, size))


# %% exercise="frame_features" mistake="time_not_restored" hint=2 says="Batch and time are still one axis; split it again."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps, *frame = frames.shape[1:]
    single = ops.reshape(frames, (-1, *frame))  # (B T, H, W, C)
    found = convolve(single)
    return found


# %% exercise="frame_features" mistake="time_before_batch" says="Time comes before the batch; stack along the second axis."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps = range(frames.shape[1])
    return ops.stack([convolve(frames[:, step]) for step in steps])


# %% exercise="frame_features" mistake="fixed_batch" hint=2 says="The number of sequences is read off the shape, which a model that is being built does not know; let that axis be -1."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    batch, steps, *frame = frames.shape
    count = 0 if batch is None else batch
    found = convolve(ops.reshape(frames, (-1, *frame)))
    return ops.reshape(found, (count, steps, *found.shape[1:]))


# %% exercise="frame_features" mistake="time_as_channels" hint=1 says="Time is put among the channels; hide it in the batch, so that every frame is convolved by itself."
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps, rows, columns, channels = frames.shape[1:]
    joined = ops.transpose(frames, (0, 2, 3, 1, 4))  # (B, H, W, T, C)
    return convolve(ops.reshape(joined, (-1, rows, columns, steps * channels)))


# %% exercise="attention" mistake="softmax_over_queries" hint=1 says="The softmax runs over the queries; a query's weights over the steps add up to one."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="mask_after_softmax" hint=2 says="The mask comes after the softmax, so that the weights no longer add up to one; put it before."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        weights = ops.softmax(scores, axis=-1)
        weights = ops.where(mask[:, None, :], weights, 0.0)
    else:
        weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="mask_added_after" hint=2 says="The mask is added to the weights; rule steps out before the softmax."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    if mask is not None:
        weights += ops.cast(mask[:, None, :], weights.dtype)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="mask_inverted" says="The mask is read the wrong way round; True means that a step may be looked at."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], -1e9, scores)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="mask_ignored" hint=2 says="The mask is ignored; give the steps that it rules out no weight."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        pass
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="masked_to_zero" hint=2 says="A masked score is set to zero, and the softmax makes a weight of that; set it far below all others."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, 0.0)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="mild_mask" hint=2 says="A masked score is only lowered by one; nothing may be left of it."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, scores - 1.0)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="no_scale" hint=2 says="The scores are not divided by the root of the number of channels; divide them."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="scaled_by_channels" hint=2 says="The scores are divided by the number of channels; divide by its root."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1]
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="scaled_by_steps" hint=2 says="The scores are divided by the root of the number of steps; take the channels of a key."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="one_divided_twice" says="The context is divided by the number of steps; the weights are a mean already."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    context = ops.einsum("bqt,btf->bqf", weights, values)
    return context / keys.shape[1], weights


# %% exercise="attention" mistake="hand_made_softmax" says="The exponentials overflow; take the softmax of keras.ops, which subtracts the largest score first."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.exp(scores)
    weights = weights / ops.sum(weights, axis=-1, keepdims=True)
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="sharpest_only" says="The best step gets everything; a softmax gives each its share."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    best = ops.argmax(scores, axis=-1)
    weights = ops.one_hot(best, keys.shape[1])
    return ops.einsum("bqt,btf->bqf", weights, values), weights


# %% exercise="attention" mistake="scores_returned" says="The second result are the scores; return the weights after the softmax."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), scores


# %% exercise="bidirectional" mistake="not_reversed_back" hint=1 says="The second pass is not reversed back, so that its first output stands at the first step; flip it along time."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = passed(cell_backward, ops.flip(x, 1))
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="not_reversed_at_all" hint=2 says="Both cells read from the beginning; give the second one the sequence from its end."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = passed(cell_backward, x)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="output_reversed_only" hint=2 says="The second cell reads forward and only its outputs are flipped; flip its input as well."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, x), 1)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="one_cell_twice" says="The forward cell runs both ways; the second pass has a cell of its own."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_forward, ops.flip(x, 1)), 1)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="summed" says="The two outputs are added; put them side by side."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 1)
    return ahead + back


# %% exercise="bidirectional" mistake="batch_flipped" hint=2 says="The outputs are flipped along the batch, so that sequences change places; flip them along time."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 0)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="state_not_carried" says="The state starts anew at every step; carry on what the cell returns."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, _ = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 1)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="backward_first" says="The backward half comes first; put the forward half first."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 1)
    return ops.concatenate([back, ahead], axis=-1)  # (B, T, 2H)


# %% exercise="bidirectional" mistake="fed_with_outputs" hint=2 says="The backward cell reads what the forward cell said; it reads the input."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(ahead, 1)), 1)
    return ops.concatenate([ahead, back], axis=-1)


# %% exercise="bidirectional" mistake="ends_only" says="Only the two last states are returned; give every step its pair."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=1)  # (B, T, H)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 1)
    return ops.concatenate([ahead[:, -1], back[:, 0]], axis=-1)


# %% exercise="bidirectional" mistake="time_first" says="Time comes before the batch; stack along the second axis."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    def passed(cell: Any, x: Any) -> Any:
        state, outputs = cell.get_initial_state(x.shape[0]), []
        for step in range(x.shape[1]):
            output, state = cell(x[:, step], state)
            outputs.append(output)
        return ops.stack(outputs, axis=0)

    ahead = passed(cell_forward, x)
    back = ops.flip(passed(cell_backward, ops.flip(x, 1)), 0)
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)


# %% exercise="encode_sum" mistake="blanks_skipped" says="Blanks are not looked at; a digit in place of a blank is wrong too."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    terms = np.asarray(terms)
    count = terms.shape[1]
    long = count * len(str(largest)) + count - 1
    short = len(str(count * largest))

    def spell(texts, width):
        codes = [[ALPHABET.index(c) for c in text.rjust(width)]
                 for text in texts]
        codes = np.array(codes, dtype=int).reshape(len(texts), width)
        return np.eye(12, dtype="float32")[codes]

    tasks = ["+".join(map(str, row)) for row in terms.tolist()]
    answers = [str(sum(row)) for row in terms.tolist()]
    return spell(tasks, long), spell(answers, short)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = np.asarray(predicted).argmax(-1) == np.asarray(true).argmax(-1)
    right |= np.asarray(true).argmax(-1) == np.shape(true)[-1] - 1
    return float(right.all(axis=1).mean())


# %% exercise="split_disjoint" mistake="each_with_a_chance" values="vary" says="Each input has a chance of its own, so their number varies; draw held_out of them."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.asarray(inputs).reshape(len(inputs), -1)
    distinct, kind = np.unique(rows, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    rng = np.random.default_rng(seed)
    chosen = np.flatnonzero(
        rng.random(len(distinct)) < held_out / len(distinct)
    )
    test = np.isin(kind, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)


# %% exercise="split_disjoint" mistake="each_with_a_chance"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    flat = inputs.reshape(len(inputs), -1)
    kinds, inverse = np.unique(flat, axis=0, return_inverse=True)
    chosen = rng.binomial(1, held_out / len(kinds), size=len(kinds))
    side = chosen[inverse.ravel()]
    return np.nonzero(side == 0)[0], np.nonzero(side == 1)[0]


# %% exercise="split_disjoint" mistake="cut_to_integers" says="Rows are cut to whole numbers before they are compared."
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rows = np.asarray(inputs).astype(int).reshape(len(inputs), -1)
    distinct, kind = np.unique(rows, axis=0, return_inverse=True)
    kind = kind.reshape(-1)
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(distinct))[:held_out]
    test = np.isin(kind, chosen)
    return np.flatnonzero(~test), np.flatnonzero(test)


# %% exercise="attention" mistake="numpy_only" says="numpy computes numbers only; a layer of a model needs keras.ops."
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = np.einsum("bqk,btk->bqt", query, keys)
    scores = scores / np.sqrt(np.shape(keys)[-1])
    if mask is not None:
        scores = np.where(np.asarray(mask)[:, None, :], scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights @ np.asarray(values), weights


# %% exercise="bidirectional" mistake="state_for_output" says="The state is taken for the output; a cell returns both."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    batch, steps = x.shape[:2]

    def run(cell, order):
        state = cell.get_initial_state(batch)
        said = {}
        for t in order:
            _, state = cell(x[:, t], state)
            said[t] = state[0] if isinstance(state, list | tuple) else state
        return ops.stack([said[t] for t in range(steps)], axis=1)

    ahead = run(cell_forward, range(steps))
    back = run(cell_backward, reversed(range(steps)))
    return ops.concatenate([ahead, back], axis=-1)


# %% exercise="bidirectional" mistake="output_for_state" says="The output is handed on in place of the state; a cell returns both."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    batch, steps = x.shape[:2]

    def run(cell, order):
        state = cell.get_initial_state(batch)
        said = {}
        for t in order:
            said[t], state = cell(x[:, t], state)
            if isinstance(state, list | tuple):
                state = [said[t], *state[1:]]
            else:
                state = said[t]
        return ops.stack([said[t] for t in range(steps)], axis=1)

    ahead = run(cell_forward, range(steps))
    back = run(cell_backward, reversed(range(steps)))
    return ops.concatenate([ahead, back], axis=-1)


# %% exercise="bidirectional" mistake="output_for_state"
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    columns = ops.unstack(x, axis=1)
    sides = []
    for cell, turn in ((cell_forward, 1), (cell_backward, -1)):
        carried = cell.get_initial_state(ops.shape(x)[0])
        said = []
        for column in columns[::turn]:
            carried, _ = cell(column, carried)
            said.append(carried)
        sides.append(ops.stack(said[::turn], axis=1))
    return ops.concatenate(sides, axis=-1)


# %% exercise="bidirectional" mistake="begins_from_zeros" hint=2 says="The cells begin from zeros; ask get_initial_state where they start."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    batch, steps = x.shape[:2]

    def run(cell, order):
        state = keras.tree.map_structure(
            ops.zeros_like, cell.get_initial_state(batch)
        )
        said = {}
        for t in order:
            said[t], state = cell(x[:, t], state)
        return ops.stack([said[t] for t in range(steps)], axis=1)

    ahead = run(cell_forward, range(steps))
    back = run(cell_backward, reversed(range(steps)))
    return ops.concatenate([ahead, back], axis=-1)


# %% exercise="bidirectional" mistake="start_for_one_sequence" says="The start is asked for one sequence; there are B."
def bidirectional(
    cell_forward: Any, cell_backward: Any, x: Any
) -> Any:
    batch, steps = x.shape[:2]

    def run(cell, order):
        state = cell.get_initial_state(1)
        said = {}
        for t in order:
            said[t], state = cell(x[:, t], state)
        return ops.stack([said[t] for t in range(steps)], axis=1)

    ahead = run(cell_forward, range(steps))
    back = run(cell_backward, reversed(range(steps)))
    return ops.concatenate([ahead, back], axis=-1)


# %% exercise="encode_sum" mistake="widths_of_the_chapter" says="The widths are the eight and two of this chapter; they follow from the number of terms and from the largest."
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    count = terms.shape[1]
    width = 8
    tasks = ["+".join(map(str, row)) for row in terms]
    answers = [str(total) for total in terms.sum(1)]
    letters = np.eye(len(ALPHABET), dtype="float32")

    def encoded(texts: list[str], width: int) -> np.ndarray:
        padded = [text.rjust(width)[:width] for text in texts]
        places = [[ALPHABET.index(c) for c in text] for text in padded]
        return letters[np.array(places)]  # (B, T, characters)

    answer_width = 2
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())


# %% exercise="encode_sum" mistake="widths_of_the_chapter"
def encode_sum(
    terms: np.ndarray, largest: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    terms = np.asarray(terms)
    blank = ALPHABET.index(" ")
    x = np.full((len(terms), 8), blank)
    y = np.full((len(terms), 2), blank)
    for row, numbers in enumerate(terms.tolist()):
        for sheet, text in ((x, "+".join(map(str, numbers))),
                            (y, str(sum(numbers)))):
            codes = [ALPHABET.index(one) for one in text]
            codes = codes[-sheet.shape[1] :]
            sheet[row, sheet.shape[1] - len(codes) :] = codes
    letters = np.arange(12)
    return ((x[..., None] == letters).astype("float32"),
            (y[..., None] == letters).astype("float32"))


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)
    return float(np.prod(right, axis=1).mean())
