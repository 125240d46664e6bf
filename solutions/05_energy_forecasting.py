# %% exercise="to_hourly_grid"
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")

# %% [markdown] exercise="to_hourly_grid"
# Grouping by the stamp sorts and averages the doubles in one step, so
# that `asfreq` finds a sorted index and opens the missing hours. A
# drop-out is judged by the hours around it and not by the whole
# series, because a low load at night is no fault.

# %% exercise="smape"
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(200 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    error = np.abs(actual - forecast).mean()
    return float(error / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    cost = np.maximum(quantile * gap, (quantile - 1) * gap)
    return float(cost.mean())

# %% [markdown] exercise="smape"
# The mean of the two sizes stands below the bar, so that the two of
# it and the hundred of the percent make two hundred. What the seasonal
# naive forecast costs is taken from the past, because a test set that
# scales its own error rewards a year that is hard to forecast.

# %% exercise="naive"
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before

# %% [markdown] exercise="naive"
# All three are one shift, used once or three times. An hour without
# enough past has no forecast, and NaN says so: it cannot be averaged
# into a score unseen.

# %% exercise="split_by_time"
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]

# %% [markdown] exercise="split_by_time"
# A slice by position is half open, so that a border belongs to the
# piece that it opens and to no other. Mean and deviation come from the
# training piece alone and are used for all.

# %% exercise="windows"
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    both = sliding_window_view(series, lookback + horizon)
    return both[:, :lookback], both[:, lookback:]

# %% [markdown] exercise="windows"
# One view of the whole length is cut into two, so that past and future
# cannot get out of step. A view is a starting point and two step
# widths; no number of the series is written a second time.

# %% exercise="ridge_fit"
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)  # (F,), () or (K,)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])  # (F, F)
    target = moved.T @ (y - level)  # (F,) or (F, K)
    weights, *_ = np.linalg.lstsq(gram, target, rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept

# %% [markdown] exercise="ridge_fit"
# With both sides centered the intercept falls out of the problem, and
# so out of the penalty; it comes back from the means. The normal
# equations are small, one row for a feature, and `lstsq` solves them
# where an inverse does not exist.

# %% exercise="LoadForecaster"
class LoadForecaster(nn.Module):
    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden, batch_first=True)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x, state)  # (B, T, H)
        return x[..., 0] + self.read_out(h)[..., 0], state  # (B, T)

# %% [markdown] exercise="LoadForecaster"
# The network learns the change of the load and not the load, because
# the newest load is already a good forecast of the next one. Its state
# goes in and out untouched, so that a series can be read in pieces.

# %% exercise="verdict"
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if max(scores_a) < min(scores_b):
        return "a"
    if max(scores_b) < min(scores_a):
        return "b"
    return "tie"

# %% [markdown] exercise="verdict"
# A winner is one whose worst seed beats the other's best. It is a
# strict rule and a simple one, and it never calls two orders of the
# same numbers a difference.

# %% exercise="DayAhead"
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        past = load[origins[:, None] + back]  # (N, lookback)
        return np.hstack([past, days[origins]])  # (N, lookback + F)

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        x = self.rows(load, days, origins)
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(
            self.rows(load, days, origins), *self.line
        )

# %% [markdown] exercise="DayAhead"
# Every hour of the day to come has weights of its own, all fitted at
# once, and none of them is fed with a forecast. What a row may know
# ends where the indices do, at the hour before the origin.
