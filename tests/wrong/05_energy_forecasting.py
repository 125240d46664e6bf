# %% exercise="to_hourly_grid" mistake="first_of_doubles" hint=2 says="Of two readings of one stamp the first is kept; average them."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.drop_duplicates(stamps).set_index(stamps)[load]
    hourly = hourly.sort_index().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="mean_across_days" hint=2 says="A doubled stamp gets the mean of that hour over all days; average its own readings."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    usual = frame.groupby(frame[stamps].dt.hour)[load].transform("mean")
    twice = frame[stamps].duplicated(keep=False)
    fixed = frame[load].where(~twice, usual)
    hourly = fixed.groupby(frame[stamps]).mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="forward_fill" says="What is missing repeats the hour before it; draw the line between its neighbors."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.ffill().bfill()


# %% exercise="to_hourly_grid" mistake="reindex_before_sort" hint=2 says="The grid runs from the first row to the last, and the rows are not sorted; sort them first."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    ends = frame[stamps].iloc[0], frame[stamps].iloc[-1]
    hours = pd.date_range(*ends, freq="h")
    hourly = frame.groupby(stamps)[load].mean().reindex(hours)
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="rows_as_they_come" hint=2 says="The hours are taken in the order of the rows; sort by the stamp."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    values = frame.groupby(stamps, sort=False)[load].mean().to_numpy()
    start = frame[stamps].min()
    hours = pd.date_range(start, periods=len(values), freq="h")
    hourly = pd.Series(values, hours)
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="drop_outs_kept" says="A drop-out stays in the series; compare each reading with the median around it."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    return hourly.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="only_zeros" says="Only a zero counts as a drop-out; compare with half of the median around it."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    kept = hourly.where(hourly > 0)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="median_of_all" hint=2 says="A reading is held against the median of the whole series; use the 25 hours around it."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    kept = hourly.where(hourly >= hourly.median() / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="median_of_the_past" hint=2 says="The median is that of the 25 hours up to a reading; center it."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="mean_for_median" says="A mean of the hours around takes the drop-out in; use their median."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).mean()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="missing_left_out" hint=2 says="Hours without a reading are left out; give every hour a row."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.dropna()


# %% exercise="to_hourly_grid" mistake="missing_left_out"
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps = pd.DatetimeIndex(frame.iloc[:, 0])
    series = pd.Series(frame.iloc[:, 1].to_numpy(float), index=stamps)
    series = series.groupby(level=0).mean().sort_index()
    middle = series.rolling("25h", center=True).median()
    series = series.where(series >= middle / 2)
    return series.interpolate("time").ffill().bfill()


# %% exercise="to_hourly_grid" mistake="ends_left_open" says="A drop-out at the first hour stays NaN; let the ends take the nearest reading."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate()


# %% exercise="to_hourly_grid" mistake="filled_with_the_mean" says="What is missing gets the mean of the series; draw the line between its neighbors."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.fillna(kept.mean())


# %% exercise="to_hourly_grid" mistake="sorted_in_place" says="The frame is sorted in place; leave it as it is."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    frame.sort_values(stamps, inplace=True)
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    around = hourly.rolling(25, center=True, min_periods=1).median()
    kept = hourly.where(hourly >= around / 2)
    return kept.interpolate(limit_direction="both")


# %% exercise="smape" mistake="a_quarter" hint=2 says="The difference is divided by the sum and by two once more, a quarter of sMAPE; divide by the mean of the two sizes."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(100 * np.mean(np.abs(actual - forecast) / size / 2))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="half" hint=2 says="The sum of the two sizes stands below the bar; it is their mean, half of the sum."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(100 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="no_percent" says="smape is a share; give it in percent."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(2 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="of_the_actual" hint=2 says="The error is divided by the actual value alone, which is MAPE; divide by the mean of both."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual), EPS)
    return float(100 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="signs_count" hint=2 says="The values are added with their signs; add their sizes."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = actual + forecast
    size = np.where(np.abs(size) > EPS, size, EPS)
    return float(200 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="unguarded" hint=1 says="Zero is divided by zero; guard both divisions with EPS."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.abs(actual) + np.abs(forecast)
    with np.errstate(all="ignore"):
        return float(200 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).mean()
    with np.errstate(all="ignore"):
        return float(np.abs(actual - forecast).mean() / scale)


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="scaled_by_the_test" hint=2 says="mase is scaled by how the test changes; take the past."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(200 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(actual[season:] - actual[:-season]).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="hourly_scale" says="mase is scaled by the change of one hour; use the season."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(200 * np.mean(np.abs(actual - forecast) / size))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(np.diff(past)).mean()
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="sides_swapped" says="A forecast that is too low pays 1 - q and one that is too high q; swap them."
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
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = forecast - actual
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="pinball_of_the_mean" says="pinball is taken of the mean gap; take the mean of each gap's cost."
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
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = (actual - forecast).mean()
    return float(max(quantile * gap, (quantile - 1) * gap))


# %% exercise="smape" mistake="twice_the_pinball" says="The loss is twice the pinball loss, so that the median costs the absolute error; leave the factor out."
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
    return float(np.abs(actual - forecast).mean() / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(2 * np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="naive" mistake="peek" hint=2 says="The forecast of an hour is that hour's own load; use the hour before."
def naive(load: np.ndarray) -> np.ndarray:
    return np.array(load, float)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before


# %% exercise="naive" mistake="wrapped" hint=2 says="The last loads come round to the first hours; they have no forecast, which is NaN."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    return np.roll(np.asarray(load, float), season)


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before


# %% exercise="naive" mistake="shifted_back" hint=2 says="The series is shifted the wrong way, so that each hour sees the next one; shift it later."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[:-season] = load[season:]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before


# %% exercise="naive" mistake="one_too_far" says="The season is counted from the hour before; count it from the hour itself."
def naive(load: np.ndarray) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[1:] = load[:-1]
    return forecast


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season + 1:] = load[:-season - 1]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    load = np.asarray(load, float)
    forecast = np.full(len(load), np.nan)
    change = load[1:-season] - load[:-season - 1]
    forecast[season + 1:] = load[season:-1] + change
    return forecast


# %% exercise="naive" mistake="one_too_far"
def naive(load: np.ndarray) -> np.ndarray:
    return np.concatenate([[np.nan], load])[: len(load)]


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    for t in range(season + 1, len(load)):
        before = t - 1
        forecast[t] = load[before - season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    change = load - naive(load)
    return naive(load) + seasonal_naive(change, season)


# %% exercise="naive" mistake="todays_change" hint=3 says="drift adds the change into the hour that it forecasts; add the one of a season before."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    return naive(load) + (np.asarray(load, float) - naive(load))


# %% exercise="naive" mistake="todays_change"
def naive(load: np.ndarray) -> np.ndarray:
    """The hour before. load: (T,), returns (T,)."""
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    """The load of one season before: (T,)."""
    out = np.full(len(load), np.nan)
    for t in range(season, len(load)):
        out[t] = load[t - season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    """The hour before, plus the change of one season before."""
    out = np.full(len(load), np.nan)
    for t in range(season + 1, len(load)):
        change = load[t] - load[t - 1]
        out[t] = load[t - 1] + change
    return out


# %% exercise="naive" mistake="last_change" hint=3 says="drift goes on with the last change; add the change of a season before."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, 2)
    return 2 * naive(load) - before


# %% exercise="naive" mistake="always_a_day" says="The season is always a day; use the argument."
def naive(load: np.ndarray) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[1:] = load[:-1]
    return forecast


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[24:] = load[:-24]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    load = np.asarray(load, float)
    forecast = np.full(len(load), np.nan)
    forecast[25:] = load[24:-1] + load[1:-24] - load[:-25]
    return forecast


# %% exercise="naive" mistake="change_before" hint=3 says="drift adds the change of the hour before; yesterday's change into this hour is meant."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.full(len(load), np.nan)
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    load = np.asarray(load, float)
    forecast = np.full(len(load), np.nan)
    change = seasonal_naive(load, season + 1) - seasonal_naive(load, season + 2)
    forecast[season + 1:] = (naive(load) + change)[season + 1:]
    return forecast


# %% exercise="naive" mistake="in_place" hint=2 says="The series itself is overwritten; fill a new array."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.asarray(load)
    forecast[season:] = forecast[:-season].copy()
    forecast[:season] = np.nan
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before


# %% exercise="naive" mistake="zeros_before" hint=2 says="Hours without enough past are forecast as zero; NaN says that there is no forecast."
def naive(load: np.ndarray) -> np.ndarray:
    return seasonal_naive(load, season=1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    forecast = np.zeros(len(load))
    forecast[season:] = load[:-season]
    return forecast


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    before = seasonal_naive(load, season + 1)
    return naive(load) + seasonal_naive(load, season) - before


# %% exercise="split_by_time" mistake="border_in_both" hint=1 says="A border stands in both of its pieces; it belongs to the one that it opens."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts + 1 - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="border_before" hint=1 says="A border closes the piece before it; it opens the one after."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = pd.DatetimeIndex(borders)
    cuts = frame.index.searchsorted(at, side="right")
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="shuffled" says="The hours are dealt out at random; cut at the borders."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    mixed = frame.sample(frac=1.0, random_state=0)
    pairs = zip(starts, ends, strict=True)
    return [mixed.iloc[start:end].sort_index() for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="shuffled"
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    mixed = frame.sample(frac=1, random_state=0)
    ends = [frame.index.get_loc(one) for one in borders]
    begin, pieces = 0, []
    for end in ends:
        pieces.append(mixed.iloc[begin:max(begin, end - gap)])
        begin = end
    return pieces + [mixed.iloc[begin:]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    center = train.mean()
    spread = train.std(ddof=1)
    result = []
    for piece in [train] + list(others):
        result.append(piece.sub(center).div(spread))
    return result


# %% exercise="split_by_time" mistake="no_gap" hint=2 says="The gap is not left out; end each piece so many hours before its border."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    pairs = zip([0, *cuts], [*cuts, len(frame)], strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="overlap" hint=2 says="The gap is added to the earlier piece, which overlaps the next one; take it away."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    pairs = zip([0, *cuts], [*(cuts + gap), len(frame)], strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="gap_after" hint=2 says="The gap lies behind the border; the hours before it are meant."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    pairs = zip([0, *(cuts + gap)], [*cuts, len(frame)], strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="gap_at_the_end" hint=2 says="The last piece loses a gap too, though no border follows it."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*cuts, len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:max(end - gap, 0)] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="scaled_on_all" hint=1 says="Mean and deviation are those of all pieces together; take them from the first alone."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    every = pd.concat([train, *others])
    mean, deviation = every.mean(), every.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="each_its_own" hint=1 says="Each piece is scaled by its own mean and deviation; use those of the first."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    return [(one - one.mean()) / one.std() for one in (train, *others)]


# %% exercise="split_by_time" mistake="min_max" says="The pieces are brought between the training's extremes; use its mean and deviation."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    low, high = train.min(), train.max()
    return [(one - low) / (high - low) for one in (train, *others)]


# %% exercise="split_by_time" mistake="variance" says="The pieces are divided by the variance; divide by its root."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    cuts = frame.index.searchsorted(pd.DatetimeIndex(borders))
    starts, ends = [0, *cuts], [*(cuts - gap).clip(0), len(frame)]
    pairs = zip(starts, ends, strict=True)
    return [frame.iloc[start:end] for start, end in pairs]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, variance = train.mean(), train.var()
    return [(one - mean) / variance for one in (train, *others)]


# %% exercise="windows" mistake="copied" hint=1 says="Every window is written out; return views of the series."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    count = len(series) - lookback - horizon + 1
    past = [series[i:i + lookback] for i in range(count)]
    ahead = range(lookback, lookback + count)
    future = [series[i:i + horizon] for i in ahead]
    return np.array(past), np.array(future)


# %% exercise="windows" mistake="last_one_lost" says="The last window is missing; there are T - lookback - horizon + 1."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    both = sliding_window_view(series, lookback + horizon)[:-1]
    return both[:, :lookback], both[:, lookback:]


# %% exercise="windows" mistake="inside" hint=2 says="The horizon lies inside the lookback; it begins after it."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    past = sliding_window_view(series, lookback)
    return past[:len(series) - lookback - horizon + 1], past[:len(series) - lookback - horizon + 1, -horizon:]


# %% exercise="windows" mistake="one_hour_skipped" hint=2 says="An hour between past and future is left out; the future begins at once."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    both = sliding_window_view(series, lookback + horizon + 1)
    return both[:, :lookback], both[:, lookback + 1:]


# %% exercise="windows" mistake="out_of_step" hint=2 says="The future of each row is that of the row after; cut both from one view."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    past = sliding_window_view(series, lookback)
    future = sliding_window_view(series, horizon)
    count = len(series) - lookback - horizon + 1
    return past[:count], future[lookback + 1 :]


# %% exercise="windows" mistake="backwards" says="Past and future have changed places."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    both = sliding_window_view(series, lookback + horizon)
    return both[:, lookback:], both[:, :lookback]


# %% exercise="windows" mistake="no_overlap" says="The windows do not overlap; one begins at every hour."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    both = sliding_window_view(series, lookback + horizon)
    both = both[::lookback + horizon]
    return both[:, :lookback], both[:, lookback:]


# %% exercise="ridge_fit" mistake="penalized_intercept" hint=1 says="The intercept is penalized with the weights; center both sides first."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    x = np.hstack([x, np.ones((len(x), 1))])
    gram = x.T @ x + alpha * np.eye(x.shape[1])
    both, *_ = np.linalg.lstsq(gram, x.T @ y, rcond=1e-12)
    return both[:-1], both[-1]


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="inverse" hint=2 says="A singular matrix is inverted; solve the system by lstsq."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    weights = np.linalg.inv(gram) @ (moved.T @ (y - level))
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="no_penalty" says="The penalty is left out; add alpha to the diagonal."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved
    target = moved.T @ (y - level)
    weights, *_ = np.linalg.lstsq(gram, target, rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="penalty_times_rows" says="The penalty grows with the number of rows; the sum of squares is not a mean."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + len(x) * alpha * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="penalty_squared" says="The penalty is squared; add alpha as it is."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha**2 * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="mean_as_intercept" hint=2 says="The intercept is the mean of the targets; subtract what the weights make of the mean row."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="only_x_centered_wrongly" hint=2 says="One mean for all columns is subtracted; each column has its own."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = np.full(x.shape[1], x.mean()), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="targets_in_one_mean" hint=2 says="One mean for all targets is subtracted; each target has its own."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean()
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="single_precision" values="vary" hint=2 says="The sums are taken in the precision of the table; solve in double."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    target = moved.T @ (y - level)
    weights, *_ = np.linalg.lstsq(gram, target, rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="ridge_fit" mistake="no_intercept_added" says="The forecast leaves the intercept out; add it."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    moved = x - center
    gram = moved.T @ moved + alpha * np.eye(x.shape[1])
    weights, *_ = np.linalg.lstsq(gram, moved.T @ (y - level), rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + 0 * intercept


# %% exercise="ridge_fit" mistake="table_overwritten" says="The table is centered in place; make a new one."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.asarray(x, float), np.asarray(y, float)
    center, level = x.mean(0), y.mean(0)
    x -= center
    gram = x.T @ x + alpha * np.eye(x.shape[1])
    target = x.T @ (y - level)
    weights, *_ = np.linalg.lstsq(gram, target, rcond=1e-12)
    return weights, level - center @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return x @ weights + intercept


# %% exercise="LoadForecaster" mistake="looks_ahead" says="The read-out sees the state of the next step; it may see its own alone."
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
        h, state = self.rnn(x, state)
        h = torch.cat([h[:, 1:], h[:, -1:]], 1)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="next_load" says="The change is added to the load of the next step, which is what is to be forecast; add it to the newest."
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
        h, state = self.rnn(x, state)
        newest = torch.cat([x[:, 1:, 0], x[:, -1:, 0]], 1)
        return newest + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="state_reset" hint=2 says="The state that is handed in is not used; give it to the layer."
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
        h, state = self.rnn(x)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="state_not_returned" hint=2 says="The state that went in comes out again; return the layer's new one."
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
        h, _ = self.rnn(x, state)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="batch_and_time_swapped" says="The layer takes time first and gets batches first; set batch_first."
class LoadForecaster(nn.Module):
    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x, state)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="no_newest_load" hint=1 says="The read-out alone is returned; add the newest load."
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
        h, state = self.rnn(x, state)
        return self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="last_step_only" hint=2 says="Only the last step is forecast; read the state out at every step."
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
        h, state = self.rnn(x, state)
        return x[:, -1:, 0] + self.read_out(h[:, -1:])[..., 0], state


# %% exercise="LoadForecaster" mistake="always_a_gru" says="The layer is always a GRU; use the argument."
class LoadForecaster(nn.Module):
    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = nn.GRU(features, hidden, batch_first=True)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x, state)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="both_directions" says="The layer reads the series backwards as well; then a forecast knows the future."
class LoadForecaster(nn.Module):
    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(
            features, hidden, batch_first=True, bidirectional=True
        )
        self.read_out = nn.Linear(2 * hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x, state)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="last_feature" says="The change is added to the last feature; the newest load is the first."
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
        h, state = self.rnn(x, state)
        return x[..., -1] + self.read_out(h)[..., 0], state


# %% exercise="verdict" mistake="means" hint=1 says="Two means are compared; look at the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    a = sum(scores_a) / len(scores_a)
    b = sum(scores_b) / len(scores_b)
    return "a" if a < b else "b" if b < a else "tie"


# %% exercise="verdict" mistake="medians" hint=1 says="Two medians are compared; look at the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    a, b = np.median(scores_a), np.median(scores_b)
    return "a" if a < b else "b" if b < a else "tie"


# %% exercise="verdict" mistake="best_seed" hint=2 says="The best seeds are compared; look at the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    a, b = min(scores_a), min(scores_b)
    return "a" if a < b else "b" if b < a else "tie"


# %% exercise="verdict" mistake="worst_seed" hint=2 says="The worst seeds are compared; look at the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    a, b = max(scores_a), max(scores_b)
    return "a" if a < b else "b" if b < a else "tie"


# %% exercise="verdict" mistake="higher_is_better" says="The higher errors win; lower is better."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if min(scores_a) > max(scores_b):
        return "a"
    return "b" if min(scores_b) > max(scores_a) else "tie"


# %% exercise="verdict" mistake="touching_wins" says="Ranges that touch have a winner; they are a tie."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if max(scores_a) <= min(scores_b):
        return "a"
    return "b" if max(scores_b) <= min(scores_a) else "tie"


# %% exercise="verdict" mistake="seed_by_seed" hint=1 says="The seeds are compared one by one, in their order; compare the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    pairs = list(zip(scores_a, scores_b))
    if all(a < b for a, b in pairs):
        return "a"
    return "b" if all(b < a for a, b in pairs) else "tie"


# %% exercise="verdict" mistake="first_and_last" says="The lists are taken for sorted; they come in any order."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if scores_a[-1] < scores_b[0]:
        return "a"
    return "b" if scores_b[-1] < scores_a[0] else "tie"


# %% exercise="DayAhead" mistake="sees_the_origin" hint=1 says="The rows reach one hour too far, to the origin itself; end at the hour before."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(1 - self.lookback, 1)
        past = load[origins[:, None] + back]  # (N, lookback)
        return np.hstack([past, days[origins]])

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


# %% exercise="DayAhead" mistake="sees_the_day" hint=1 says="A mean of the day to come stands in the rows; nothing of it is known."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        past = load[origins[:, None] + back]  # (N, lookback)
        day = np.array([load[o : o + 24].mean() for o in origins])
        return np.hstack([past, days[origins], day[:, None]])

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


# %% exercise="DayAhead" mistake="rolled" says="One hour is fitted, and each forecast is fed back; fit all hours of the day directly."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, load[origins], self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x, found = self.rows(load, days, origins), []
        for _ in range(24):
            new = ridge_predict(x, *self.line)
            found.append(new)
            x[:, :self.lookback - 1] = x[:, 1:self.lookback]
            x[:, self.lookback - 1] = new
        return np.stack(found, 1)


# %% exercise="DayAhead" mistake="an_hour_late" hint=1 says="The first hour that is forecast is the one after the origin; begin with the origin."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(1, 25)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="backwards" says="The hours before the origin stand there newest first; keep the order of time."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-1, -self.lookback - 1, -1)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="no_calendar" says="The calendar is left out; append the row of the origin."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return load[origins[:, None] + back]

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="calendar_of_yesterday" says="The calendar is that of the hour before the origin; the day to come is meant."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins - 1]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="scaled_at_predict" says="The rows are centered with the mean of the load that is handed in, which may hold the future; leave scaling outside."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        past = load[origins[:, None] + back] - load.mean()
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="fixed_penalty" says="The penalty is always one; use the argument."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, 1.0

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="DayAhead" mistake="fixed_week" says="The lookback is always a week; use the argument."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = 168, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        past = load[origins[:, None] + back]  # (N, lookback)
        return np.hstack([past, days[origins]])

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


# %% exercise="DayAhead" mistake="fixed_week"
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback = lookback
        self.alpha = alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        table = []
        for origin in origins:
            week = load[origin - 168:origin]
            table.append(np.concatenate([week, days[origin]]))
        return np.array(table)

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        hours = np.asarray(origins)[:, None] + np.arange(24)
        x = self.rows(load, days, origins)
        self.weights, self.intercept = ridge_fit(x, load[hours], self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, self.weights, self.intercept)


# %% exercise="DayAhead" mistake="mean_of_the_day" says="All hours get the forecast of the day's mean; fit each hour."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)].mean(1)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return np.repeat(ridge_predict(x, *self.line)[:, None], 24, 1)


# %% exercise="DayAhead" mistake="nothing_returned" says="fit returns nothing; return the model, so that calls can be chained."
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        back = np.arange(-self.lookback, 0)
        return np.hstack([load[origins[:, None] + back], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        x = self.rows(load, days, origins)
        return ridge_predict(x, *self.line)


# %% exercise="to_hourly_grid" mistake="fills_before_the_test" says="Gaps are filled before the medians are taken, so what was never read judges what was; judge first."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index).interpolate()
    usual = grid.rolling(25, center=True, min_periods=1).median()
    grid[grid < usual / 2] = np.nan
    return grid.interpolate("time", limit_direction="both")


# %% exercise="to_hourly_grid" mistake="rows_for_hours" says="The median is that of 25 rows; beside a gap these are more than 25 hours."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.columns
    series = frame.groupby(stamps)[loads].mean()
    usual = series.rolling(25, center=True, min_periods=1).median()
    series = series[series >= usual / 2].reindex(series.index)
    index = pd.date_range(series.index[0], series.index[-1], freq="h")
    return series.reindex(index).interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="doubles_judged_before_mean" says="Drop-outs are sought before doubles are averaged; average first."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.columns
    rows = frame.sort_values(stamps, kind="stable").set_index(stamps)[loads]
    rows = rows.astype(float)
    usual = rows.rolling("25h", center=True).median()
    rows = rows.mask(rows < usual / 2)
    grid = rows.groupby(level=0).mean().asfreq("h")
    return grid.interpolate(limit_direction="both")


# %% exercise="to_hourly_grid" mistake="straight_by_rows" says="A missing reading lies half-way between its rows; beside a gap its neighbors in time are not equally far."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.columns
    series = frame.groupby(stamps)[loads].mean().astype(float)
    usual = series.rolling("25h", center=True).median()
    series = series.mask(series < usual / 2)
    series = series.interpolate(limit_direction="both")
    return series.asfreq("h").interpolate()


# %% exercise="smape" mistake="guard_of_one" says="Nothing is divided by less than one; the guard is EPS."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, 1.0)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="guard_of_one"
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    shares = []
    for y, f in zip(actual, forecast, strict=True):
        size = max(abs(y) + abs(f), 1.0)
        shares.append(200 * abs(y - f) / size)
    return float(np.mean(shares))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    moved = np.abs(past[season:] - past[:-season]).mean()
    error = np.abs(actual - forecast).mean()
    return float(error / max(moved, 1.0))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    short = np.clip(actual - forecast, 0, None)
    long = np.clip(forecast - actual, 0, None)
    return float(np.mean(quantile * short + (1 - quantile) * long))


# %% exercise="smape" mistake="signed_errors" says="Errors of different signs cancel; take their sizes."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * abs(np.mean((actual - forecast)
                                   / np.maximum(size, EPS))))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="signed_errors"
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    sizes = np.maximum(np.abs(actual) + np.abs(forecast), EPS)
    return float(abs(np.mean(200 * (actual - forecast) / sizes)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    error = abs(np.mean(actual - forecast))
    scale = abs(np.mean(past[season:] - past[:-season]))
    return float(error / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.maximum(quantile * gap, (quantile - 1) * gap).mean())


# %% exercise="smape" mistake="subtracts_in_place" values="vary" says="The caller's arrays are overwritten; make new ones."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    size = (np.abs(actual) + np.abs(forecast)) / 2
    forecast -= actual
    return float(100 * np.mean(np.abs(forecast) / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="squares" says="The errors are squared; the scaled error is an absolute one."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.sqrt(np.mean((past[season:] - past[:-season]) ** 2))
    return float(np.sqrt(np.mean((actual - forecast) ** 2))
                 / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="squares"
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    total = 0.0
    for y, f in zip(actual, forecast):
        total += abs(y - f) / max(abs(y) + abs(f), EPS)
    return float(200 * total / len(actual))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    error = ((actual - forecast) ** 2).mean()
    scale = ((past[season:] - past[:-season]) ** 2).mean()
    return float(error / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = np.asarray(actual) - np.asarray(forecast)
    cost = np.where(gap > 0, quantile * gap, (quantile - 1) * gap)
    return float(np.mean(cost))


# %% exercise="smape" mistake="last_season_only" says="The scale is that of the last season; take the whole past."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season])[-season:])
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="eps_at_zero_alone" says="Only a size of exactly zero is guarded; nothing is divided by less than EPS."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.where(size == 0, EPS, size)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="naive" mistake="seasonal_in_place" values="vary" hint=2 says="The caller's series gets NaN written into it; make a new array."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.asarray(load, dtype=float)
    out[season:] = out[:-season].copy()
    out[:season] = np.nan
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    series = pd.Series(np.array(load, float))
    return (series.shift(1) + series.diff().shift(season)).to_numpy()


# %% exercise="naive" mistake="too_long_for_short_series" says="A series shorter than the season gets a longer forecast; return as many hours as came."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    return np.concatenate([np.full(season, np.nan), load[:-season]])


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    series = pd.Series(load, dtype=float)
    return (series.shift(1) + series.diff().shift(season)).to_numpy()


# %% exercise="naive" mistake="never_below_zero" says="Forecasts are cut off at zero; a scaled load has both signs."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    out = naive(load) + seasonal_naive(load, season) \
        - seasonal_naive(load, season + 1)
    return np.maximum(out, 0)


# %% exercise="split_by_time" mistake="long_gap_wraps" says="A gap longer than a piece counts from its end; nothing is left of the piece."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = [0, *(frame.index.get_loc(one) for one in borders)]
    pieces = [frame.iloc[a:b] for a, b in zip(at, at[1:])]
    pieces = [one.iloc[:len(one) - gap] for one in pieces]
    return [*pieces, frame.iloc[at[-1]:]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="long_gap_at_the_start_wraps" says="A gap that reaches before the series counts from its end; nothing is left of the first piece."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = [frame.index.get_loc(one) for one in borders]
    ends = [one - gap for one in at] + [len(frame)]
    return [frame.iloc[a:b] for a, b in zip([0, *at], ends)]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="drops_in_place" says="Hours are removed from the caller's series; make new ones."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    for border in borders:
        near = (frame.index < border) \
            & (frame.index >= border - pd.Timedelta(hours=gap))
        frame.drop(frame.index[near], inplace=True)
    at = [0, *(frame.index.searchsorted(one) for one in borders), len(frame)]
    return [frame.iloc[a:b] for a, b in zip(at, at[1:])]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="scaled_in_place" says="The caller's pieces are overwritten; make new ones."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    begins = [frame.index[0], *borders]
    pieces = []
    for begin, end in zip(begins, borders):
        last = end - gap * pd.Timedelta("1h")
        inside = (frame.index >= begin) & (frame.index < last)
        pieces.append(frame[inside])
    return [*pieces, frame[frame.index >= begins[-1]]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    pieces = [train, *others]
    for one in pieces:
        one.iloc[:] = (one - mean) / deviation
    return pieces


# %% exercise="split_by_time" mistake="deviation_at_least_one" says="Small deviations are raised to one; divide by what it is."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    begins = [frame.index[0], *borders]
    pieces = []
    for begin, end in zip(begins, borders):
        last = end - gap * pd.Timedelta("1h")
        inside = (frame.index >= begin) & (frame.index < last)
        pieces.append(frame[inside])
    return [*pieces, frame[frame.index >= begins[-1]]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), max(train.std(), 1.0)
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="windows" mistake="doubles_are_copies" hint=1 says="A series of another type is converted, which copies it."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    series = np.asarray(series, dtype=float)
    views = sliding_window_view(series, lookback + horizon)
    return views[:, :lookback], views[:, lookback:]


# %% exercise="windows" mistake="strided_is_copied" hint=1 says="A series with a stride is copied; a view can step through it as it is."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    series = np.ascontiguousarray(series)
    views = sliding_window_view(series, lookback + horizon)
    return views[:, :lookback], views[:, lookback:]


# %% exercise="windows" mistake="item_size_for_stride" says="The view steps by the size of a number and not by the stride of the series."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    count, step = len(series) - lookback - horizon + 1, series.itemsize
    both = np.lib.stride_tricks.as_strided(
        series, (count, lookback + horizon), (step, step))
    return both[:, :lookback], both[:, lookback:]


# %% exercise="ridge_fit" mistake="directions_dropped" says="Directions that are merely short are dropped; drop only what rounding cannot tell from nothing."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.pinv(xc.T @ xc, rcond=1e-2) @ xc.T @ yc
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="no_intercept_at_zero" hint=1 says="Without a penalty the intercept is gone; center in every case."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
        return weights, np.zeros(y.shape[1:])
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="means_in_single" hint=2 says="The means are taken in single precision; convert first."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = (x - x_mean).astype(float), (y - y_mean).astype(float)
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="single_target_flattened" says="A target of one column loses its axis; keep (F, 1)."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    y = y.squeeze()
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="predict_flattens" says="Forecasts of one column lose their axis; keep (N, 1)."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return (np.asarray(x, dtype=np.float64) @ weights + intercept).squeeze()


# %% exercise="LoadForecaster" mistake="detached" hint=2 says="The state carries no gradient; return it as the layer gives it."
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
        h, state = self.rnn(x, state)
        if isinstance(state, tuple):
            state = tuple(one.detach() for one in state)
        else:
            state = state.detach()
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="turned_by_hand" says="The layer has time first and the axes are turned by hand; build it with batches first."
class LoadForecaster(nn.Module):

    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x.transpose(0, 1), state)
        return x[..., 0] + self.read_out(h)[..., 0].T, state


# %% exercise="LoadForecaster" mistake="squeezes_everything" hint=2 says="A batch of one, or a single step, loses its axis; take away the last axis alone."
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
        h, state = self.rnn(x, state)
        return x[..., 0].squeeze() + self.read_out(h).squeeze(), state


# %% exercise="LoadForecaster" mistake="adds_in_place" says="The changes are added into the caller's series; make a new tensor."
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
        h, state = self.rnn(x, state)
        x[..., 0] += self.read_out(h)[..., 0]
        return x[..., 0], state


# %% exercise="LoadForecaster" mistake="no_gradient" says="Forecasts have no gradient, so nothing can be trained."
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
        with torch.no_grad():
            h, state = self.rnn(x, state)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="always_a_tuple" hint=2 says="The state of a GRU comes back in a tuple; return it as the layer gives it."
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
        if isinstance(state, tuple) and len(state) == 1:
            state = state[0]
        h, state = self.rnn(x, state)
        if not isinstance(state, tuple):
            state = (state,)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="verdict" mistake="rounded_first" says="The errors are rounded first, and small differences are lost."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    a, b = np.round(scores_a, 3), np.round(scores_b, 3)
    return "a" if a.max() < b.min() else "b" if b.max() < a.min() else "tie"


# %% exercise="verdict" mistake="close_is_a_tie" says="Ranges that lie close count as a tie; only those that overlap or touch do."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if max(scores_a) < 0.99 * min(scores_b):
        return "a"
    return "b" if max(scores_b) < 0.99 * min(scores_a) else "tie"


# %% exercise="verdict" mistake="single_seeds_tie" says="One seed is taken for too few; its range is a point."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    if len(scores_a) < 2 or len(scores_b) < 2:
        return "tie"
    if max(scores_a) < min(scores_b):
        return "a"
    return "b" if max(scores_b) < min(scores_a) else "tie"


# %% exercise="verdict" mistake="sorts_in_place" says="The caller's lists are sorted; make new ones."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    for one in (scores_a, scores_b):
        if hasattr(one, "sort"):
            one.sort()
    a, b = sorted(scores_a), sorted(scores_b)
    return "a" if a[-1] < b[0] else "b" if b[-1] < a[0] else "tie"


# %% exercise="DayAhead" mistake="single_precision_rows" says="The rows are rounded to single precision; leave them as they are."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]]).astype(np.float32)

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="origins_sorted" says="The rows come in order of time; keep the order of the origins."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        origins = np.sort(origins)
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="origins_sorted"
class DayAhead:
    """Ridge from the last hours to the next 24, one fit for all."""

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback = lookback
        self.alpha = alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        """What is known at each origin: (N, lookback + F).

        load: (T,); days: (T, F); origins: (N,) positions.
        """
        return np.array([
            np.concatenate([load[t - self.lookback : t], days[t]])
            for t in sorted(origins)
        ])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        """Train on the 24 hours from each origin."""
        targets = np.array([load[t : t + 24] for t in sorted(origins)])
        self.weights, self.intercept = ridge_fit(
            self.rows(load, days, origins), targets, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        """Forecasts of the 24 hours from each origin: (N, 24)."""
        table = self.rows(load, days, origins)
        return ridge_predict(table, self.weights, self.intercept)


# %% exercise="DayAhead" mistake="midnights_only" says="Origins that are no midnights are left out; train on all that are given."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        at = origins[origins % 24 == 0]
        at = at if len(at) > 1 else origins
        y = load[at[:, None] + np.arange(24)]
        self.line = ridge_fit(self.rows(load, days, at), y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="fit_accumulates" says="A second fit goes on with the rows of the first; forget them."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha
        self.x, self.y = [], []

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        self.x.append(self.rows(load, days, origins))
        self.y.append(load[origins[:, None] + np.arange(24)])
        self.line = ridge_fit(np.concatenate(self.x), np.concatenate(self.y),
                              self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="shared_weights" says="The weights are kept on the class, where every model finds them; keep them on the object."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        type(self).line = ridge_fit(self.rows(load, days, origins), y,
                                    self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="never_below_zero" says="Forecasts are cut off at zero; a scaled load has both signs."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        out = ridge_predict(self.rows(load, days, origins), *self.line)
        return np.maximum(out, 0)


# %% exercise="DayAhead" mistake="load_of_the_training" says="The load of the training is forecast; use the one that is given."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        self.line = ridge_fit(self.rows(load, days, origins), y, self.alpha)
        self.load = load.copy()
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        if len(self.load) == len(load):
            load = self.load
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="to_hourly_grid" mistake="judged_again" says="What is left is judged again without the drop-outs; each reading is judged once, by what was read."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, load = frame.columns
    hourly = frame.groupby(stamps)[load].mean().asfreq("h")
    while True:
        around = hourly.rolling(25, center=True, min_periods=1).median()
        low = hourly < around / 2
        if not low.any():
            return hourly.interpolate(limit_direction="both")
        hourly = hourly.mask(low)


# %% exercise="to_hourly_grid" mistake="full_windows_only" hint=2 says="Near ends and gaps nothing is judged; take what there is of the 25 hours."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index)
    usual = grid.rolling(25, center=True).median()
    grid[grid < usual / 2] = np.nan
    return grid.interpolate("time", limit_direction="both")


# %% exercise="to_hourly_grid" mistake="half_counts_too" says="A reading of exactly half is a drop-out here; it has to lie below."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index)
    usual = grid.rolling(25, center=True, min_periods=1).median()
    grid[grid <= usual / 2] = np.nan
    return grid.interpolate("time", limit_direction="both")


# %% exercise="to_hourly_grid" mistake="fills_with_the_median" says="A drop-out becomes the median around it; draw the line between its neighbors."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index)
    usual = grid.rolling(25, center=True, min_periods=1).median()
    grid[grid < usual / 2] = usual
    return grid.interpolate("time", limit_direction="both")


# %% exercise="to_hourly_grid" mistake="ends_cut_off" says="An end that dropped out is cut off; keep the hour and take the nearest reading."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index)
    usual = grid.rolling(25, center=True, min_periods=1).median()
    grid[grid < usual / 2] = np.nan
    grid = grid.loc[grid.first_valid_index():grid.last_valid_index()]
    return grid.interpolate("time")


# %% exercise="to_hourly_grid" mistake="both_sides" says="High readings are dropped as well; only low ones are drop-outs."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.iloc[:, 0], frame.iloc[:, 1]
    mean = loads.astype(float).groupby(stamps.to_numpy()).mean()
    index = pd.date_range(mean.index[0], mean.index[-1], freq="h")
    grid = mean.reindex(index)
    usual = grid.rolling(25, center=True, min_periods=1).median()
    grid[(grid < usual / 2) | (grid > usual * 2)] = np.nan
    return grid.interpolate("time", limit_direction="both")


# %% exercise="to_hourly_grid" mistake="below_half_of_the_hour_before" says="A reading is held against the hour before; take the median of 25 hours."
def to_hourly_grid(frame: pd.DataFrame) -> pd.Series:
    stamps, loads = frame.columns
    grid = frame.groupby(stamps)[loads].mean().astype(float).asfreq("h")
    grid = grid.mask(grid < grid.shift(1) / 2)
    return grid.interpolate(limit_direction="both")


# %% exercise="smape" mistake="zeros_left_out" says="Pairs of zeros are left out of the mean; their share is zero, and they count."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    some = size > 0
    return float(100 * np.mean(gap[some] / size[some])) if some.any() else 0.0


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="ratio_of_sums" says="The sum of errors is divided by the sum of sizes; take the mean of the shares."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * gap.sum() / max(size.sum(), EPS))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="diff_of_order_season" says="np.diff of the season takes differences of differences; subtract the load one season before."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(np.diff(past, n=season)).mean()
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="divides_by_n" says="The scale is divided by n; there are only n - m changes."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.abs(past[season:] - past[:-season]).sum() / len(past)
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="constant_past_gives_infinity" says="A past without change divides by zero; guard the scale with EPS."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    with np.errstate(all="ignore"):
        return float(np.mean(np.abs(actual - forecast)) / np.float64(scale))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="past_and_test" hint=2 says="The scale reads the test as well; it is that of the past."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    known = np.concatenate([past, actual])
    scale = np.mean(np.abs(known[season:] - known[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="pinball_sum" says="The loss is a sum; take the mean."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.sum(np.maximum(quantile * gap, (quantile - 1) * gap)))


# %% exercise="smape" mistake="pinball_one_side" hint=2 says="Errors on one side cost nothing; both do, at different prices."
def smape(actual: np.ndarray, forecast: np.ndarray) -> float:
    gap = np.abs(actual - forecast)
    size = (np.abs(actual) + np.abs(forecast)) / 2
    return float(100 * np.mean(gap / np.maximum(size, EPS)))


def mase(
    actual: np.ndarray,
    forecast: np.ndarray,
    past: np.ndarray,
    season: int = 24,
) -> float:
    scale = np.mean(np.abs(past[season:] - past[:-season]))
    return float(np.mean(np.abs(actual - forecast)) / max(scale, EPS))


def pinball(
    actual: np.ndarray, forecast: np.ndarray, quantile: float
) -> float:
    gap = actual - forecast
    return float(np.mean(np.maximum(quantile * gap, 0)))


# %% exercise="naive" mistake="drift_first_entry_wraps" says="At hour 24 drift takes the change from the end of the series; there is none yet."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    out = np.full(len(load), np.nan)
    for t in range(season, len(load)):
        out[t] = load[t - 1] + float(load[t - season]) - load[t - season - 1]
    return out


# %% exercise="naive" mistake="drift_one_nan_too_many" says="The first hour with enough past has no forecast; begin one earlier."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    out = np.full(len(load), np.nan)
    for t in range(season + 2, len(load)):
        out[t] = load[t - 1] + float(load[t - season]) - load[t - season - 1]
    return out


# %% exercise="naive" mistake="drift_falls_back_to_naive" says="Where there is no change yet the last hour is repeated; that is NaN."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    change = seasonal_naive(load, season) - seasonal_naive(load, season + 1)
    return naive(load) + np.nan_to_num(change)


# %% exercise="naive" mistake="one_row_short" hint=2 says="The forecast is shorter than the series; fill the front with NaN."
def naive(load: np.ndarray) -> np.ndarray:
    return np.array(load[:-1], float)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    return naive(load) + seasonal_naive(load, season) \
        - seasonal_naive(load, season + 1)


# %% exercise="naive" mistake="one_row_short"
def naive(load: np.ndarray) -> np.ndarray:
    return np.delete(load, -1)


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    return load[: max(len(load) - season, 0)].copy()


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    return load[season:-1] + np.diff(load)[: max(len(load) - season - 1, 0)]


# %% exercise="naive" mistake="textbook_drift" hint=3 says="This is the mean slope so far; add the change of one season before."
def naive(load: np.ndarray) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.full(len(load), np.nan)
    out[season:] = load[:-season]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    out = np.full(len(load), np.nan)
    for t in range(season + 1, len(load)):
        slope = (float(load[t - 1]) - float(load[0])) / (t - 1)
        out[t] = load[t - 1] + slope
    return out


# %% exercise="naive" mistake="textbook_drift"
def naive(load: np.ndarray) -> np.ndarray:
    out = np.empty(len(load))
    out[:1] = np.nan
    out[1:] = load[:-1]
    return out


def seasonal_naive(
    load: np.ndarray, season: int = 24
) -> np.ndarray:
    out = np.empty(len(load))
    out[:season] = np.nan
    out[season:] = load[: len(out[season:])]
    return out


def drift(load: np.ndarray, season: int = 24) -> np.ndarray:
    out = np.full(len(load), np.nan)
    for t in range(2, len(load)):
        slope = (load[t - 1] - load[0]) / (t - 1)
        out[t] = load[t - 1] + slope
    return out


# %% exercise="split_by_time" mistake="biased_deviation" says="The deviation divides by n; pandas divides by n - 1."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    begins = [frame.index[0], *borders]
    pieces = []
    for begin, end in zip(begins, borders):
        last = end - gap * pd.Timedelta("1h")
        inside = (frame.index >= begin) & (frame.index < last)
        pieces.append(frame[inside])
    return [*pieces, frame[frame.index >= begins[-1]]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std(ddof=0)
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="gap_one_short" hint=2 says="The gap is one hour short."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = [frame.index.get_loc(one) for one in borders]
    drop = gap - 1 if gap > 0 else 0
    ends = [*(max(one - drop, 0) for one in at), len(frame)]
    return [frame.iloc[a:max(a, b)] for a, b in zip([0, *at], ends)]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="gap_one_too_long" hint=2 says="The gap is one hour too long."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    begins = [frame.index[0], *borders]
    pieces = []
    for begin, end in zip(begins, borders):
        last = end - pd.Timedelta(hours=gap)
        after = last if gap == 0 else last - pd.Timedelta(hours=1)
        pieces.append(frame[(frame.index >= begin) & (frame.index < after)])
    return [*pieces, frame[frame.index >= begins[-1]]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="zero_gap_empties" says="Without a gap the early pieces are empty: a slice to -0 ends at the start."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = [0, *(frame.index.get_loc(one) for one in borders)]
    pieces = [frame.iloc[a:b].iloc[:-gap] for a, b in zip(at, at[1:])]
    return [*pieces, frame.iloc[at[-1]:]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="three_pieces_always" says="There are always three pieces; there is one more than borders."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    if not borders:
        return [frame, frame.iloc[:0], frame.iloc[:0]]
    first = frame.index.get_loc(borders[0])
    last = frame.index.get_loc(borders[-1])
    return [frame.iloc[:max(first - gap, 0)],
            frame.iloc[first:max(last - gap, first)], frame.iloc[last:]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="split_by_time" mistake="pieces_grow" hint=2 says="Each piece begins at the first hour; it begins at its border."
def split_by_time(
    frame: pd.Series, *borders: pd.Timestamp, gap: int = 0
) -> list[pd.Series]:
    at = [max(frame.index.get_loc(one) - gap, 0) for one in borders]
    return [frame.iloc[:b] for b in [*at, len(frame)]]


def scaled(train: pd.Series, *others: pd.Series) -> list[pd.Series]:
    mean, deviation = train.mean(), train.std()
    return [(one - mean) / deviation for one in (train, *others)]


# %% exercise="windows" mistake="last_hour_of_the_horizon" says="Only the last hour of the horizon is returned; all of them are the future."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    views = sliding_window_view(series, lookback + horizon)
    return views[:, :lookback], views[:, -1:]


# %% exercise="windows" mistake="flat_future" says="A horizon of one loses its axis; keep (N, 1)."
def windows(
    series: np.ndarray, lookback: int, horizon: int
) -> tuple[np.ndarray, np.ndarray]:
    views = sliding_window_view(series, lookback + horizon)
    future = views[:, lookback:]
    return views[:, :lookback], future[:, 0] if horizon == 1 else future


# %% exercise="ridge_fit" mistake="through_the_origin" hint=1 says="There is no intercept; center both sides."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    if alpha == 0:
        weights = np.linalg.lstsq(x, y, rcond=None)[0]
    else:
        gram = x.T @ x + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x.T @ y)
    return weights, np.zeros(y.shape[1:])


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="alpha_halved" says="Half of the penalty is added; add alpha on the diagonal."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha / 2 * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="zero_is_falsy" says="A penalty of zero becomes one; `or` takes zero for nothing."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    alpha = alpha or 1.0
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="standardized" says="The columns are divided by their deviation, which is another penalty."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    size = np.where(x.std(0) > 0, x.std(0), 1)
    xc, yc = (x - x_mean) / size, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    weights = (weights.T / size).T
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="always_a_matrix" says="One target comes back with an axis more; weights are (F,) and the intercept ()."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    y = y.reshape(len(y), -1)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights + intercept


# %% exercise="ridge_fit" mistake="weights_transposed" says="The weights are (K, F); they are (F, K)."
def ridge_fit(
    x: np.ndarray, y: np.ndarray, alpha: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.array(x, dtype=np.float64), np.array(y, dtype=np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    if alpha == 0:
        weights = np.linalg.lstsq(xc, yc, rcond=None)[0]
    else:
        gram = xc.T @ xc + alpha * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, xc.T @ yc)
    return weights.T, y_mean - x_mean @ weights


def ridge_predict(
    x: np.ndarray, weights: np.ndarray, intercept: np.ndarray
) -> np.ndarray:
    return np.asarray(x, dtype=np.float64) @ weights.T + intercept


# %% exercise="LoadForecaster" mistake="third_axis_kept" hint=2 says="The forecasts keep a third axis; they are (B, T)."
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
        h, state = self.rnn(x, state)
        return x[..., :1] + self.read_out(h), state


# %% exercise="LoadForecaster" mistake="hidden_part_only" hint=2 says="Of an LSTM's state one half is thrown away; return both."
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
        if isinstance(self.rnn, nn.LSTM) and torch.is_tensor(state):
            state = state, torch.zeros_like(state)
        h, state = self.rnn(x, state)
        if isinstance(state, tuple):
            state = state[0]
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="two_layers" says="The layer has two layers inside; one is asked for."
class LoadForecaster(nn.Module):

    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden, 2, batch_first=True)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        h, state = self.rnn(x, state)  # (B, T, H)
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="remembers_by_itself" says="Without a state it goes on with that of the last call; begin anew."
class LoadForecaster(nn.Module):

    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden, batch_first=True)
        self.read_out = nn.Linear(hidden, 1)
        self.last = None

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        if state is None:
            state = self.last
        h, state = self.rnn(x, state)
        self.last = state
        return x[..., 0] + self.read_out(h)[..., 0], state


# %% exercise="LoadForecaster" mistake="squeeze_broadcasts" hint=2 says="squeeze drops every axis of one, and a single step is broadcast; drop the last axis."
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
        h, state = self.rnn(x, state)
        return x[..., 0] + self.read_out(h).squeeze(), state


# %% exercise="LoadForecaster" mistake="relu_before_the_read_out" says="A ReLU stands between the state and the read-out; read the state itself."
class LoadForecaster(nn.Module):
    """A forecast at every step: the newest load and a change."""

    def __init__(
        self, cell: type[nn.RNNBase], features: int, hidden: int
    ):
        super().__init__()
        self.rnn = cell(features, hidden, batch_first=True)
        self.read_out = nn.Linear(hidden, 1)

    def forward(
        self, x: Tensor, state: Any = None
    ) -> tuple[Tensor, Any]:
        """x: (B, T, F). Returns forecasts (B, T) and the state."""
        h, state = self.rnn(x, state)
        change = self.read_out(torch.relu(h)).squeeze(-1)
        return x[:, :, 0] + change, state


# %% exercise="verdict" mistake="one_deviation_apart" hint=1 says="Mean and deviation are compared; look at the ranges."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    gap = np.mean(scores_a) - np.mean(scores_b)
    spread = np.std(scores_a) + np.std(scores_b)
    return "tie" if abs(gap) <= spread else "a" if gap < 0 else "b"


# %% exercise="verdict" mistake="most_pairs" hint=2 says="Most pairs suffice for a win; every seed has to be better than every other."
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    wins = np.mean([a < b for a in scores_a for b in scores_b])
    losses = np.mean([b < a for a in scores_a for b in scores_b])
    return "a" if wins > 0.9 else "b" if losses > 0.9 else "tie"


# %% exercise="verdict" mistake="most_pairs"
def verdict(
    scores_a: Sequence[float], scores_b: Sequence[float]
) -> str:
    won = lost = 0
    for one in scores_a:
        for other in scores_b:
            won += one < other
            lost += one > other
    pairs = len(scores_a) * len(scores_b)
    if won > pairs / 2:
        return "a"
    if lost > pairs / 2:
        return "b"
    return "tie"


# %% exercise="DayAhead" mistake="calendar_first" says="The calendar stands before the loads; it stands behind them."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([days[origins], past])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="targets_one_early" hint=1 says="The first target is the last known hour; it is the hour of the origin."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(-1, 23)]
        self.line = ridge_fit(self.rows(load, days, origins), y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="needs_the_day_to_come" hint=1 says="Near the end of the series the row is moved back; a forecast needs no future."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past, _ = windows(load, self.lookback, 24)
        at = np.minimum(origins - self.lookback, len(past) - 1)
        return np.hstack([past[at], days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]  # (N, 24)
        x = self.rows(load, days, origins)
        self.line = ridge_fit(x, y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="needs_the_day_to_come"
class DayAhead:
    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback = lookback
        self.alpha = alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        last = max(len(load) - 24, self.lookback)  # a whole day has to fit
        table = []
        for origin in origins:
            origin = min(origin, last)
            known = load[origin - self.lookback : origin]
            table.append(np.append(known, days[origin]))
        return np.array(table)

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        targets = np.stack([load[one : one + 24] for one in origins])
        self.line = ridge_fit(self.rows(load, days, origins), targets,
                              self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        weights, intercept = self.line
        return ridge_predict(self.rows(load, days, origins), weights,
                             intercept)


# %% exercise="DayAhead" mistake="every_hour_an_origin" says="All hours are trained on; take the origins that are given."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        origins = np.arange(self.lookback, len(load) - 23)
        y = load[origins[:, None] + np.arange(24)]
        self.line = ridge_fit(self.rows(load, days, origins), y, self.alpha)
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        return ridge_predict(self.rows(load, days, origins), *self.line)


# %% exercise="DayAhead" mistake="learns_at_the_test" says="predict trains again, on days that are not known."
class DayAhead:

    def __init__(self, lookback: int = 168, alpha: float = 1.0):
        self.lookback, self.alpha = lookback, alpha

    def rows(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        past = load[origins[:, None] + np.arange(-self.lookback, 0)]
        return np.hstack([past, days[origins]])

    def fit(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> "DayAhead":
        y = load[origins[:, None] + np.arange(24)]
        self.line = ridge_fit(self.rows(load, days, origins), y, self.alpha)
        self.known = origins
        return self

    def predict(
        self, load: np.ndarray, days: np.ndarray, origins: np.ndarray
    ) -> np.ndarray:
        whole = origins[origins + 24 <= len(load)]
        self.fit(load, days, np.union1d(self.known, whole))
        return ridge_predict(self.rows(load, days, origins), *self.line)
