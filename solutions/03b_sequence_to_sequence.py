# %% exercise="encode_sum"
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
        places = [
            [ALPHABET.index(c) for c in text] for text in padded
        ]
        return letters[np.array(places)]  # (B, T, 12)

    answer_width = len(str(count * largest))
    return encoded(tasks, width), encoded(answers, answer_width)


def exact_match(predicted: np.ndarray, true: np.ndarray) -> float:
    right = predicted.argmax(-1) == true.argmax(-1)  # (B, T)
    return float(right.all(axis=1).mean())

# %% [markdown] exercise="encode_sum"
# Both widths follow from the largest number that may come, not from
# the rows at hand, so that every batch has the same shape. A blank
# is a character like any other, with a column of its own. An answer
# is right when all its characters are, so `all` goes over time
# before `mean` goes over the rows.

# %% exercise="split_disjoint"
def split_disjoint(
    inputs: np.ndarray, held_out: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    distinct, kind = np.unique(inputs, axis=0, return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(distinct))
    hidden = np.isin(kind, order[:held_out])  # (B,)
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)

# %% [markdown] exercise="split_disjoint"
# What is drawn is which *inputs* are hidden, and a row follows its
# input. `np.unique` names each row's input by a number, so copies
# share a fate, however many there are.

# %% exercise="frame_features"
def frame_features(
    frames: Any, convolve: Callable[[Any], Any]
) -> Any:
    steps, *frame = frames.shape[1:]
    single = ops.reshape(frames, (-1, *frame))  # (B * T, H, W, C)
    found = convolve(single)  # (B * T, ...)
    return ops.reshape(found, (-1, steps, *found.shape[1:]))

# %% [markdown] exercise="frame_features"
# A convolution knows no time, so the frames of all sequences may
# stand in one long batch, each sequence's frames one after the
# other. The first axis is left to `-1`, because a model that is
# still being built does not know how many sequences will come.

# %% exercise="attention"
def attention(
    query: Any, keys: Any, values: Any, mask: Any = None
) -> tuple[Any, Any]:
    scores = ops.einsum("bqk,btk->bqt", query, keys)  # (B, Q, T)
    scores = scores / keys.shape[-1] ** 0.5
    if mask is not None:
        scores = ops.where(mask[:, None, :], scores, -1e9)
    weights = ops.softmax(scores, axis=-1)  # (B, Q, T)
    return ops.einsum("bqt,btf->bqf", weights, values), weights

# %% [markdown] exercise="attention"
# Each query spreads a weight of one over the steps, so the softmax
# runs over the last axis. The mask has to come before it: a score
# of minus a billion leaves nothing of a step, and what is left
# still adds up to one.

# %% exercise="bidirectional"
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
    return ops.concatenate([ahead, back], axis=-1)  # (B, T, 2H)

# %% [markdown] exercise="bidirectional"
# The second cell reads from the end, so its first output belongs to
# the last step, and its outputs have to be turned around before they
# are put beside the others. Then step $t$ holds what came before it
# and what comes after.
