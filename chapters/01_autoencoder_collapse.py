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

# %% tags=["setup"]
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unrolled import check, seeded

torch.set_num_threads(1)  # tiny matrices: one thread is faster

# %% [markdown]
# ### Exercise 1.1 · What a flat line is worth (about 2 lines)

# %% exercise="variance_floor" tags=["exercise"]
def variance_floor(x: Tensor) -> Tensor:
    """MSE of the best constant for each sequence and feature.

    x: (B, T, F). Returns a scalar, in the units of x squared.
    """
    raise NotImplementedError("exercise variance_floor")

# %%
check("variance_floor")

# %% [markdown]
# ### Exercise 1.2 · Is it the mean? (about 6 lines)

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
# ### Exercise 1.3 · Differences, and the way back (about 4 lines)

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
# ### Exercise 1.4 · Decode a batch (about 12 lines)

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

        state: h and c, each (B, H); steps: T. Returns (B, T, F).
        """
        raise NotImplementedError("exercise Decoder")

# %%
check("Decoder")

# %% tags=["setup"]
class Autoencoder(nn.Module):
    """An LSTM encoder whose last state starts the decoder."""

    def __init__(self, n_features: int, hidden: int):
        super().__init__()
        self.encoder = nn.LSTM(n_features, hidden, batch_first=True)
        self.decoder = Decoder(n_features, hidden)

    def forward(self, x: Tensor) -> Tensor:  # (B, T, F)
        _, (h, c) = self.encoder(x)  # (1, B, H) each
        return self.decoder((h[0], c[0]), steps=x.size(1))

# %% [markdown]
# ### Exercise 1.5 · An error that refuses to broadcast (about 3 lines)

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
# ### Exercise 1.6 · Cut windows that overlap (about 15 lines)

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
        """(window, F) for an int, (k, window, F) for a slice.

        Raises IndexError for an int outside the dataset.
        """
        raise NotImplementedError("exercise Windows")

# %%
check("Windows")

# %% [markdown]
# ### Exercise 1.7 · One loss for training and validation (about 2 lines)

# %% exercise="reconstruction_loss" tags=["exercise"]
def reconstruction_loss(
    model: nn.Module, batch: Tensor, reverse: bool
) -> Tensor:
    """MSE of the model's reconstruction of the batch.

    batch: (B, T, F). With `reverse` the target runs backwards in
    time, in training and in validation alike. Returns a scalar.
    """
    raise NotImplementedError("exercise reconstruction_loss")

# %%
check("reconstruction_loss")

# %% [markdown]
# ### Exercise 1.8 · Fit the sequence in sixty steps (about 15 lines)

# %% exercise="fit_sequence" tags=["exercise"]
def fit_sequence(
    x: Tensor, hidden: int, seed: int, tolerance: float = 1e-4
) -> tuple[Tensor, int]:
    """Fit one Autoencoder to x until its MSE is below tolerance.

    x: (1, T, F), in its own units, in which the tolerance is meant.
    The weights are drawn inside `with seeded(seed):`. Returns the
    reconstruction (1, T, F), in the units of x, and the number of
    optimizer steps taken, at most 1000.
    """
    raise NotImplementedError("exercise fit_sequence")

# %%
check("fit_sequence")

# %% [markdown]
# ### Exercise 1.9 · Score what the model cannot rebuild (about 5 lines)

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
