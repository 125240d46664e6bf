# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: exercise,tags,alt,-all
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 1 · An autoencoder that predicts only the mean
#
# *Why does a network of five hundred weights, asked to remember seventy
# numbers, answer with five flat lines?*
#
# Two minutes for a laptop, an afternoon for you. The first network that
# draws a curve at all needs about eight hundred steps; the last one needs
# twenty-six. Between the two lie five means, five standard deviations and a
# larger step.
#
# The question comes from a programming forum. An autoencoder is shown one
# sequence, fourteen rows of five numbers, and has to give them back. There
# is no noise and nothing is held out; copying a file would do as much. What
# comes back is a level line through each feature. More units, more epochs,
# the rows in another order: the lines do not care. In the end somebody
# replies that the network was too small and shows a larger one that fits,
# and there the matter rests.
#
# It rests too early. That a larger network fits is a fact about larger
# networks and not yet about this one. First we put a price on a flat line,
# and ask whether the network is at the mean at all. Then we find six real
# bugs, none of them the culprit. We refute the accepted answer with an
# experiment that takes seconds, and that tells a network that has collapsed
# from one that is merely slow. At the end a cured autoencoder looks for
# faults in a plant.
#
# What to know before: what an LSTM takes and returns, and what a training
# loop in PyTorch looks like. The exercises build on one another. Replace
# each `raise` by an answer; the `check` below it says what holds, what does
# not, and which mistake your answer resembles.

# %% tags=["setup"]
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader, Dataset

from unrolled import check, data, experiment, measured, seeded, style

torch.set_num_threads(1)  # tiny matrices: one thread is faster

# %% [markdown]
# ## Words we will use
#
# - **level**: a feature's mean over time, the height of its flat line
# - **floor**: the loss of the best flat lines; learning begins below it
# - **collapse**: training that does not get below the floor, however long
#   it runs
# - **code**: the numbers that the encoder hands to the decoder
# - **space**: the form in which the network sees the data, such as
#   differences
# - **step**: one update of all weights; its size is set by the *learning
#   rate*. A row of a sequence is a *time step*
#
# Axes carry the same letters in every chapter: $B$ sequences in a batch, $T$
# time steps, $F$ features, $H$ hidden units.
#
# Six names come from `unrolled`. `check` tests an exercise, `data.path`
# finds a file, `style` sets up a plot, and what is drawn at random inside
# `with seeded(seed):` depends on that seed alone. `experiment` and
# `measured` come later. A cell that opens with `# NBVAL_CHECK_OUTPUT` prints
# lines that the book's own tests compare; to you it is a comment.

# %% [markdown]
# ## A flat line has a price
#
# *How much does a network lose by drawing a flat line at the right height?*
# A flat line is a guess, and every guess has a loss, here the mean squared
# error. The smallest case has one sequence, one feature and four time steps.
# Three people guess: the first says the mean four times, the second goes
# half of the way from there to the truth, the third knows it.

# %%
# NBVAL_CHECK_OUTPUT
toy = torch.tensor([1.0, 3.0, 1.0, 3.0]).reshape(1, 4, 1)  # (B, T, F)
flat = toy.mean(1, keepdim=True).expand_as(toy)  # (B, T, F)
guesses = {"flat": flat, "timid": (toy + flat) / 2, "exact": toy}
for name, guess in guesses.items():
    print(f"{name:6} loss {mse_loss(guess, toy):.2f}")

# %% [markdown]
# The flat line pays 1.00, and that is the variance of the four numbers. No
# other constant pays less, since the mean minimizes the squared error. The
# timid guess is wrong by half as much everywhere and pays 0.25, a quarter,
# because errors are squared. So a loss means little until it is compared
# with the floor, the price of knowing nothing about time:
#
# $$\text{floor}(x) = \frac{1}{BTF} \sum_{b,t,f} (x_{btf} - \bar x_{bf})^2,
# \qquad \bar x_{bf} = \frac{1}{T} \sum_t x_{btf}$$
#
# The mean carries two indices: each sequence and each feature has a flat
# line of its own.

# %% [markdown]
# ### Exercise 1.1 · What a flat line is worth (about 2 lines)
#
# Given `x` of shape $(B, T, F)$, return the floor as a scalar. Divide by the
# number of entries, as the loss does. Do not loop.

# %% exercise="variance_floor" tags=["exercise"]
def variance_floor(x: Tensor) -> Tensor:
    """MSE of the best constant for each sequence and feature.

    x: (B, T, F). Returns a scalar, in the units of x squared.
    """
    raise NotImplementedError("exercise variance_floor")

# %%
check("variance_floor")

# %% [markdown]
# ## The symptom
#
# *What goes into the network, and what comes back?* The asker counts
# political events in the news (ICEWS) and describes each time step by shares
# of event types. To find the bug, the asker throws away all but fourteen
# time steps and five features. The file holds those numbers as they were
# posted. There is nothing to split, since the whole task is to learn them by
# heart.

# %% tags=["experiment"]
table = np.loadtxt(data.path("icews_14x5.csv"), delimiter=",")
sequence = torch.tensor(table, dtype=torch.float32)[None]  # (1, T, F)

# %%
# NBVAL_CHECK_OUTPUT
print("shape", tuple(sequence.shape))
print("level ", *(f"{one:.3f}" for one in sequence.mean((0, 1))))
print("spread", *(f"{one:.3f}" for one in sequence.std((0, 1))))
sums = sequence[0, ::4, 1:].sum(1)  # (4,): of every fourth row
print("last four add up to", *(f"{one:.2f}" for one in sums))
print(f"floor {variance_floor(sequence):.3e}")

# %% [markdown]
# The features live far from zero and hardly move: the third has a level of
# 0.640 and a spread, which is its standard deviation, of 0.050. And the last
# four features are shares of one whole. They add up to 1.00 in every row
# shown, and in the others too, so one of the five tells us nothing that the
# others do not. The number to remember is the floor, 1.190e-3. Whoever
# reports a loss of a thousandth here reports little more than a flat line.

# %% alt="Five nearly horizontal curves over fourteen steps, at heights between 0.05 and 0.65, each moving by a few hundredths."
import matplotlib.pyplot as plt

style()
figure, axes = plt.subplots(figsize=(6, 3.6))
axes.plot(sequence[0], marker=".")  # (T, F)
for feature, height in enumerate(sequence[0, -1]):
    axes.text(13.2, height, f"feature {feature}", va="center", fontsize=8)
axes.set(xlabel="time step", ylabel="share of events", xlim=(0, 15.5))
axes.set_title("Small movements on high levels")
plt.show()

# %% [markdown]
# The network follows {cite:t}`malhotra2016`. An encoder reads the
# sequence and keeps only its own last state, the code. The decoder starts
# from the code, $(h_1, c_1)$. Its read-out, a linear layer with weights $W$
# and bias $b$, turns the state into an output, and the cell is fed that
# output next:
#
# $$\hat x_1 = W h_1 + b, \qquad
# (h_{t+1}, c_{t+1}) = \text{cell}(\hat x_t,\; h_t, c_t), \qquad
# \hat x_{t+1} = W h_{t+1} + b$$
#
# The first output reads the code directly. Every other one costs a turn of
# the cell, so $T$ outputs take $T - 1$ turns. {cite:t}`srivastava2015` call
# this the conditional decoder, and let it run backward in time.

# %% [markdown]
# ### Exercise 1.2 · Decode a batch (about 12 lines)
#
# Write the decoder for any number of sequences, including one, and any
# number of time steps, including one. The result has shape $(B, T, F)$,
# where `[b, t]` is time step $t$ of sequence $b$. Use one `nn.LSTMCell` and
# one `nn.Linear`. The true sequence is not available, and `nn.LSTM` does not
# fit, since each input is the output before it.

# %% exercise="Decoder" tags=["exercise"]
class Decoder(nn.Module):
    """An LSTM cell that is fed what it has just produced.

    n_features: F; hidden: H. Owns exactly two modules:
    `cell`, an nn.LSTMCell, and `read_out`, an nn.Linear.
    """

    def __init__(self, n_features: int, hidden: int):
        raise NotImplementedError("exercise Decoder")

    def forward(
        self, state: tuple[Tensor, Tensor], steps: int
    ) -> Tensor:
        """Output 0 reads the given state; every later output feeds
        the one before it to the cell and reads the new state.

        state: h and c, each (B, H); steps: T. Returns (B, T, F),
        in the dtype and on the device of the state.
        """
        raise NotImplementedError("exercise Decoder")

# %%
check("Decoder")

# %% [markdown]
# With the decoder in place the autoencoder is two lines. `nn.LSTM` returns
# its last state with a leading axis for layers, which we drop.

# %% tags=["setup"]
class Autoencoder(nn.Module):
    """An LSTM encoder whose last state starts the decoder."""

    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.encoder = nn.LSTM(n_features, hidden, batch_first=True)
        self.decoder = Decoder(n_features, hidden)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        _, (h, c) = self.encoder(x)  # (1, B, H) each
        return self.decoder((h[0], c[0]), steps=x.size(1))  # (B, T, F)

# %% [markdown]
# And here is the training loop, in full. It stops as soon as the error falls
# below a tolerance, `1e-4` as in the posted answer. Two arguments wait for
# later sections: `restore` takes an output back to the units of the data,
# and `truth` is what the restored output is compared with. The error is
# taken before the update, so a list of $n$ errors belongs to $n - 1$ steps.
#
# Two helpers follow. `draw` makes two runs of one seed start alike;
# `steps_used` counts a run that never arrives as infinite, so that a median
# can include it.

# %% tags=["experiment"]
def fit(
    model, x, lr=1e-3, limit=1000, tolerance=1e-4,
    truth=None, restore=lambda y: y, loss=mse_loss,
):
    """Train until the restored output is this close to the truth.

    Returns the error before every step, and the last output, restored.
    """
    truth = x if truth is None else truth
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    errors = []
    while True:
        output = model(x)  # (B, T, F)
        restored = restore(output.detach())
        errors.append(mse_loss(restored, truth).item())
        if errors[-1] < tolerance or len(errors) > limit:
            return errors, restored
        optimizer.zero_grad()
        loss(output, x).backward()
        optimizer.step()

# %% tags=["experiment"]
def draw(kind, hidden, seed, n_features=5):
    """A model with the weights that this seed gives."""
    with seeded(seed):
        return kind(n_features, hidden)

# %% tags=["experiment"]
def steps_used(errors, tolerance=1e-4):
    """Steps until the tolerance was reached; infinite where it was not."""
    return len(errors) - 1 if errors[-1] < tolerance else float("inf")

# %% [markdown]
# We give the network five units, as the posted answer does to show the
# symptom, and a thousand steps of Adam {cite:p}`kingma2015`.

# %%
# NBVAL_CHECK_OUTPUT
tiny = draw(Autoencoder, 5, seed=0)
tiny_errors, tiny_output = fit(tiny, sequence)
weights = sum(one.numel() for one in tiny.parameters())
print("weights", weights, "numbers to learn", sequence.numel())
print("reached", tiny_errors[-1] < 1e-4)

# %% alt="The five curves of the data, and over each a dashed line that is almost horizontal."
figure, axes = plt.subplots(figsize=(6, 3))
for feature in range(5):
    [line] = axes.plot(sequence[0, :, feature], alpha=0.5)
    axes.plot(tiny_output[0, :, feature], "--", color=line.get_color())
axes.set(xlabel="time step", ylabel="share of events")
axes.set_title("Five units after a thousand steps (dashed): flat lines")
plt.show()

# %% [markdown]
# There it is. A network with 510 weights fails to remember 70 numbers, and
# what it draws instead looks like five means. Each half of that sentence
# invites a quick conclusion: the network is too small, and it predicts the
# mean. The first is about the cause, the second about the output. We begin
# with the output.

# %% [markdown]
# ## Is it the mean?
#
# A picture cannot say: a line that moves by a tenth of what it should looks
# flat to the eye. Two numbers can. The first, the familiar $R^2$, compares
# the error with the floor, feature by feature:
#
# $$R^2_f = 1 - \frac{\sum_{b,t} (x_{btf} - \hat x_{btf})^2}
# {\sum_{b,t} (x_{btf} - \bar x_{bf})^2}$$
#
# Zero is the flat line at the right height, one is perfect, and $R^2$ may
# fall below zero: a line at the wrong height is worse than the mean. The
# second number, the variance ratio, does not ask whether the prediction is
# right, but how much it moves, against how much it should:
#
# $$\text{ratio}_f = \frac{\sum_{b,t} (\hat x_{btf} - m_{bf})^2}
# {\sum_{b,t} (x_{btf} - \bar x_{bf})^2}, \qquad
# m_{bf} = \frac{1}{T} \sum_t \hat x_{btf}$$

# %% [markdown]
# ### Exercise 1.3 · Is it the mean? (about 6 lines)
#
# Write `explained_variance` and `variance_ratio`, for `prediction` and
# `target` of shape $(B, T, F)$; each returns one number per feature, of
# shape $(F,)$. Do not loop.

# %% exercise="explained_variance" tags=["exercise"]
def explained_variance(prediction: Tensor, target: Tensor) -> Tensor:
    """R² of each feature, against each sequence's own mean.

    prediction, target: (B, T, F). Returns (F,): one minus the
    squared error over the squared deviation of the target from
    its mean over time, both summed over B and T. Perfect is 1;
    every sequence's own mean scores 0.
    """
    raise NotImplementedError("exercise explained_variance")


def variance_ratio(prediction: Tensor, target: Tensor) -> Tensor:
    """How much the prediction moves, against the target.

    prediction, target: (B, T, F). Returns (F,): the prediction's
    squared deviation from its own mean over time, over that of
    the target, both summed over B and T. A flat line scores 0.
    """
    raise NotImplementedError("exercise explained_variance")

# %%
check("explained_variance")

# %% [markdown]
# To the toy we add a fourth guess, which moves as the truth does, one unit
# too high.

# %%
# NBVAL_CHECK_OUTPUT
for name, guess in (guesses | {"lifted": toy + 1}).items():
    r2 = explained_variance(guess, toy).item()
    ratio = variance_ratio(guess, toy).item()
    print(f"{name:7} R² {r2:5.2f}   ratio {ratio:5.2f}")

# %% [markdown]
# The lifted guess has a perfect ratio of 1.00 and explains nothing: its
# $R^2$ is that of the flat line. So neither number is enough alone. The
# ratio asks whether the line moves, and $R^2$ asks whether it comes closer
# to the truth than the mean does. A network that predicts the mean has zero
# in both columns. We measure ours, over ten seeds.
#
# A run depends on the weights that it starts from, so we repeat it with
# others. `make results` has run every function under `@experiment` once for
# each seed, and its table is stored with the book; `measured` reads it.
#
# A row shows the median over the seeds and, in brackets, the lowest and the
# highest value; `inf` means that a goal was not reached. Below such a table,
# a cell runs something anew and asserts that it falls inside the stored
# range, give or take the `tolerance`.

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.1)
def flat_line(seed):
    """Five units on the raw sequence: how flat is the line?"""
    errors, output = fit(draw(Autoencoder, 5, seed), sequence)
    floor = variance_floor(sequence).item()
    r2 = explained_variance(output, sequence)  # (F,)
    ratio = variance_ratio(output, sequence)  # (F,)
    rows = {f"R² of feature {f}": r2[f].item() for f in range(5)}
    rows["variance ratio"] = ratio.mean().item()
    rows["loss"] = errors[-1]
    rows["loss, share of the floor"] = errors[-1] / floor
    return rows

# %%
# NBVAL_CHECK_OUTPUT
tables = measured("01_autoencoder_collapse")
for row, found in tables["flat_line"].items():
    print(f"{row:25} {found:.2g}")

# %%
# NBVAL_CHECK_OUTPUT
inside = tiny_errors[-1] in tables["flat_line"]["loss"]
print("our own run lies in that range:", inside)
late = tiny_output[0, 2:].std(0) / sequence[0].std(0)  # (F,)
assert inside and late.max() < 0.1

# %% [markdown]
# Taken literally, it is not the mean. The typical loss is 0.87 of the floor,
# and no seed of the ten ends above 0.89. After $1000$ steps the lines do
# move a little, by a ninth of the variance they should have (0.11). But look
# at the features one by one. The fourth (`feature 3`, since the rows count
# from zero) is explained to 0.42, the fifth to 0.02: a single number for all
# would have hidden that one curve is nearly half explained and another
# hardly at all.
#
# And in the plot even that little movement sits in one place. Each dashed
# line bends at the first time step or two. From the third on, none has a
# tenth of the spread it should have, as the last cell asserts.
#
# So the question changes. A network at the mean would be stuck there for a
# reason: the mean is the best answer that ignores time. A network at 0.87
# floors is on its way. Either it cannot go on, or it goes slowly, and those
# two call for different cures.

# %% [markdown]
# ## Find the bug
#
# *Which line of the code draws the flat line?* The posted code holds five
# defects, and the obvious repair of one of them is a sixth. Each is real,
# each costs somebody an afternoon, and it is tempting to stop at the first.
# We give every suspect the same trial: what does it do, in numbers, and does
# that look like the picture above?

# %% [markdown]
# **A suspect with an alibi.** The asker recalls an older case, a broadcast
# of shapes that did not match, and rules it out, rightly. It still belongs
# in a collection of bugs. Suppose that the prediction has shape $(N, 1)$ and
# the target $(N,)$. Broadcasting compares each prediction with each target,
# and the loss becomes a sum of two terms:
#
# $$\frac{1}{N^2} \sum_{i,j} (\hat x_i - x_j)^2 =
# \frac{1}{N} \sum_i (\hat x_i - \bar x)^2 +
# \frac{1}{N} \sum_j (x_j - \bar x)^2$$
#
# The second is the variance, which no prediction can change.

# %%
# NBVAL_CHECK_OUTPUT
target = sequence[0, :, 0]  # (T,)
exact = target[:, None]  # (T, 1)
constant = target.mean().expand_as(exact)  # (T, 1)
variance = target.var(correction=0)
for name, guess in {"exact": exact, "mean": constant}.items():
    loss = (guess - target).square().mean()  # over (T, T)
    print(f"{name:6} loss / variance = {loss / variance:.2f}")

# %% [markdown]
# The exact prediction pays 2.00 variances and the mean pays 1.00. Here the
# flat line is not a failure of training but its goal: the first term
# vanishes for the mean, and no network, rate or patience does better.
# PyTorch's own loss warns about the two shapes and goes on. We prefer to
# stop.

# %% [markdown]
# ### Exercise 1.4 · An error that refuses to broadcast (about 3 lines)
#
# Return the mean squared error of two tensors of the same shape, as a scalar
# that can be differentiated; PyTorch's own loss is allowed. Raise
# `ValueError` for any two shapes that differ, and name both shapes in its
# message.

# %% exercise="strict_mse" tags=["exercise"]
def strict_mse(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of two tensors of the same shape.

    Returns a scalar. Raises ValueError, naming both shapes, when
    they differ, even where they would broadcast.
    """
    raise NotImplementedError("exercise strict_mse")

# %%
check("strict_mse")

# %% [markdown]
# **One: the step size.** The posted training function defaults to `lr=1e-6`,
# a thousandth of Adam's usual rate. Adam moves each weight by about one
# learning rate per step, whatever the gradient's size, so a few hundred
# steps show how far the default can get.

# %%
# NBVAL_CHECK_OUTPUT
crawl, _ = fit(draw(Autoencoder, 100, seed=0), sequence, lr=1e-6, limit=300)
print(f"before {crawl[0]:.4f}, after {len(crawl[1:])} steps {crawl[-1]:.4f}")
print(f"that is {crawl[-1] / variance_floor(sequence):.0f} floors")

# %% [markdown]
# In 300 steps the loss goes from 0.1693 to 0.1671. This network has not
# found the mean; it stands at 140 floors, and the mean at one. A flat line
# *at the level* comes from here only after a very long run, so the asker was
# very patient, or used another value when the plots were made. The defect is
# real and innocent of the symptom.

# %% [markdown]
# **Two: time steps glued along the batch.** The decoder collects outputs of
# shape $(B, F)$ and joins them with `torch.cat`, along the first axis. With
# one sequence that axis looks like time. With four it does not.

# %%
# NBVAL_CHECK_OUTPUT
outputs = [torch.zeros(4, 5) for _ in range(14)]  # T times (B, F)
glued = torch.cat(outputs).unsqueeze(0)  # (1, T * B, F)
print("four sequences come out as", tuple(glued.shape))
try:
    glued - sequence.expand(4, -1, -1)  # (B, T, F)
except RuntimeError as error:
    print(type(error).__name__)

# %% [markdown]
# Four sequences come out as one of 56 time steps, which no longer fits its
# target. An error is the good case. The asker, with a single sequence, never
# meets it. Whoever does will repair it.

# %% [markdown]
# **Three: the obvious repair.** There are $B \cdot T \cdot F$ numbers, the
# loss wants $(B, T, F)$, and `view` asks no questions. Below, each entry is
# named by its sequence, a to c, and its time step, x to z. Each printed word
# comes out as one sequence.

# %%
# NBVAL_CHECK_OUTPUT
names = [[f"{who}{step}" for who in "abc"] for step in "xyz"]  # T rows of B
glued = np.array(names).reshape(-1)  # (T * B,), as cat leaves it
print("view: ", *("".join(row) for row in glued.reshape(3, 3)))
print("stack:", *("".join(row) for row in np.array(names).T))

# %% [markdown]
# After `view` the first sequence is the first time step of all three, and
# nothing complains. Worse, the network is trained through the same
# scrambling, so it learns to emit scrambled sequences that `view` puts
# right. That makes this the most dangerous of the six. We train such a
# network on four sequences of noise, and then hand it each of them alone.

# %%
class Viewed(Autoencoder):
    """Glues along the batch, then asks view for the right shape."""

    def forward(self, x):  # (B, T, F)
        steps = super().forward(x).transpose(0, 1)  # (T, B, F)
        return steps.reshape(x.shape)  # (B, T, F), scrambled


rng = torch.Generator().manual_seed(0)
batch = torch.randn(4, 14, 5, generator=rng) / 2  # (B, T, F)
viewed = draw(Viewed, 100, seed=0)
viewed_errors, _ = fit(viewed, batch, lr=3e-3, limit=600, tolerance=1e-9)
with torch.no_grad():
    alone = torch.cat([viewed(one[None]) for one in batch])  # (B, T, F)

# %%
# NBVAL_CHECK_OUTPUT
print("training loss below a millionth:", viewed_errors[-1] < 1e-6)
print(f"each sequence on its own: {mse_loss(alone, batch):.2f}")
print(f"floor:                    {variance_floor(batch):.2f}")

# %% [markdown]
# The training loss is perfect, and each sequence on its own comes back with
# an error of 0.43 against a floor of 0.20. For one sequence `view` moves
# nothing, so nothing puts the output right. The model is worse than five
# flat lines, and its learning curve is beautiful. The loss of the batch that
# it was trained on cannot reveal this. That is why the check of the decoder
# compares a batch with its sequences one by one.

# %% [markdown]
# **Four: a target reversed in one loop only.** The paper's decoder speaks
# backward, so the training loop reverses the target. The validation loop
# forgets to. We hand that loop a perfect model.

# %%
# NBVAL_CHECK_OUTPUT
perfect = sequence.flip(1)  # what a faultless backward decoder says
print(f"perfect model: {mse_loss(perfect, sequence):.3e}")
print(f"floor:         {variance_floor(sequence):.3e}")

# %% [markdown]
# A faultless model scores 1.212e-3, next to a floor of 1.190e-3. Whoever
# watches the validation loss sees a network that predicts the mean, and will
# see it forever. This defect does produce the symptom, in the one number
# that people trust most, yet it draws no flat line. One path for both loops
# removes it.

# %% [markdown]
# ### Exercise 1.5 · One loss for training and validation (about 2 lines)
#
# Return the error of `model(batch)` as a scalar. With `reverse=True` the
# target is the batch with its *time* reversed; its features stay where they
# are. Only `reverse` decides this; whether the model is being trained or
# validated does not. You may use `strict_mse`.

# %% exercise="reconstruction_loss" tags=["exercise"]
def reconstruction_loss(
    model: nn.Module, batch: Tensor, reverse: bool
) -> Tensor:
    """MSE of the model's reconstruction of the batch.

    batch: (B, T, F). With `reverse` the target runs backward in
    time, in training and in validation alike. Returns a scalar.
    """
    raise NotImplementedError("exercise reconstruction_loss")

# %%
check("reconstruction_loss")

# %% [markdown]
# **Five: an empty tensor on the wrong device.** The outputs are collected in
# `torch.tensor([])`, which is made on the CPU wherever the model lives.
# PyTorch's device without memory, `meta`, shows the collision without a GPU.

# %%
# NBVAL_CHECK_OUTPUT
try:
    torch.cat([torch.tensor([]), torch.zeros(1, 5, device="meta")])
except RuntimeError as error:
    print(type(error).__name__)

# %% [markdown]
# So with a GPU the loop stops with an error: the model is moved there, and
# this tensor stays behind. A plain list, stacked at the end, has no device
# to get wrong.

# %% [markdown]
# **Six: the dataset.** Its class cuts the series with `torch.split` and
# reshapes every piece with `view`. We rebuild those two lines and try them
# on a series whose numbers say where they come from.

# %%
# NBVAL_CHECK_OUTPUT
series = torch.arange(14.0).reshape(7, 2)  # (n, F)
pieces = torch.split(series, 3)  # (3, F), (3, F), (1, F)
print("lengths of the pieces:", *(len(piece) for piece in pieces))
try:
    next(iter(DataLoader(pieces, batch_size=3)))
except RuntimeError as error:
    print("loader:", str(error).split(",")[0])
try:
    pieces[0:2].view(-1, 2)
except AttributeError as error:
    print("slice:", error)

# %%
# NBVAL_CHECK_OUTPUT
wanted = series.unfold(0, 3, 1)  # (N, F, 3): windows overlap by two
print(len(pieces), "pieces where", len(wanted), "windows were meant")
by_feature = series.T.reshape(-1, 2)  # (n, F), from (F, n)
print("first row, stored by feature:", by_feature[0].tolist())
pieces[0][0, 0] = -1.0
print("first row, an item changed:  ", series[0].tolist())

# %% [markdown]
# Five faults in two lines. The last piece is short, so the loader cannot
# stack it. A slice fails, although the error message of the class promises
# to accept one. The argument `overlap` is accepted and then forgotten: 3
# pieces come where 5 windows were meant.
#
# Data stored by feature passes through `view`. The first row should hold two
# features of one time step; it holds two time steps of one feature, 0.0 and
# 2.0. And an item shares its memory with the series: changing one changes
# the data for everybody, to −1.0 here. The first two faults at least stop
# with an error. The last two corrupt the data in silence, the last as soon
# as somebody normalizes an item in place.

# %% [markdown]
# ### Exercise 1.6 · Cut windows that overlap (about 15 lines)
#
# Write the dataset that was meant. `data` has shape $(n, F)$; window $i$
# starts at step $i \cdot (\text{window} - \text{overlap})$; a tail that is
# too short is left out, and settings that allow no window raise
# `ValueError`. What comes out is a copy. `torch.Tensor.unfold` is allowed;
# look at the order of its axes.

# %% exercise="Windows" tags=["exercise"]
class Windows(Dataset):
    """All whole windows of a series, in order.

    data: (n, F). Window i starts at step i * (window - overlap);
    a tail shorter than a window is left out. Items are copies:
    changing one changes neither the data nor another item.
    Raises ValueError unless 0 <= overlap < window <= n.
    """

    def __init__(self, data: Tensor, window: int, overlap: int = 0):
        raise NotImplementedError("exercise Windows")

    def __len__(self) -> int:
        """The number of windows."""
        raise NotImplementedError("exercise Windows")

    def __getitem__(self, index: int | slice) -> Tensor:
        """(window, F) for an int, (N, window, F) for a slice.

        Raises IndexError for an int outside the dataset.
        """
        raise NotImplementedError("exercise Windows")

# %%
check("Windows")

# %% [markdown]
# **Two habits that do no harm.** The asker switches the model to `eval()`
# for validation, and tries `sum` in place of `mean` as the loss's reduction.
# The first changes nothing in a network without dropout or batch
# normalization. The second multiplies loss and gradient by $70$, and Adam
# divides by the gradient's size.

# %%
# NBVAL_CHECK_OUTPUT
same = torch.equal(tiny.train()(sequence), tiny.eval()(sequence))
print("eval() changes an output:", not same)
for way in ("mean", "sum"):
    loss = nn.MSELoss(reduction=way)
    model = draw(Autoencoder, 5, seed=0)
    errors, _ = fit(model, sequence, limit=100, loss=loss)
    print(f"{way:4} after {len(errors[1:])} steps: {errors[-1]:.4f}")

# %% [markdown]
# After 100 steps the two runs agree to four decimals: both are at 0.0794.
# The asker tried both ways and saw no difference. That was good evidence,
# read as bad luck: the *size* of the loss is not what is wrong.
#
# So we have six defects and an alibi. One of the six keeps the network from
# moving at all, four need several sequences or another machine, and one lies
# about the score. Our own network had none of them and drew flat lines all
# the same. That is when the accepted answer arrives.

# %% [markdown]
# ## Refuting "capacity"
#
# *Are five units too few?* The accepted answer says so, offers a hundred,
# and adds a second remedy: train on the differences between time steps. It
# shows four runs, with five units and with a hundred, each with and without
# differences. Small networks fail both times, large ones succeed, and
# differences make the large one four times as fast.
#
# Differencing keeps the first row, so that it can be undone:
#
# $$d_1 = x_1, \qquad d_t = x_t - x_{t-1}, \qquad x_t = \sum_{s \le t} d_s$$

# %% [markdown]
# ### Exercise 1.7 · Differences, and the way back (about 4 lines)
#
# Write `difference` and its inverse, `undo_difference`; each takes and
# returns $(B, T, F)$. Do not loop. The argument must not change. The first
# row of the differences is the first row of the data, and the way back
# returns the data for any number of time steps, including one.

# %% exercise="difference" tags=["exercise"]
def difference(x: Tensor) -> Tensor:
    """The change from step to step; the first row stays as it is.

    x: (B, T, F), not modified. Returns (B, T, F).
    """
    raise NotImplementedError("exercise difference")


def undo_difference(d: Tensor) -> Tensor:
    """The inverse of `difference`.

    d: (B, T, F), not modified. Returns (B, T, F).
    """
    raise NotImplementedError("exercise difference")

# %%
check("difference")

# %% [markdown]
# The answer's own version does not pass these checks. It subtracts a rolled
# copy, in place, and puts back a first row that it had saved before. In our
# names:

# %% tags=["experiment"]
def source_difference(x):
    """Differences as the answer takes them."""
    x = x.clone()
    first = x[:, 0, :]  # (B, F), a view
    x -= torch.roll(x, 1, 1)
    x[:, 0, :] = first
    return x

# %%
# NBVAL_CHECK_OUTPUT
theirs, ours = source_difference(sequence), difference(sequence)
ends = sequence[:, 0] - sequence[:, -1]  # (B, F)
print("first row is first minus last:", torch.allclose(theirs[:, 0], ends))
for name, d in {"ours": ours, "theirs": theirs}.items():
    error = mse_loss(undo_difference(d), sequence)
    print(f"{name:7} undone: {error:.3f}, own floor {variance_floor(d):.2e}")
lost = mse_loss(undo_difference(theirs), sequence)
print(f"lost: {lost / variance_floor(sequence):.0f} floors of the data")

# %% [markdown]
# The saved row is a *view*. It shares its memory with `x`, so subtracting in
# place changes what was saved, and putting it back puts back nothing. The
# first row becomes the first time step minus the last. The level is gone for
# good: adding the differences up again gives an error of 0.158, which is 133
# floors.
#
# A network that learns these differences to perfection has not learned the
# sequence. And each space has its own floor, 1.24e-2 for our differences and
# 2.02e-3 for theirs, since only our first row still holds the level. A loss
# of `1e-4` is not the same achievement in both.

# %% [markdown]
# Here are the four runs, with differences taken correctly and undone before
# plotting. Each is filmed: `fit` passes every output through `restore`,
# where we keep it.

# %%
def filmed(model, x, restore=lambda y: y, **options):
    """What `fit` returns, and the restored outputs, (B, T, F) each."""
    frames = []
    options["restore"] = lambda y: frames.append(restore(y)) or frames[-1]
    return *fit(model, x, **options), frames

# %%
runs = {}
for hidden in (5, 100):
    for name, x in {"raw": sequence, "differenced": ours}.items():
        model = draw(Autoencoder, hidden, seed=0)
        runs[name, hidden] = filmed(model, x)

# %% alt="Four panels of data and dashed reconstructions. With five units the dashed lines are nearly flat on raw data and ramps on differences; with a hundred units they follow the curves."
figure, axes = plt.subplots(2, 2, figsize=(8, 5), sharex=True, sharey=True)
panels = zip(axes.flat, runs.items(), strict=True)
for ax, ((name, hidden), (errors, output, _)) in panels:
    if name == "differenced":
        output = undo_difference(output)  # (B, T, F)
    for feature in range(5):
        [line] = ax.plot(sequence[0, :, feature], alpha=0.5)
        ax.plot(output[0, :, feature], "--", color=line.get_color())
    steps = len(errors) - 1
    ax.set_title(f"{hidden} units, {name}: {steps} steps", fontsize=10)
    ax.set_xticks(range(0, 14, 4))
figure.supxlabel("time step")
figure.supylabel("share of events")
figure.suptitle("Five units fail twice, a hundred succeed twice",
                x=0.02, ha="left")
plt.show()

# %% [markdown]
# The small network on differences draws ramps in place of level lines, and
# they are no better: it has learned a constant change instead of a constant.
# The large one does what the answer promised. But four panels are four
# throws of the dice, and their step counts are printed above them as if they
# were constants of nature. We draw the weights again, twenty times. `show`
# adds to each row how many seeds arrived, which a median hides.

# %% tags=["experiment"]
@experiment(seeds=range(20), tolerance=0.1)
def capacity(seed):
    """Steps to a loss of 1e-4, each in the space that was trained on."""
    inputs = {
        "raw": sequence,
        "differenced": difference(sequence),
        "differenced as in the source": source_difference(sequence),
    }
    rows = {}
    for hidden in (5, 100):
        for name, x in inputs.items():
            errors, _ = fit(draw(Autoencoder, hidden, seed), x)
            rows[f"{name}, {hidden} units"] = steps_used(errors)
            rows[f"{name}, {hidden} units: loss"] = errors[-1]
    return rows

# %%
def show(stored, width=34):
    """Print each row's median, range, and how many seeds arrived."""
    for row, found in stored.items():
        count = sum(np.isfinite(found.values))
        reached = f"{count} of {len(found.values)}"
        print(f"{row:{width}} {found:.0f}".ljust(width + 18), reached)

# %%
# NBVAL_CHECK_OUTPUT
stored = tables["capacity"]
show({row: stored[row] for row in stored if "loss" not in row}, width=40)
for row in [row for row in stored if "5 units: loss" in row]:
    print(f"{row:46} {stored[row].median:.2e}")

# %%
# NBVAL_CHECK_OUTPUT
again = {n: steps_used(runs[n, 100][0]) for n in ("raw", "differenced")}
inside = all(again[name] in stored[f"{name}, 100 units"] for name in again)
faster = again["differenced"] < again["raw"]
print("our own runs lie inside:", inside, "and differences win:", faster)
ramps = mse_loss(undo_difference(runs["differenced", 5][1]), sequence)
assert inside and faster and ramps > runs["raw", 5][0][-1]

# %% [markdown]
# The table supports the answer. Five units arrive in none of these three
# spaces, with none of 20 seeds. A hundred units always arrive on
# differences, after 270 steps, and 17 times of 20 on raw data, after 820.
# The order is as claimed.
# The precision is not: between the luckiest seed, 678 steps, and the three
# that need more than a thousand, a single run says little. The losses at the
# foot belong to three spaces and cannot be compared: the smallest, 1.02e-3,
# is also the closest to its own floor.
#
# And yet the conclusion does not follow. "Never" means *not within a
# thousand steps*, and the limit was chosen by the person who ran it. The
# small network has seven weights for every number that it must store. Two
# experiments could rescue the claim that seven are too few, or sink it. The
# first is to wait.

# %% tags=["experiment"]
@experiment(seeds=range(5), tolerance=0.3)
def patience(seed):
    """Five units on the raw sequence, with time."""
    errors, _ = fit(draw(Autoencoder, 5, seed), sequence, limit=30_000)
    return {"steps": steps_used(errors), "loss": errors[-1]}

# %% [markdown]
# The second does not wait. It standardizes: each feature loses its level and
# is divided by its spread $s$. The network trains there with larger steps,
# and is judged in the units of the data.
#
# $$z_{btf} = \frac{x_{btf} - \bar x_{bf}}{s_{bf}}, \qquad
# \hat x_{btf} = s_{bf}\, \hat z_{btf} + \bar x_{bf}$$
#
# A control takes the larger steps alone. Here are the spaces of this
# chapter: what the network sees, and the way back.

# %% tags=["experiment"]
def spaces(x):
    """What the network sees, and the way back to the units of x."""
    mean, std = x.mean(1, keepdim=True), x.std(1, keepdim=True)  # (B, 1, F)
    return {
        "raw": (x, lambda y: y),
        "centered": (x - mean, lambda y: y + mean),
        "scaled, not centered": (x / std, lambda y: y * std),
        "standardized": ((x - mean) / std, lambda y: y * std + mean),
        "differenced": (difference(x), undo_difference),
    }

# %% tags=["experiment"]
def steps_in(space, model, **options):
    """Steps to an error of 1e-4 in the units of the sequence."""
    x, restore = spaces(sequence)[space]
    options = {"truth": sequence, "restore": restore, **options}
    errors, _ = fit(model, x, **options)
    return steps_used(errors)

# %% tags=["experiment"]
@experiment(seeds=range(20), tolerance=0.2)
def five_units(seed):
    """Five units and 510 weights: what they need is not more units."""
    slow, fast = (draw(Autoencoder, 5, seed) for _ in range(2))
    return {
        "raw, larger steps": steps_in("raw", slow, lr=1e-2),
        "standardized, larger steps": steps_in(
            "standardized", fast, lr=1e-2, limit=3000
        ),
    }

# %%
# NBVAL_CHECK_OUTPUT
waiting = {"raw, patience": tables["patience"]["steps"]}
show(waiting | tables["five_units"])

# %%
# NBVAL_CHECK_OUTPUT
row = "standardized, larger steps"
new = five_units(0)[row], patience(4)["steps"]
inside = new[0] in tables["five_units"][row]
inside &= new[1] in tables["patience"]["steps"]
print("new runs lie inside:", inside, "and in order:", new[0] < new[1])
assert inside and new[0] < new[1]

# %% [markdown]
# Both sink it. The same five units on the same raw numbers reach `1e-4` for
# 5 of 5 seeds, after 11460 steps in the median. They were never too few; the
# clock was stopped at a tenth of the way. Standardized, with larger steps,
# they arrive 20 of 20 times, after 253 steps, three times sooner than a
# hundred units do on the raw data; the slowest seed needs 1611. Larger steps
# alone bring 1 seed of 20 there within a thousand.
#
# This is the difference between *collapse* and *slow fitting*. Whoever
# believes in collapse buys a larger network. Whoever sees slow fitting asks
# what makes it slow.

# %% [markdown]
# The films show the difference. We add two, of twenty units on raw numbers
# and of five units with the cure. One cell asserts what the picture will
# show.

# %%
standard, restore = spaces(sequence)["standardized"]
cured = filmed(draw(Autoencoder, 5, seed=0), standard, restore,
               lr=1e-2, truth=sequence)

# %%
films = {
    "5 units": runs["raw", 5],
    "20 units": filmed(draw(Autoencoder, 20, seed=0), sequence),
    "100 units": runs["raw", 100],
    "5 units, standardized, larger steps": cured,
}

# %%
floor, arrived = variance_floor(sequence).item(), len(cured[0]) - 1
for errors, _, _ in list(films.values())[:3]:  # on raw numbers
    near = [floor / 2 < one < 2 * floor for one in errors]
    assert sum(near) > 400 and errors[arrived] > floor / 2

# %%
rows, times = [], list(range(14))
for network, (errors, _, frames) in films.items():
    for steps in range(0, 1001, 50):
        last = min(steps, len(errors) - 1)  # where it arrived, it stays
        both = zip(sequence[0].T, frames[last][0].T, strict=True)
        for feature, (truth, drawn) in enumerate(both):  # (T,) each
            rows.append({
                "network": network, "steps": steps, "error": errors[last],
                "feature": feature, "time": times,
                "truth": truth.double().numpy().round(3).tolist(),
                "drawn": drawn.double().numpy().round(3).tolist(),
            })

# %%
import altair as alt

at = alt.param(name="steps", value=400, bind=alt.binding_range(
    min=0, max=1000, step=50))
who = alt.param(name="network", value="5 units", bind=alt.binding_select(
    options=list(films)))
chosen = "datum.network == network && datum.steps == steps"

# %% alt="Above, the five curves of the data and, dashed, what five units draw of them after a few hundred steps: five flat lines. Below, the errors of four networks against steps on a logarithmic axis, with a dot on the chosen one, just above the floor."
film = alt.Chart(width=380, height=200)
lines = film.transform_filter(chosen).transform_flatten(
    ["time", "truth", "drawn"]).encode(
    alt.X("time:Q", title="time step"), alt.Color("feature:N", legend=None))
share = alt.Y("truth:Q", title="share of events").scale(domain=[0, 0.8])
above = (lines.mark_line(opacity=0.4).encode(share)
         + lines.mark_line(strokeDash=[6, 3]).encode(y="drawn:Q"))
errors = film.transform_filter("datum.feature == 0").encode(
    alt.X("steps:Q", title="step"), alt.Detail("network:N"),
    alt.Y("error:Q", title="mean squared error").scale(type="log").axis(
        values=[1e-1, 1e-3, 1e-5], format=".0e"))
dot = errors.transform_filter(chosen).mark_circle(size=80, opacity=1)
level = errors.mark_rule(strokeDash=[2, 2]).encode(
    x=alt.value(0), x2=alt.value(380),
    y=alt.datum(floor))
below = (errors.mark_line(color="gray", strokeWidth=1) + level + dot
         ).properties(height=90)
alt.vconcat(above, below, data=alt.Data(values=rows)).properties(
    title="The flat lines are a place on the way").add_params(at, who)

# %% [markdown]
# *Move the steps, and change the network.* On raw numbers each of the three
# networks draws the levels first and then lingers near the floor, the dotted
# line. The cured five units have arrived before any other network is at half
# the floor.

# %% [markdown]
# What about the other advice that such threads collect? A second layer, a
# bidirectional encoder, the target reversed as {cite:t}`srivastava2015` do,
# a decoder that is fed nothing, or the truth, instead of its own output:
# each is a small change of the same model. `Backwards` emits the last time
# step first. `BothWays` splits the units between two directions, so that the
# code keeps its size.

# %% tags=["experiment"]
class Backwards(Autoencoder):
    """Emits the last step first; the output is turned around."""

    def forward(self, x):  # (B, T, F)
        return super().forward(x).flip(1)

# %% tags=["experiment"]
class BothWays(Autoencoder):
    """Half of the units read forward, half backward."""

    def __init__(self, n_features, hidden):
        super().__init__(n_features, hidden)
        self.encoder = nn.LSTM(
            n_features, hidden // 2, batch_first=True, bidirectional=True
        )

    def forward(self, x):  # (B, T, F)
        _, (h, c) = self.encoder(x)  # (2, B, H / 2) each
        state = torch.cat([*h], 1), torch.cat([*c], 1)  # (B, H) each
        return self.decoder(state, steps=x.size(1))  # (B, T, F)

# %% tags=["experiment"]
class TwoLayers(Autoencoder):
    """The second encoder layer hands its state to the decoder."""

    def __init__(self, n_features, hidden):
        super().__init__(n_features, hidden)
        self.encoder = nn.LSTM(n_features, hidden, 2, batch_first=True)

    def forward(self, x):  # (B, T, F)
        _, (h, c) = self.encoder(x)  # (2, B, H) each
        return self.decoder((h[1], c[1]), steps=x.size(1))  # (B, T, F)

# %% [markdown]
# For the two decoders that are fed something else we unroll the same cell
# over inputs of our choice. Fed with zeros, it is the unconditional decoder.
# Fed with the truth, it is teacher forcing, which we use for the gradient
# only: there the error is that of the decoder that hears itself, since at
# the end nobody whispers.

# %% tags=["experiment"]
def unroll(model, x, inputs):
    """Decode x while the cell is fed `inputs`, (B, T, F)."""
    _, (h, c) = model.encoder(x)  # (1, B, H) each
    h, c = h[0], c[0]  # (B, H) each
    states = [h]
    for step in range(x.size(1) - 1):
        h, c = model.decoder.cell(inputs[:, step], (h, c))
        states.append(h)
    return model.decoder.read_out(torch.stack(states, 1))  # (B, T, F)

# %% tags=["experiment"]
class FedZeros(Autoencoder):
    """The decoder never sees what it has said."""

    def forward(self, x):  # (B, T, F)
        return unroll(self, x, torch.zeros_like(x))

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.2)
def remedies(seed):
    """What the answers recommend, one change at a time."""
    def steps(kind=Autoencoder, hidden=100, **options):
        model = draw(kind, hidden, seed)
        return steps_in("raw", model, limit=1500, **options)

    forced = draw(Autoencoder, 100, seed)
    return {
        "nothing changed": steps(),
        "twice the units": steps(hidden=200),
        "two encoder layers": steps(TwoLayers),
        "bidirectional encoder": steps(BothWays),
        "target reversed": steps(Backwards),
        "decoder fed zeros": steps(FedZeros),
        "decoder fed the truth": steps_in(
            "raw", forced, limit=1500,
            loss=lambda _, x: mse_loss(unroll(forced, x, x), x),
        ),
        "sum instead of mean": steps(loss=nn.MSELoss(reduction="sum")),
        "three times the step": steps(lr=3e-3),
        "ten times the step": steps(lr=1e-2),
    }

# %%
# NBVAL_CHECK_OUTPUT
show(tables["remedies"])

# %%
# NBVAL_CHECK_OUTPUT
fast = steps_in("raw", draw(Autoencoder, 100, seed=0), lr=3e-3)
inside = fast in tables["remedies"]["three times the step"]
print("a new run lies inside:", inside, "and wins:", fast < again["raw"])
assert inside and fast < again["raw"]

# %% [markdown]
# None of these is a cure. Twice the units do bring 840 steps down to 582, so
# the accepted answer has a point. But three times the learning rate does as
# much without one unit more, 553, and ten times gains nothing further (578).
# We read more units and larger steps as one effect: with either, the output
# moves farther per update. Capacity bought speed.
#
# Two layers gain next to nothing (808). Reversing the target (899), feeding
# the decoder zeros (909) or the truth (915), and reading in both directions
# (934) make the network slower, if anything. And `sum` needs 838 steps, as
# expected of Adam.

# %% [markdown]
# ## What centering does
#
# *Why do differences help?* They do make the large network faster, so what
# do they have that the other remedies lack? They remove the level. After the
# first row the network has to produce only a small change, not one on top of
# a large number. If that is all, then taking the level away by hand, which
# is called centering, must help as much, and it costs nothing to undo.
#
# Before you run the next cell, predict three curves: the error, in the units
# of the data, of a hundred units on raw, centered and standardized numbers.
# Where is each after fifty steps? Which of them pauses, and at what height?

# %% alt="Three falling curves of the error on a logarithmic axis. All reach the floor within some fifty steps; the raw curve then rests just below it for hundreds of steps, the centered one is through by two hundred, the standardized one before one hundred."
curves = {}
for space in ("raw", "centered", "standardized"):
    x, restore = spaces(sequence)[space]
    model = draw(Autoencoder, 100, seed=0)
    curves[space], _ = fit(model, x, truth=sequence, restore=restore)
figure, axes = plt.subplots(figsize=(6, 3.2))
labels = zip((4e-5, 4e-5, 1.5e-5), curves.items(), strict=True)
for height, (space, errors) in labels:
    axes.semilogy(errors)
    axes.text(len(errors), height, space, ha="center", va="center")
axes.axhline(variance_floor(sequence), color="gray", linestyle=":")
axes.text(990, 1.4e-3, "floor", ha="right", color="gray")
axes.set(xlabel="step", ylabel="mean squared error", ylim=(1e-5, 1))
axes.set_title("The raw network spends its time just below the floor")
plt.show()

# %%
# NBVAL_CHECK_OUTPUT
floor = variance_floor(sequence).item()
moments = (0, 50, 90)
print("step", *(f"{moment:13}" for moment in moments))
for space, errors in curves.items():
    heights = (f"{errors[moment] / floor:.2f} floors" for moment in moments)
    print(f"{space:13}", *heights)

# %% [markdown]
# At the start the raw network stands at 142 floors, because it knows no
# levels. Fifty steps later it stands at 1.03, the centered one at 0.75 and
# the standardized one at 0.54. From there the standardized curve dives, to
# 0.11 at step ninety, and the centered one follows after a hundred steps.
# The raw one pauses: by step ninety it has come from 1.03 to 0.79, and from
# there it creeps for hundreds of steps, below the floor, where plots of flat
# lines are made.
#
# The pause is not the end. The raw curve breaks away at last, with nothing
# new to help it. What held it up for so long? To find out, we take the level
# away in three ways: from the input alone, from input and target, or by
# starting the read-out's bias at it, $b = \bar x$.

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.2)
def centering(seed):
    """Where the level is taken away, and what that is worth."""
    def steps(space, **options):
        model = draw(Autoencoder, 100, seed)
        return steps_in(space, model, limit=1500, **options)

    told = draw(Autoencoder, 100, seed)
    told.decoder.read_out.bias.data = sequence.mean((0, 1))  # (F,)
    return {
        "raw": steps("raw"),
        "only the input centered": steps(
            "centered", restore=lambda y: y,
            loss=lambda y, _: mse_loss(y, sequence),
        ),
        "scaled, not centered": steps("scaled, not centered"),
        "differenced": steps("differenced"),
        "centered": steps("centered"),
        "only the bias set to the mean": steps_in("raw", told),
        "standardized": steps("standardized"),
        "standardized, ten times the step": steps("standardized", lr=1e-2),
    }

# %%
# NBVAL_CHECK_OUTPUT
stored = tables["centering"]
show(stored)

# %%
# NBVAL_CHECK_OUTPUT
new = {space: steps_used(errors) for space, errors in curves.items()}
inside = all(steps in stored[space] for space, steps in new.items())
ordered = new["standardized"] < new["centered"] < new["raw"]
print("our curves lie inside:", inside, "and in this order:", ordered)
assert inside and ordered

# %% [markdown]
# Centering is most of the cure. Over these ten seeds raw data take 840
# steps, differences 260 (now judged in the units of the data), and the plain
# subtraction of five means 229. What differences do well is to center, and
# they do it by a detour. Standardizing takes 88, or 26 with ten times the
# step. Larger numbers alone are no help: scaled data that keep their level
# arrive with 0 of 10 seeds.
#
# Two rows say where the level hurts. With only the input centered nothing is
# gained (872), so the encoder does not mind the level. With raw data
# everywhere and only the five biases set, 196 steps are enough, no more than
# on centered data. The whole trouble sits in five numbers.
#
# The five biases are weights like any other, so why does training not set
# them? We stop after four hundred steps and ask which share of the level
# they hold:
#
# $$\text{share} = \frac{b \cdot \bar x}{\bar x \cdot \bar x}$$

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.2)
def carrier(seed):
    """Who holds the level after 400 steps: the bias or the units?"""
    model = draw(Autoencoder, 100, seed)
    errors, _ = fit(model, sequence, limit=400)
    level = sequence.mean((0, 1))  # (F,)
    bias = model.decoder.read_out.bias.detach()  # (F,)
    floor = variance_floor(sequence).item()
    return {
        "bias's share of the level": (bias @ level / (level @ level)).item(),
        "steps above the floor": sum(e > floor for e in errors),
        "loss after 400 steps, share of the floor": errors[-1] / floor,
    }

# %%
# NBVAL_CHECK_OUTPUT
for row, found in tables["carrier"].items():
    print(f"{row:41} {found:.2g}")
rate = 1e-3
alone = sequence.mean((0, 1)).max() / rate
print(f"{'steps of a bias to the highest level':41} {alone:.0f}")

# %%
# NBVAL_CHECK_OUTPUT
new = carrier(0)
inside = all(new[row] in found for row, found in tables["carrier"].items())
print("a new run lies inside:", inside)
assert inside

# %% [markdown]
# Training hardly tries. After 400 steps, about 54 of them above the floor,
# the bias holds a share of 0.056 of the level.
#
# Adam moves a weight by about the learning rate, so a bias alone would need
# 640 steps to climb to the highest level. A hundred units that pull together
# lift the output by the same amount in fifty. The units arrive first. Then
# the error of the level is gone, and nothing pushes the bias any more.
#
# From then on the units serve two masters. Whatever a unit does to draw a
# movement also shifts the level that it helps to hold, and an error of the
# level is far more expensive. If this reading is right, the price must rise
# with the level. We lift the standardized data by one, three and ten
# spreads.

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.2)
def levels(seed):
    """Standardized data lifted by 0, 1, 3 and 10 standard deviations."""
    x, restore = spaces(sequence)["standardized"]
    rows = {}
    for level in (0, 1, 3, 10):
        errors, _ = fit(
            draw(Autoencoder, 100, seed), x + level, truth=sequence,
            restore=lambda y, level=level: restore(y - level),
        )
        rows[f"level {level}"] = steps_used(errors)
    return rows

# %%
# NBVAL_CHECK_OUTPUT
show(tables["levels"])
ratio = sequence.mean((0, 1)) / sequence.std((0, 1))  # (F,)
print("levels of the data, in spreads:", *(f"{r:.1f}" for r in ratio))

# %%
# NBVAL_CHECK_OUTPUT
new = levels(0)
inside = all(new[row] in found for row, found in tables["levels"].items())
rising = sorted(new.values()) == list(new.values())
print("new runs lie inside:", inside, "and rise with the level:", rising)
assert inside and rising

# %% [markdown]
# It rises with every lift: 88 steps without a level, 143 on a level of one
# spread, 532 on three, and on ten no seed of 10 arrives within a thousand.
# The asker's five features sit 2.3 to 20.0 spreads above zero, and raw they
# arrive all the same: in their own units the levels are below one, and the
# network lifts them quickly. Divided by the spreads, as we saw, they do not.
#
# A level many spreads high is the ordinary state of raw data, from
# temperatures in kelvin to share prices. That is why standardizing comes
# before the choice of an architecture.

# %% [markdown]
# ### Exercise 1.8 · Fit the sequence in sixty steps (about 15 lines)
#
# Put it together: standardize, draw an `Autoencoder` inside
# `with seeded(seed):`, train it with a learning rate of your choice, and
# stop when the error *in the units of x* is below the tolerance. Sixty steps
# are enough for a hundred units and a tolerance of `1e-4`. You may use
# `strict_mse`. Write the loop yourself: the checks see the exercises, the
# imports and `Autoencoder`, not the chapter's `fit`.

# %% exercise="fit_sequence" tags=["exercise"]
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    """Fit one Autoencoder to x until its MSE is below tolerance.

    x: (1, T, F), in its own units, in which the tolerance is meant.
    The weights are drawn inside `with seeded(seed):`. Returns the
    reconstruction (1, T, F), in the units of x, and the number of
    optimizer steps taken, at most 1000; none if the untrained
    model is already below the tolerance.
    """
    raise NotImplementedError("exercise fit_sequence")

# %%
check("fit_sequence")

# %% tags=["experiment"]
@experiment(seeds=range(20), tolerance=0.1)
def recipe(seed):
    """Standardize, and take ten times the step."""
    _, first = fit_sequence(sequence, 100, seed)
    _, last = fit_sequence(sequence, 100, seed, tolerance=1e-6)
    return {"to 1e-4": first, "to 1e-6": last}

# %%
# NBVAL_CHECK_OUTPUT
stored = tables["recipe"]
show(stored)

# %%
# NBVAL_CHECK_OUTPUT
news = [recipe(seed) for seed in range(5)]
inside = [new[row] in stored[row] for new in news for row in new]
print("new runs lie inside:", all(inside))
enough = [new["to 1e-4"] <= 60 for new in news]
print("sixty steps are enough for", sum(enough), "of", len(enough))
assert all(inside) and all(enough)

# %% [markdown]
# Standardized and with a rate of `1e-2`, a hundred units reach `1e-4` in 26
# steps and `1e-6`, a hundred times closer, in 68; no seed of 20 needs more
# than 31 and 75. It is the very network that pauses for hundreds of steps
# just below the floor when its numbers are raw.

# %% [markdown]
# ## A level of one thousand
#
# *Is a small change on a high level lost?* The case made for differences is
# this: a hundred time steps of one feature near a level of a thousand, with
# changes of at most one. The answer expects a network to take the changes
# for noise and predict the thousand, unless it is given differences. We
# build that sequence as a walk, each change $u_s$ drawn evenly between minus
# one and one:
#
# $$x_t = 1000 + \sum_{s \le t} u_s$$
#
# Each space gets two hundred steps. So do differences whose start is kept
# aside, since an ordinary first row holds the thousand.

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.3)
def thousand(seed):
    """A level of 1000, a hundred changes of at most 1: typical errors."""
    rng = torch.Generator().manual_seed(seed)
    changes = 2 * torch.rand(1, 100, 1, generator=rng) - 1  # (B, T, F)
    walk = 1000 + changes.cumsum(1)
    start = walk[:, :1]  # (B, 1, F)
    ways = spaces(walk) | {
        "differenced, start kept aside": (
            difference(walk - start), lambda d: undo_difference(d) + start
        ),
    }
    ways.pop("scaled, not centered")
    rows = {"best constant": variance_floor(walk).sqrt().item()}
    for name, (x, restore) in ways.items():
        model = draw(Autoencoder, 100, seed, n_features=1)
        errors, output = fit(
            model, x, limit=200, truth=walk, restore=restore
        )
        rows[name] = errors[-1] ** 0.5
        rows[f"{name}: mean output"] = output.mean().item()
    return rows

# %%
# NBVAL_CHECK_OUTPUT
stored = tables["thousand"]
print("root mean squared error after the last step")
for row in [row for row in stored if "output" not in row]:
    print(f"{row:30} {stored[row]:.3g}")
print(f"mean output, raw: {stored['raw: mean output']:.1f}")

# %%
# NBVAL_CHECK_OUTPUT
new = thousand(0)
inside = all(new[row] in stored[row] for row in new)
ordered = new["centered"] < new["best constant"] < new["differenced"]
print("a new run lies inside:", inside, "and in order:", ordered)
assert inside and ordered

# %% [markdown]
# None of it happens. The raw network does not predict a thousand: its output
# has climbed to 26.1, and the typical error is 975, where the best constant
# has 2.2. Differences do not help either. Their first row is the thousand,
# and the way back carries its error into every later row. With the start
# kept aside they come to 1.4, since the errors of the changes add up, too.
# Centering gets to 0.84 and standardizing to 0.76.
#
# So the case made for differences is a case for centering. The intuition
# behind it, that small changes drown in a high level, is right.

# %% [markdown]
# ## Is the identity hard to learn?
#
# The conversation under the answer turns to this purer question. If the code
# has as many numbers as the sequence, $14 \cdot 5 = 70$, nothing has to be
# left out, and the network could copy. The answer gives three reasons why
# copying is hard all the same: the network is not linear, a recurrent one
# squeezes all time steps into one state, and an LSTM is made to forget what
# seems to matter least. We separate the first two.
#
# We take four networks that are seventy units wide: dense and recurrent,
# each with and without a nonlinear function. The linear recurrent one is our
# autoencoder with every gate and every $\tanh$ taken out:
#
# $$h_t = A\,[h_{t-1}, x_t] + a$$
#
# with one pair $A$, $a$ for reading and another for decoding, where the last
# output takes the place of $x_t$.

# %% tags=["experiment"]
class LinearAutoencoder(nn.Module):
    """The same loop as Autoencoder, with no gate and no tanh."""

    def __init__(self, n_features, hidden):
        super().__init__()
        self.read_in = nn.Linear(hidden + n_features, hidden)
        self.turn = nn.Linear(hidden + n_features, hidden)
        self.read_out = nn.Linear(hidden, n_features)

    def forward(self, x):  # (B, T, F)
        h = x.new_zeros(len(x), self.turn.out_features)  # (B, H)
        for step in x.unbind(1):  # (B, F)
            h = self.read_in(torch.cat([h, step], 1))  # (B, H)
        outputs = [self.read_out(h)]  # (B, F)
        for _ in range(x.size(1) - 1):
            h = self.turn(torch.cat([h, outputs[-1]], 1))  # (B, H)
            outputs.append(self.read_out(h))
        return torch.stack(outputs, 1)  # (B, T, F)

# %% [markdown]
# To copy one sequence is to memorize it. To copy *any* sequence is the
# identity, so training and test batches are fresh noise, in which no time
# step says anything about another. We score $R^2$ on noise that was never
# seen, this time against the mean of all noise, zero, and not against each
# sequence's own. The noise has variance one, so it is one minus the loss.

# %% tags=["experiment"]
def dense(*between):
    """Seventy numbers in, a code of seventy, seventy out."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(70, 70), *between,  # (B, 70)
        nn.Linear(70, 70), nn.Unflatten(1, (14, 5)),  # (B, T, F)
    )

# %% tags=["experiment"]
def copying_noise(model, seed, reverse=False, steps=1000):
    """R² on fresh noise after training on fresh noise."""
    rng = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(steps):
        batch = torch.randn(64, 14, 5, generator=rng)  # (B, T, F)
        optimizer.zero_grad()
        reconstruction_loss(model, batch, reverse).backward()
        optimizer.step()
    fresh = torch.randn(512, 14, 5, generator=rng)
    with torch.no_grad():
        return 1 - reconstruction_loss(model, fresh, reverse).item()

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.1)
def identity(seed):
    """R² of copying noise through a code of 70 = 14 × 5 numbers."""
    with seeded(seed):
        linear, curved = dense(), dense(nn.Tanh())
    rows = {
        "dense, linear": copying_noise(linear, seed),
        "dense, tanh": copying_noise(curved, seed),
    }
    kinds = {"recurrent, linear": LinearAutoencoder, "LSTM": Autoencoder}
    for name, kind in kinds.items():
        for reverse in (False, True):
            key = name + ", reversed" * reverse
            model = draw(kind, 70, seed)
            rows[key] = copying_noise(model, seed, reverse)
    return rows

# %%
# NBVAL_CHECK_OUTPUT
stored = tables["identity"]
for row, found in stored.items():
    print(f"{row:27} {found:.3f}")

# %%
# NBVAL_CHECK_OUTPUT
with seeded(0):
    curved = dense(nn.Tanh())
straight = draw(LinearAutoencoder, 70, seed=0)
new = {
    "dense, tanh": copying_noise(curved, seed=0),
    "recurrent, linear": copying_noise(straight, seed=0),
}
inside = all(new[row] in stored[row] for row in new)
sooner = new["dense, tanh"] > new["recurrent, linear"]
print("new runs lie inside:", inside, "and tanh is ahead:", sooner)
assert inside and sooner

# %% [markdown]
# The dense network with its $\tanh$ copies almost as well as the linear one,
# 0.988 against 1.000. The nonlinearity costs a hundredth. The recurrent
# network without any manages only 0.382. The LSTM, whose gates are the
# culprit in the story, is no worse at 0.427, though its code, $h$ and $c$
# together, has twice the room. Of the two reasons the second is the right
# one.
#
# And recurrence has a remedy. Asked for the sequence *backward*, both
# improve, to 0.900 and 0.728: what was heard last is said first, the way
# plates leave a stack. {cite:t}`srivastava2015` reversed their targets for
# this reason. On our one sequence it did nothing, perhaps because a sequence
# that is learned by heart has no order to exploit.

# %% [markdown]
# ## Many sequences
#
# So far one sequence was learned by heart. An autoencoder is meant for many:
# it should find the few numbers in which they differ, and rebuild sequences
# that it has never seen. *How many numbers does the code need, and does a
# network need fewer of them than a method without training?*
#
# We take a family that we know. Each sequence is a sine over a day of hourly
# values, with any phase $\varphi$ and with $r$ turns, from one to two and a
# half. Two numbers describe it completely, so a perfect code is tiny:
#
# $$x_t = \sin(2\pi\, r\, t / T + \varphi)$$

# %% tags=["experiment"]
def sines(rng: np.random.Generator, count: int, steps: int = 24) -> Tensor:
    """(count, steps, 1): one to two and a half turns, any phase."""
    turns = rng.uniform(1, 2.5, (count, 1, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    t = np.arange(steps).reshape(1, steps, 1) / steps  # (1, T, 1)
    waves = np.sin(2 * np.pi * turns * t + phase)  # (B, T, 1)
    return torch.tensor(waves, dtype=torch.float32)

# %% [markdown]
# Two draws from one generator give the split: `512` sequences to train on
# and `256` that are held out. No sine of the second set is in the first, so
# learning by heart earns nothing here. There is no noise either: whatever is
# missing from a reconstruction is missing from the method.

# %% alt="Six sine curves over twenty-four hours, each with its own phase and number of turns."
figure, axes = plt.subplots(figsize=(6, 2.6))
axes.plot(sines(np.random.default_rng(0), 6)[..., 0].T)  # (T, B)
axes.set(xlabel="time (hours)", ylabel="value")
axes.set_title("Sequences that differ in two numbers only")
plt.show()

# %% [markdown]
# Principal component analysis (PCA) flattens a sequence to a vector, keeps
# the $d$ directions $u_i$ in which the training set varies most, and
# rebuilds from those. Here $\bar x$ is the mean of the training sequences, a
# curve, and no longer a mean over time:
#
# $$\hat x = \bar x + \sum_{i=1}^{d} u_i\, u_i^\top (x - \bar x)$$
#
# The directions come in order of what they explain, so we always compute
# eight and close all but the first $d$. With $d = 0$ what remains is one
# mean curve for everybody.

# %% tags=["experiment"]
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score


class Principal(nn.Module):
    """PCA of flattened sequences as a model with a code of d numbers."""

    def __init__(self, x: Tensor, d: int):
        super().__init__()
        self.pca = PCA(8, svd_solver="full").fit(x.flatten(1).numpy())
        self.open = np.arange(8) < d  # (8,)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        code = self.pca.transform(x.flatten(1).numpy())  # (B, 8)
        flat = self.pca.inverse_transform(code * self.open)  # (B, T * F)
        return torch.tensor(flat, dtype=x.dtype).view_as(x)  # (B, T, F)

# %%
# NBVAL_CHECK_OUTPUT
# the table of an experiment that comes a few cells below
for d in (0, 1, 2, 3, 5, 8):
    found = tables["code_sizes"][f"PCA, d = {d}"]
    print(f"d = {d}: PCA explains {found:.3f}")

# %% [markdown]
# With nothing to tell sequences apart, PCA scores −0.023, a little below
# each sequence's own flat line, because one curve cannot follow all their
# levels. Two numbers are enough for a sine, and yet PCA with $d = 2$
# explains only 0.606. It needs five for 0.982 and eight for 1.000. Each
# frequency has a plane of its own, and PCA may choose its directions only
# once, for all. A curved code, such as a network can learn, should do
# better.
#
# Our autoencoder hands over two vectors, $h$ and $c$. To choose $d$ freely
# we squeeze $h$ through eight numbers, with weights $S$ and a bias $s$, and
# keep $d$ of them open with a mask $m_d$ of ones and zeros. A second layer,
# with weights $V$ and bias $v$, turns them into the state $(h', c')$ that
# the decoder starts from:
#
# $$z = m_d \odot (S h + s), \qquad (h', c') = V z + v$$

# %% tags=["experiment"]
class Narrow(nn.Module):
    """An autoencoder with d open numbers between its halves."""

    def __init__(self, n_features: int, d: int, hidden: int = 32):
        super().__init__()
        self.encoder = nn.LSTM(n_features, hidden, batch_first=True)
        self.squeeze = nn.Linear(hidden, 8)
        self.widen = nn.Linear(8, 2 * hidden)
        self.decoder = Decoder(n_features, hidden)
        self.open = (torch.arange(8) < d).float()  # (8,)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        _, (h, _) = self.encoder(x)  # (1, B, H)
        code = self.squeeze(h[0]) * self.open  # (B, 8)
        h, c = self.widen(code).chunk(2, dim=1)  # (B, H) each
        return self.decoder((h, c), steps=x.size(1))  # (B, T, F)

# %% [markdown]
# Because the other numbers are closed and not removed, networks of every $d$
# start from the same weights under one seed. With $d = 0$ the code is zero,
# the decoder still runs, and what it can learn is the one curve that suits
# everybody. That is collapse by construction, a specimen to compare others
# with.
#
# The loop draws random batches and lowers the learning rate evenly as it
# goes. It yields after each backward pass, while the gradient is still
# there, so that we can look.

# %% tags=["experiment"]
def training(model, data: Tensor, steps: int, rng: np.random.Generator):
    """Train on random batches; yield each step before it is taken."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    cool = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.01, steps)
    for step in range(steps):
        chosen = rng.integers(len(data), size=64)
        batch = data[torch.from_numpy(chosen)]  # (64, T, F)
        loss = reconstruction_loss(model, batch, reverse=False)
        optimizer.zero_grad()
        loss.backward()
        yield step + 1
        optimizer.step()
        cool.step()

# %% [markdown]
# What do we look at? $R^2$ says whether the network works, but it compares
# value by value with the truth. Two signs of collapse that do without are
# often proposed: the output does not move (the variance ratio), and no
# gradient arrives at the bottleneck (the norm of the gradient of
# `squeeze.weight`). We record all three, on held-out sines, at five moments.
# The gradient is that of the training batch, since no other exists.

# %% tags=["experiment"]
@torch.no_grad()
def portrait(model: Narrow, held_out: Tensor) -> dict[str, float]:
    """How well it rebuilds, how much it moves, how hard it is pulled."""
    rebuilt = model(held_out)  # (B, T, 1)
    return {
        "R²": explained_variance(rebuilt, held_out).item(),
        "ratio": variance_ratio(rebuilt, held_out).item(),
        "gradient": model.squeeze.weight.grad.norm().item(),
    }

# %% tags=["experiment"]
MOMENTS = (50, 100, 200, 400, 800)


def watched(d: int, seed: int, steps: int = 800) -> dict[str, float]:
    """Train one network with a code of d; look at it at the moments."""
    rng, rows = np.random.default_rng(seed), {}
    seen, held_out = sines(rng, 512), sines(rng, 256)
    with seeded(seed):
        model = Narrow(1, d)
    for step in training(model, seen, steps, rng):
        if step in (*MOMENTS, steps):
            for name, value in portrait(model, held_out).items():
                rows[f"{name}, d = {d}, step {step}"] = value
    return rows

# %% tags=["experiment"]
@experiment(seeds=range(5), tolerance=0.1)
def code_sizes(seed: int) -> dict[str, float]:
    """PCA and the network on the same held-out sines, for each d."""
    rng, rows = np.random.default_rng(seed), {}
    seen, held_out = sines(rng, 512), sines(rng, 256)
    for d in (0, 1, 2, 3, 5, 8):
        rebuilt = Principal(seen, d)(held_out)  # (B, T, 1)
        r2 = explained_variance(rebuilt, held_out).item()
        rows |= {f"PCA, d = {d}": r2} | watched(d, seed)
    return rows

# %% [markdown]
# Each of five seeds draws new data, weights and batches; PCA sees the same
# data. Predict before reading on: from which $d$ does the network lose?

# %%
# NBVAL_CHECK_OUTPUT
sizes = tables["code_sizes"]
for d in (0, 1, 2, 3, 5, 8):
    pca, network = sizes[f"PCA, d = {d}"], sizes[f"R², d = {d}, step 800"]
    pairs = zip(network.values, pca.values, strict=True)
    better = sum(ours > theirs for ours, theirs in pairs)
    print(f"d = {d}   PCA {pca:.3f}   network {network:.3f}",
          f"  better in {better} of {len(pca.seeds)}")

# %% alt="R squared against code size, two curves with bands. The network's curve is above that of PCA at one, two and three numbers, level at five, and just below at eight; its band is wide at three."
figure, axes = plt.subplots(figsize=(6, 3.2))
codes = (0, 1, 2, 3, 5, 8)
rows = {"PCA": "PCA, d = {}", "network": "R², d = {}, step 800"}
for label, row in rows.items():
    found = [sizes[row.format(d)] for d in codes]
    axes.plot(codes, [one.median for one in found], "o-", label=label)
    ends = [one.low for one in found], [one.high for one in found]
    axes.fill_between(codes, *ends, alpha=0.2)
axes.set_xlabel("numbers in the code, $d$")
axes.set_ylabel("$R^2$, held out")
axes.set_title("The network wins with few numbers, PCA with many")
axes.legend(loc="lower right")
plt.show()

# %% [markdown]
# A curved code pays where numbers are scarce. With $d = 2$ the network
# explains 0.899 where PCA explains 0.606, and it is better in all five
# seeds. With $d = 8$ PCA is ahead in every seed, and it needs no steps at
# all. At five the medians are 0.988 and 0.982, and the network wins three
# seeds to two, nearly a draw.
#
# What surprised us is the width of the band. With $d = 3$ the median is
# 0.966, yet one network of the five stops at 0.600, while the worst PCA of
# that size explains 0.789. A method that is better in the median can be the
# worse bet.
#
# A stored table is a claim, so we train two of the networks again here and
# expect the same: ahead with three numbers, behind with eight.

# %%
# NBVAL_CHECK_OUTPUT
again = {d: watched(d, seed=0)[f"R², d = {d}, step 800"] for d in (3, 8)}
inside = [again[d] in sizes[f"R², d = {d}, step 800"] for d in again]
better = [again[d] > sizes[f"PCA, d = {d}"].values[0] for d in again]
print("new runs lie inside the stored ranges:", all(inside))
print("the network beats PCA, by d:", dict(zip(again, better, strict=True)))
assert all(inside) and better == [True, False]

# %% [markdown]
# Where the two curves cross is not only a matter of the code's size. We look
# at the five networks with $d = 5$ once more, halfway through their
# training, and train them anew with three times the steps.

# %% tags=["experiment"]
@experiment(seeds=range(5), tolerance=0.1)
def longer(seed: int) -> dict[str, float]:
    """A code of five numbers, with three times the steps."""
    return watched(5, seed, steps=2400)

# %%
# NBVAL_CHECK_OUTPUT
pca = sizes["PCA, d = 5"]
budgets = {
    "halfway": sizes["R², d = 5, step 400"],
    "at the end": sizes["R², d = 5, step 800"],
    "three times": tables["longer"]["R², d = 5, step 2400"],
}
for name, found in budgets.items():
    pairs = zip(found.values, pca.values, strict=True)
    better = sum(ours > theirs for ours, theirs in pairs)
    print(f"{name:12} {found:.3f}   better in {better} of {len(pca.seeds)}")
print(f"{'PCA':12} {pca:.3f}")

# %% [markdown]
# Halfway, PCA wins at $d = 5$: the network has 0.957 against 0.982, and is
# better in one seed. At the end they are nearly even. With three times the
# steps the network wins four times and reaches 0.999 in the median. So "PCA
# wins at five numbers" is true of a run cut short and false of a finished
# one, and a comparison that hides the budget says nothing. Patience is no
# guarantee either: after the long run the fifth network ends at 0.954, below
# PCA.

# %% [markdown]
# **Which sign tells that a network has collapsed?** We have looked at five
# code sizes above zero, five moments and five seeds. No single moment can
# tell whether a network would stay at the floor for good, so *collapsed*
# here means flat at that moment, with an $R^2$ below a fifth.
#
# For each sign we ask two things. Does it rank the networks as $R^2$ does
# (the rank correlation)? And how often does it place a collapsed network
# below one that works? That share is called the AUC: a half is guessing, one
# is a perfect order.

# %%
def signs(name, moments):
    """One sign, at some moments, of all networks that have a code."""
    wanted = [(d, step) for d in (1, 2, 3, 5, 8) for step in moments]
    rows = [sizes[f"{name}, d = {d}, step {step}"] for d, step in wanted]
    return np.ravel([row.values for row in rows])  # one per portrait


def rank_correlation(a, b):
    """Spearman's: the correlation of the ranks, from -1 to 1."""
    return np.corrcoef(a.argsort().argsort(), b.argsort().argsort())[0, 1]

# %%
# NBVAL_CHECK_OUTPUT
for moments in (MOMENTS, MOMENTS[:1], MOMENTS[-1:]):
    r2 = signs("R²", moments)
    print(f"rank correlation with R², steps {moments[0]} to {moments[-1]}")
    for sign in ("ratio", "gradient"):
        print(f"  {sign:9}{rank_correlation(signs(sign, moments), r2):+.3f}")

# %%
# NBVAL_CHECK_OUTPUT
r2 = signs("R²", MOMENTS)
works, good = r2 > 0.2, 0.9
print("collapsed", sum(~works), "of", len(works))
for sign in ("ratio", "gradient"):
    found = signs(sign, MOMENTS)
    print(f"{sign:9}AUC {roc_auc_score(works, found):.3f},",
          f"collapsed up to {found[~works].max():.3f},",
          f"R² above {good} from {found[r2 > good].min():.3f}")

# %% [markdown]
# The variance ratio follows $R^2$ almost rank by rank: 0.989 over all
# moments. The gradient's norm reaches 0.338, and that one number hides
# something. After fifty steps the correlation is 0.626: where a gradient
# arrives, learning has begun. After eight hundred it is −0.699: the networks
# that are still being pulled hard are those that have not arrived. The same
# large gradient means hope at first and trouble at the end.
#
# The ranks mean something only because the networks differ: 37 of the 125
# portraits show a collapsed one.
#
# To be fair to the gradient: it still tells collapsed networks from the
# others with an AUC of 0.903. But no threshold works. One collapsed network
# has a norm of 0.158, and one that explains more than nine tenths has 0.007.
# The variance ratio leaves a gap: collapsed networks reach 0.259, good ones
# begin at 0.918. It scores 0.998, costs one forward pass, and has no unit,
# so a threshold means the same on the next data set.

# %% alt="Two scatter plots against R squared. The variance ratio lies on the diagonal. The gradient norm rises to the middle and falls again, so that low values stand for both collapsed and finished networks."
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), sharex=True)
for step in MOMENTS[::2]:
    r2 = signs("R²", (step,))
    left.plot(r2, signs("ratio", (step,)), "o", label=f"step {step}")
    right.plot(r2, signs("gradient", (step,)), "o")
left.set(xlabel="$R^2$, held out", ylabel="variance ratio")
right.set(xlabel="$R^2$, held out",
          ylabel="gradient norm\n(loss per unit of weight)")
right.set_yscale("log")
left.legend()
figure.suptitle(
    "The variance ratio tracks $R^2$; the gradient rises and falls",
    x=0.02, ha="left")
plt.show()

# %% [markdown]
# ## Anomalies
#
# What is a cured autoencoder good for? {cite:t}`malhotra2016` train it on
# sequences of a machine in good health and let it rebuild whatever comes
# later. It cannot rebuild what it has never seen, and the error gives the
# fault away. *How many faults does that find, and does it take a network?*
#
# We need faults that we know, so we build a plant. One load turns all its
# machines, now faster, now slower. Each machine reports three metrics: two
# turn with the load and one turns twice as fast, each with a phase of its
# own and some noise $\varepsilon$. All series are hourly.
#
# $$x_{tmk} = \sin(n_k\,\theta_t + \varphi_{mk}) + \varepsilon_{tmk},
# \qquad n = (1, 1, 2)$$
#
# The angle $\theta$ belongs to the plant and the phases $\varphi$ to a
# machine. The pace drifts (`jitter` in the code), and that matters: at a
# constant pace every day would repeat the last, and remembering it would be
# enough.

# %% tags=["experiment"]
def plant(rng: np.random.Generator, steps: int, machines: int) -> Tensor:
    """(steps, machines * 3): one load turns three metrics a machine."""
    jitter = np.convolve(rng.normal(size=steps + 49), np.ones(50), "valid")
    turned = np.cumsum(2 * np.pi / 12 * (1 + 0.03 * jitter))  # (n,), radians
    shift = rng.uniform(0, 2 * np.pi, (machines, 3))
    angle = turned[:, None, None] * [1, 1, 2] + shift  # (n, M, 3)
    metrics = np.sin(angle) + rng.normal(0, 0.2, angle.shape)
    return torch.tensor(metrics, dtype=torch.float32).flatten(1)  # (n, F)

# %% [markdown]
# The split follows time and has three parts. The first hours train the model
# and give the scale of each metric. The next give the mean and the
# covariance of its errors; the model must not have seen these hours, or
# normal errors would look too small. The last are the test.
#
# Your `Windows` cut the series into days. Training windows share half their
# hours, which doubles their number. Test windows share none, so that each is
# one trial. They go in turn to the normal side and to the side that we will
# break.

# %% tags=["experiment"]
SPLIT = (6_000, 2_400, 38_400)  # hours to train, to validate, to test


def history(rng: np.random.Generator, machines: int) -> list[Tensor]:
    """Windows (N, 24, F) to train, to validate, and twice to test."""
    early, middle, late = plant(
        rng, sum(SPLIT), machines
    ).split(SPLIT)  # (n, F) each
    mean, std = early.mean(0), early.std(0)  # (F,) each
    early, middle, late = (
        Windows((piece - mean) / std, 24, overlap)
        for piece, overlap in ((early, 12), (middle, 0), (late, 0))
    )
    return [early[:], middle[:], late[0::2], late[1::2]]

# %%
# NBVAL_CHECK_OUTPUT
early, middle, normal, odd = history(np.random.default_rng(0), machines=1)
for part in (early, middle, normal, odd):
    print(tuple(part.shape))

# %% [markdown]
# There are 499 windows to train on, 100 to validate, and 800 on each side of
# the test. Why so many? The AUC of a coin toss is only near a half, and we
# want it near enough to notice a leak.
#
# Now the faults. A *spike* is one value in one metric, two standard
# deviations too high. A *stuck* sensor repeats a value of the first half of
# the day until the day ends. *Swapped* metrics are two cables in each
# other's socket. And *null* is nothing at all: a method that finds a null
# anomaly finds something that we did not put there. Two more faults need
# several machines and come later.

# %% tags=["experiment"]
def tamper(windows: Tensor, kind: str, rng: np.random.Generator) -> Tensor:
    """Break one machine, drawn anew for each window."""
    broken = windows.unflatten(2, (-1, 3)).clone()  # (N, T, M, 3)
    n, steps, machines, metrics = broken.shape
    every = torch.arange(n)
    m, k, t = (
        torch.from_numpy(rng.integers(limit, size=n))
        for limit in (machines, metrics, steps)
    )  # (N,) each
    if kind == "spike":
        broken[every, t, m, k] += 2.0
    if kind == "stuck":
        late = torch.arange(steps) >= t[:, None] // 2  # (N, T)
        held, alive = (
            broken[every, t // 2, m, k], broken[every, :, m, k]
        )  # (N,), (N, T)
        broken[every, :, m, k] = torch.where(late, held[:, None], alive)
    if kind == "swapped":
        broken[every, :, m] = broken[every, :, m][..., [1, 0, 2]]
    if kind == "exchanged":
        broken[every, :, m] = broken[every, :, (m + 1) % machines]
    if kind == "out of step":
        broken[every, :, m] = broken[every - 1, :, m]  # (N, T, 3)
    return broken.flatten(2)  # (N, T, F)

# %% alt="Three panels with the same day of three metrics, broken in three ways: one value jumps up, one curve becomes horizontal, two curves change places."
figure, axes = plt.subplots(1, 3, figsize=(9, 2.8), sharey=True)
for ax, kind in zip(axes, ("spike", "stuck", "swapped"), strict=True):
    broken = tamper(odd[:1], kind, np.random.default_rng(5))  # (1, T, F)
    ax.plot(odd[0], alpha=0.35)
    ax.set_prop_cycle(None)
    ax.plot(broken[0], "--")
    ax.set(xlabel="time (hours)", title=kind)
axes[0].set_ylabel("metric\n(standard deviations)")
figure.suptitle("The same day, broken in three ways (dashed)",
                x=0.02, ha="left")
plt.show()

# %% [markdown]
# The error of a time step is a vector with one entry per metric. We cannot
# add squares to make it one number: some metrics are rebuilt worse than
# others every day, and errors of related metrics come in pairs. So we
# measure the error in units of what is usual. With mean $\mu$ and covariance
# $\Sigma$ of errors $e$ on normal data, the squared Mahalanobis distance is
#
# $$a(e) = (e - \mu)^\top \Sigma^{-1} (e - \mu)$$

# %% [markdown]
# ### Exercise 1.9 · Score what the model cannot rebuild (about 5 lines)
#
# Return $a$ for each row of `residual`, of shape $(N, F)$. Mean and
# covariance come from the rows of `fit_on`, $(M, F)$, and from nothing else;
# the covariance is divided by $M$. Do not loop over rows, and do not use a
# library's Mahalanobis distance or covariance.

# %% exercise="anomaly_score" tags=["exercise"]
def anomaly_score(residual: Tensor, fit_on: Tensor) -> Tensor:
    """Squared Mahalanobis distance of each residual.

    residual: (N, F), the errors to score; fit_on: (M, F), errors on
    normal data, which alone give the mean and the covariance
    (divided by M). Returns (N,), large where unusual.
    """
    raise NotImplementedError("exercise anomaly_score")

# %%
check("anomaly_score")

# %% [markdown]
# A toy first. The usual errors are two units in the first metric and a fifth
# of a unit in the second. Then the same error of one unit arrives, in one
# metric or in the other.

# %%
# NBVAL_CHECK_OUTPUT
rows = [[2.0, 0.0], [-2.0, 0.0], [0.0, 0.2], [0.0, -0.2]]
usual = torch.tensor(rows)  # (M, F)
for error in torch.eye(2):
    score = anomaly_score(error[None], fit_on=usual).item()
    print("error", error.tolist(), f"score {score:.1f}")

# %% [markdown]
# In the first metric it scores 0.5, in the second 50.0, while the plain
# squared error calls them equal. The two metrics are unrelated here, so the
# square is divided by the metric's own variance.
#
# A window is as suspect as its worst hour and scores $\max_t a(e_t)$. We set
# no threshold, since what a false alarm costs is not ours to say. Instead we
# ask how often a broken window outscores a normal one, which is again the
# AUC, the area under the ROC curve:
#
# $$\text{AUC} = P\,(a_\text{broken} > a_\text{normal})$$
#
# The null anomaly has to score a half; only what a fault scores above that
# counts.

# %% tags=["experiment"]
@torch.no_grad()
def worst(rebuild, windows: Tensor, validate: Tensor) -> Tensor:
    """(N,): the largest anomaly score among the steps of a window."""
    known, new = (
        (rebuild(part) - part).flatten(0, 1)  # (N * T, F)
        for part in (validate, windows)
    )
    score = anomaly_score(new, fit_on=known)  # (N * T,)
    return score.view(len(windows), -1).amax(1)  # (N,)

# %% tags=["experiment"]
def auc(normal: Tensor, odd: Tensor) -> float:
    """The chance that an odd window outscores a normal one."""
    truth = [0] * len(normal) + [1] * len(odd)
    return float(roc_auc_score(
        truth, torch.cat([normal, odd]).numpy()  # (2N,)
    ))


def trained(windows: Tensor, seed: int, steps: int = 600) -> Narrow:
    """The autoencoder with a code of eight, fitted to windows."""
    with seeded(seed):
        model = Narrow(windows.size(2), 8)
    for _ in training(model, windows, steps, np.random.default_rng(seed)):
        pass
    return model

# %% [markdown]
# Two baselines come before the network. The first rebuilds nothing: it says
# zero, the mean, for every metric, so that the score judges the values
# themselves. The second is PCA with a code of the same eight numbers. All
# three share the score and the windows; only the rebuilding differs. The
# network is the narrow one of the last section, all eight numbers open.

# %% tags=["experiment"]
@experiment(seeds=range(10), tolerance=0.05)
def one_machine(seed: int) -> dict[str, float]:
    """AUC of three ways to rebuild, for each kind of anomaly."""
    rng, rows = np.random.default_rng(seed), {}
    early, middle, normal, odd = history(rng, machines=1)
    ways = {
        "values": torch.zeros_like,
        "PCA": Principal(early, 8),
        "network": trained(early, seed),
    }
    for kind in ("null", "spike", "stuck", "swapped"):
        broken = tamper(odd, kind, rng)
        for way, rebuild in ways.items():
            scores = [worst(rebuild, x, middle) for x in (normal, broken)]
            rows[f"{way}, {kind}"] = auc(*scores)
    return rows

# %%
# NBVAL_CHECK_OUTPUT
single = tables["one_machine"]
print(f"{'AUC':9}{'values':21}{'PCA':21}network, seeds won")
for kind in ("null", "spike", "stuck", "swapped"):
    values, pca, network = (
        single[f"{way}, {kind}"] for way in ("values", "PCA", "network")
    )
    pairs = zip(network.values, pca.values, strict=True)
    wins = sum(ours > theirs for ours, theirs in pairs)
    print(f"{kind:8} {values:.3f} {pca:.3f} {network:.3f} {wins:3}")

# %% [markdown]
# The null stays between 0.479 and 0.524, whoever rebuilds, so nothing leaks.
# The values alone find spikes with an AUC of 0.814 and stuck sensors with
# 0.755. But they cannot see swapped cables at all (0.498), and more data
# would not help. Each of the two values occurs every day, and the pair is as
# likely one way round as the other. What has changed is their order in time,
# and how they go with the third metric, which a covariance does not see.
#
# PCA looks at the whole day and finds the swap with 0.968. The network gains
# where a value jumps or stands still: 0.937 against 0.881 for spikes, 0.962
# against 0.845 for stuck sensors, in all ten seeds. For swaps it is ahead in
# nine, by next to nothing.
#
# So it does not take a network to find faults, but this one finds more of
# them.
#
# The first seed once more, trained here:

# %%
# NBVAL_CHECK_OUTPUT
again = one_machine(0)
print("the new run lies in the stored ranges:",
      all(again[row] in found for row, found in single.items()))
ahead = all(again[f"network, {kind}"] > again[f"PCA, {kind}"]
            for kind in ("spike", "stuck"))
print("the network is ahead of PCA for spikes and stuck sensors:", ahead)
assert ahead and all(again[row] in found for row, found in single.items())
for row in ("values, null", "PCA, null", "network, null"):
    assert 0.45 < single[row].low and single[row].high < 0.55

# %% [markdown]
# **Several machines.** Does a plant need one model for each machine, one for
# all of them in turn (*pooled*), or one *over all* metrics together? We take
# three machines, so nine metrics, and add two faults. *Exchanged*: one
# machine reports what its neighbor reports, because its own cable sits in
# the neighbor's socket. *Out of step*: it reports another day of its own, so
# that each machine is healthy and the plant is not.
#
# Every model has a code of eight and takes the same number of steps. Of
# three scores, one for each machine, the largest counts. A model over all
# has one, from nine errors and their covariance. The baselines are as
# before, PCA and the bare values.

# %% tags=["experiment"]
def by_machine(windows: Tensor) -> tuple[Tensor, ...]:
    """(N, T, M * 3) to M times (N, T, 3)."""
    return windows.split(3, dim=2)


def judges(early: Tensor, middle: Tensor, seed: int):
    """Five ways to score windows of a plant, each (N, T, F) to (N,)."""
    known, pool = (
        by_machine(middle), torch.cat(by_machine(middle))
    )  # M times (N, T, 3), (M * N, T, 3)
    own = [trained(part, seed) for part in by_machine(early)]
    shared = trained(
        torch.cat(by_machine(early)), seed  # (M * N, T, 3)
    )
    whole, linear = trained(early, seed), Principal(early, 8)

    def each(x):
        trios = zip(own, by_machine(x), known, strict=True)
        return torch.stack([worst(*trio) for trio in trios]).amax(0)  # (N,)

    def pooled(x):
        scores = [worst(shared, part, pool) for part in by_machine(x)]
        return torch.stack(scores).amax(0)  # (M, N) to (N,)

    return {
        "one each": each,
        "one pooled": pooled,
        "one over all": lambda x: worst(whole, x, middle),
        "PCA over all": lambda x: worst(linear, x, middle),
        "values over all": lambda x: worst(torch.zeros_like, x, middle),
    }

# %% tags=["experiment"]
KINDS = ("null", "spike", "stuck", "swapped", "exchanged", "out of step")


@experiment(seeds=range(5), tolerance=0.05)
def three_machines(seed: int) -> dict[str, float]:
    """AUC of five ways to judge a plant, for each kind of anomaly."""
    rng, rows = np.random.default_rng(seed), {}
    early, middle, normal, odd = history(rng, machines=3)
    ways = judges(early, middle, seed)
    for kind in KINDS:
        broken = tamper(odd, kind, rng)
        for way, judge in ways.items():
            rows[f"{way}, {kind}"] = auc(judge(normal), judge(broken))
    return rows

# %% [markdown]
# Predict again: which of the faults can which model not see, however well it
# is trained?

# %%
# NBVAL_CHECK_OUTPUT
plants = tables["three_machines"]
models = "one each", "one pooled", "one over all"
WAYS = (*models, "PCA over all", "values over all")
print(f"{'median AUC':16}" + "".join(f"{kind:>12}" for kind in KINDS))
for way in WAYS:
    found = [plants[f"{way}, {kind}"] for kind in KINDS]
    print(f"{way:16}" + "".join(f"{one.median:12.3f}" for one in found))
widest = max(plants.values(), key=lambda one: one.high - one.low)
print(f"widest range {widest:.3f}, median range",
      f"{np.median([one.high - one.low for one in plants.values()]):.2f}")

# %% [markdown]
# Two columns show what a model *cannot* see. Out of step, one model for each
# machine scores 0.549 and the pooled one 0.530, and no training will mend
# that: each machine shows a healthy day. Seen as a whole, the fault is
# plain: 0.982. Exchanged, the pooled model scores 0.413, *below* guessing.
# It knows all three machines, so a copy of the neighbor is healthy; and the
# largest of three scores, two of them equal, is the largest of only two. A
# broken plant looks better than a sound one.
#
# The same mechanism, turned around, may explain the 0.549. The machines
# share one load, so the hours that are hard to rebuild coincide; a foreign
# day adds a fresh chance of a large score. An AUC away from a half does not
# mean that the fault was seen.
#
# Pooling costs elsewhere too: a swap falls from 0.928 to 0.788, and to 0.663
# in the worst seed. We had expected that a spike in one metric of nine would
# drown in the model over all. It does not: 0.916 against 0.894 for one model
# each.
#
# Then the last row, which we did not expect. There is no model in it, no
# time, no training: the Mahalanobis distance of nine values from their mean.
# It is at least as good as the network over all for every fault but the
# stuck sensor, where it is a thousandth behind. For spikes it is better,
# 0.946.
#
# Why? Six of the nine metrics turn with the load, and all six are mixtures
# of one sine and one cosine. So four of their six directions hold nothing
# but noise, and the covariance knows them. A single machine has no such
# direction, and there the values were the worst.
#
# One seed again, to check that only the whole sees what is out of step:

# %%
# NBVAL_CHECK_OUTPUT
again = three_machines(0)
print("the new run lies in the stored ranges:",
      all(again[row] in found for row, found in plants.items()))
order = [again[f"{way}, out of step"] for way in WAYS]
seen = max(order[:2]) < min(order[2:])
print("only the whole sees what is out of step:", seen)
assert all(again[row] in found for row, found in plants.items())
assert seen

# %% [markdown]
# So the answer to "one model each, or one over all?" is an order of work.
# Look at all metrics together first, with one covariance and no training.
# What metrics say about one another is found there, at no cost. Then train a
# network for what is left: what a metric says about its own next hour. And
# pool machines only if a machine that behaves like its neighbor is no fault.
#
# Where does this still fail? Our plant is kind. Its healthy life is of one
# sort, its noise is Gaussian, and its faults are ones that we thought of.
# Real plants change their habits, and then the score takes the change for a
# fault.

# %% [markdown]
# ## Claim against measurement
#
# *Which of the answer's claims hold?* Its four runs are set beside twenty
# seeds of ours, in the same space and with the same differences, lost first
# row included. `its seed` is our run with the seed that the answer sets.

# %%
# NBVAL_CHECK_OUTPUT
claims = {
    "raw, 5 units": "never",
    "differenced as in the source, 5 units": "never",
    "raw, 100 units": 942,
    "differenced as in the source, 100 units": 215,
}
stored = tables["capacity"]
print(f"{'steps to the tolerance':40} {'claim':>6} {'its seed':>9}   ours")
for row, claim in claims.items():
    ours = stored[row]
    print(f"{row:40} {claim:>6} {ours.values[0]:>9.0f}   {ours:.0f}")

# %% [markdown]
# And the statements in words, each with the measurement that decides it:

# %%
# NBVAL_CHECK_OUTPUT
names = ("five_units", "centering", "remedies")
small, sides, other = (tables[name] for name in names)
show({
    "five units, patience": tables["patience"]["steps"],
    "five units, standardized": small["standardized, larger steps"],
    "a hundred, differenced": sides["differenced"],
    "a hundred, centered": sides["centered"],
    "a hundred, loss summed": other["sum instead of mean"],
    "a hundred, nothing changed": other["nothing changed"],
})

# %% [markdown]
# The four runs hold, and for the answer's seed they hold almost to the step:
# 946 against 942 and 216 against 215. What fails is the sentence that they
# were meant to prove. Five units arrive with 5 of 5 seeds when nobody stops
# them, in 11460 steps, and in 253 when the data are standardized and the
# steps larger. Differences work, in 260 steps, because they center;
# centering alone does it in 229.
#
# It is true that the loss may be a sum or a mean, 838 steps against 840.
# That was the best clue of all: it cleared the size of the loss and left the
# size of the data. The level of a thousand speaks for centering, not for
# differences. And copying is hard because of the order in which a recurrent
# network must speak, not because it is nonlinear.

# %% [markdown]
# ## What stays
#
# *A flat line is not a wall but a plateau: the network was neither blind nor
# too small; it was busy holding up the level with units that were needed for
# the movement.*
#
# Three questions, without code.
#
# 1. A colleague's network stops just above the floor. Which two experiments,
#    of one minute each, tell you whether it has collapsed or is slow?
# 2. Adam cannot see whether the loss is a mean or a sum. Could plain
#    gradient descent? And what would weight decay change?
# 3. Setting the bias of one layer helps as much as centering. In which other
#    model that you use does a level hide, in which layer, and who holds it?
#
# Sources. The question and its answer are posted on a programming forum and
# are retold here in our own words; the fourteen rows of numbers are the
# asker's. The model follows EncDec-AD of {cite:t}`malhotra2016`; the two
# decoders and the reversed target come from {cite:t}`srivastava2015`;
# optimizer and cell are those of {cite:t}`kingma2015` and
# {cite:t}`hochreiter1997`.
