"""The checks of chapter 5: each holds one property of one exercise."""

import numpy as np
import torch
from sklearn.linear_model import LinearRegression, Ridge
from torch import nn

from unrolled.checks import close, equal, expect, observed, there

START = int(np.datetime64("2015-03-02T01", "h").astype(int))  # hours since 1970


def waves(rng, hours):
    """A load that stays within a factor of two of its own median: (T,)."""
    at = np.arange(hours)
    level, phase = rng.uniform(900, 1100), rng.uniform(0, 6)
    return level + 150 * np.sin(2 * np.pi * at / 24 + phase) + rng.normal(0, 10, hours)


# --- to_hourly_grid


@there
def grid_of(to_hourly_grid, hours, load):
    """Hours since 1970 and values of the grid; what its index and dtype are."""
    import numpy as np
    import pandas as pd

    stamps = pd.to_datetime(np.asarray(hours), unit="h")
    frame = pd.DataFrame({"Stamp": stamps, "Here_MW": np.asarray(load)})
    got = to_hourly_grid(frame)
    if not isinstance(got, pd.Series) or not isinstance(got.index, pd.DatetimeIndex):
        return {"kind": type(got).__name__, "hours": np.zeros(0), "load": np.zeros(0)}
    index = got.index.values.astype("datetime64[s]").astype("int64")
    values = got.to_numpy()
    return {"kind": str(values.dtype), "hours": index / 3600, "load": values}


def grid_is(to_hourly_grid, hours, load, expected, what):
    """Hold the grid of these readings against the load of every hour from the first."""
    got = grid_of(to_hourly_grid, hours, load)
    equal(got["kind"], "float64", f"{what}: a series of")
    wanted = np.arange(min(hours), max(hours) + 1.0)
    close(got["hours"], wanted, f"{what}: hours of the index since 1970", axes="T")
    close(got["load"], expected, f"{what}: load", axes="T", tolerance=1e-6)


def test_rows_may_come_in_any_order(to_hourly_grid, rng):
    load, order = waves(rng, 120), rng.permutation(120)
    grid_is(to_hourly_grid, START + order, load[order], load, "120 shuffled hours")


def test_days_stored_backwards_are_put_in_order(to_hourly_grid, rng):
    load = waves(rng, 120)
    order = np.arange(120).reshape(5, 24)[::-1].ravel()
    grid_is(to_hourly_grid, START + order, load[order], load, "five days, the last one first")


def test_readings_of_one_stamp_are_averaged(to_hourly_grid, rng):
    load = waves(rng, 100)
    at, more = int(rng.integers(30, 70)), rng.uniform(20, 90)
    hours = np.r_[np.arange(100), at, at]
    readings = np.r_[load, load[at] + more, load[at] + 3 * more]
    expected = load.copy()
    expected[at] += 4 * more / 3
    grid_is(to_hourly_grid, START + hours, readings, expected, "an hour stored three times")
    readings = np.r_[load, load[at] / 10, load[at] / 10]  # their mean is 0.4 of the first
    readings[at] *= 2.2
    expected[at] = 0.8 * load[at]
    what = "readings of 2.2, 0.1 and 0.1 of an hour, 0.8 on the mean"
    grid_is(to_hourly_grid, START + hours, readings, expected, what)


def test_missing_hours_lie_on_the_line_between_their_neighbors(to_hourly_grid, rng):
    load = waves(rng, 100)
    at, width = int(rng.integers(30, 60)), int(rng.integers(2, 6))
    kept = np.r_[np.arange(at), np.arange(at + width, 100)]
    expected = np.interp(np.arange(100), kept, load[kept])
    grid_is(to_hourly_grid, START + kept, load[kept], expected, f"{width} hours missing")


def test_a_drop_out_is_replaced_like_a_missing_hour(to_hourly_grid, rng):
    load = waves(rng, 100)
    at, share = int(rng.integers(30, 70)), rng.uniform(0.05, 0.4)
    spoiled = load.copy()
    spoiled[at] *= share
    expected = load.copy()
    expected[at] = (load[at - 1] + load[at + 1]) / 2
    what = f"a reading of {share:.2f} of its value"
    grid_is(to_hourly_grid, START + np.arange(100), spoiled, expected, what)
    kept = np.r_[np.arange(at), np.arange(at + 4, 100)]  # without it and three hours after it
    expected = np.interp(np.arange(100), kept, load[kept])
    stored = np.r_[np.arange(at + 1), np.arange(at + 4, 100)]
    what = "the same beside three missing hours"
    grid_is(to_hourly_grid, START + stored, spoiled[stored], expected, what)


def test_a_drop_out_at_an_end_takes_the_nearest_reading(to_hourly_grid, rng):
    load = waves(rng, 100)
    spoiled = load.copy()
    spoiled[[0, 99]] = 0.0
    expected = load.copy()
    expected[[0, 99]] = load[[1, 98]]
    grid_is(to_hourly_grid, START + np.arange(100), spoiled, expected, "zeros at both ends")


def test_a_low_night_is_no_drop_out(to_hourly_grid, rng):
    level = np.repeat([1000.0, 400.0], (80, 40)) + rng.normal(0, 5, 120)
    what = "a load that falls to two fifths for good"
    grid_is(to_hourly_grid, START + np.arange(120), level, level, what)


def test_high_hours_do_not_make_a_drop_out_of_others(to_hourly_grid, rng):
    load, at = np.tile([1000.0, 2600.0, 1000.0], 30), 3 * int(rng.integers(8, 20))
    load += rng.uniform(-1, 1, 90)
    load[at] = 600.0  # over half of the median, below half of the mean
    what = "0.6 of the median, where every third hour is high"
    grid_is(to_hourly_grid, START + np.arange(90), load, load, what)


def test_a_drop_out_lies_below_half_of_the_median(to_hourly_grid, rng):
    load, at = np.full(75, 1000.0), int(rng.integers(30, 45))
    load[at] = 500.0
    grid_is(to_hourly_grid, START + np.arange(75), load, load, "half of the median, exactly")
    load[at] = 499.0
    expected = np.full(75, 1000.0)
    grid_is(to_hourly_grid, START + np.arange(75), load, expected, "0.499 of the median")


def test_the_median_is_that_of_twelve_hours_on_either_side(to_hourly_grid, rng):
    load = np.r_[np.full(40, 1000.0), np.full(40, 300.0)] + rng.uniform(-1, 1, 80)
    load[39] = 300.0  # with it thirteen low hours of 25; of 24 or 26 a half
    what = "a load that falls to less than a third for good"
    grid_is(to_hourly_grid, START + np.arange(80), load, load, what)
    load[39] = 1000.0
    load[27] = 300.0  # among twelve high hours on either side
    expected = load.copy()
    expected[27] = (load[26] + load[28]) / 2
    what = "a low reading twelve hours before the load falls"
    grid_is(to_hourly_grid, START + np.arange(80), load, expected, what)


def test_the_hours_around_a_reading_are_those_of_the_clock(to_hourly_grid, rng):
    hours = np.r_[np.arange(30), np.arange(42, 48)]  # after the gap six low hours, and the end
    load = np.r_[np.full(30, 1000.0), np.full(6, 100.0)] + rng.uniform(-1, 1, 36)
    expected = np.interp(np.arange(48), hours, load)
    what = "a tenth of the load after twelve missing hours"
    grid_is(to_hourly_grid, START + hours, load, expected, what)


def test_drop_outs_count_among_the_hours_around(to_hourly_grid, rng):
    load = 1000.0 + rng.uniform(-1, 1, 75)
    load[30:42] = 0.0
    load[42] = float(rng.integers(470, 495))  # the median of twelve zeros, itself, twelve high
    expected = load.copy()
    expected[30:42] = np.interp(np.arange(30, 42), [29, 42], load[[29, 42]])
    what = "just under half of the load after twelve drop-outs"
    grid_is(to_hourly_grid, START + np.arange(75), load, expected, what)


@there
def frame_after(to_hourly_grid, hours, load):
    """The frame's columns after a call."""
    import numpy as np
    import pandas as pd

    stamps = pd.to_datetime(np.asarray(hours), unit="h")
    frame = pd.DataFrame({"Stamp": stamps, "Here_MW": np.asarray(load)})
    to_hourly_grid(frame)
    return list(frame.columns), frame["Here_MW"].to_numpy()


@observed
def test_the_frame_stays_as_it_was(to_hourly_grid, rng):
    load, order = waves(rng, 50), rng.permutation(50)
    names, after = frame_after(to_hourly_grid, START + order, load[order])
    equal(names, ["Stamp", "Here_MW"], "columns of the frame after to_hourly_grid(frame)")
    close(after, load[order], "loads of the frame after to_hourly_grid(frame)", axes="T")


# --- smape, mase, pinball


def test_smape_is_the_gap_over_the_mean_of_both_sizes(smape, rng):
    share, signs = rng.uniform(0.02, 0.4, 17), rng.choice([-1, 1], 17)
    expected = float(np.mean(200 * share / (2 + signs * share)))
    for unit in (1.0, 1e-4, 1e4):
        y = unit * rng.uniform(10, 20, 17)
        close(smape(y, y * (1 + signs * share)), expected, f"smape of loads around {15 * unit:g}")


def test_smape_takes_sizes_and_not_signs(smape, rng):
    y = rng.uniform(10, 20, 9)
    close(smape(y, -y), 200.0, "smape(y, -y)")
    close(smape(-y, -2 * y), 200 / 3, "smape(-y, -2 * y)")


def test_smape_of_zeros_forecast_as_zeros_is_nothing(smape, rng):
    y = np.r_[rng.uniform(10, 20, 3), np.zeros(5)]
    f = y.copy()
    f[0] *= 2
    close(smape(y, f), 200 / 3 / 8, "smape with five zeros forecast as zeros")
    got = smape(np.full(5, 1e-20), np.zeros(5))
    expect(got < 1, f"smape of next to nothing, 1e-20: expected below 1, got {got:.3g}", got=got)


def test_mase_divides_by_the_seasonal_change_of_the_past(mase, rng):
    bend, off, signs = rng.uniform(1, 3), rng.uniform(0.5, 9, 13), rng.choice([-1, 1], 13)
    for unit in (1.0, 1e-4):
        past = unit * bend * np.arange(100.0) ** 2  # changes in m hours by 99 m on the mean
        y = unit * rng.uniform(10, 90, 13)
        got = mase(y, y + unit * off * signs, past)
        what = f"mase of a past that rises ever faster, in units of {unit:g}"
        close(got, off.mean() / (24 * 99 * bend), what)
        got = mase(y, y + unit * off * signs, past, 7)
        close(got, off.mean() / (7 * 99 * bend), "the same with season=7")


def test_mase_does_not_look_at_how_the_test_changes(mase, rng):
    past = np.tile([1.0, 3.0], 30)
    y = rng.uniform(10, 20, 50)
    close(mase(y, y + 1.0, past, 1), 0.5, "mase over a past that changes by 2, season=1")
    steep = y + 100 * np.arange(50)
    close(mase(steep, steep + 1.0, past, 1), 0.5, "the same on a test that rises steeply")


def test_mase_of_a_past_that_repeats_itself_is_finite(mase, rng):
    past = np.tile(rng.integers(1, 9, 24).astype(float), 4)
    y = rng.uniform(10, 20, 30)
    close(mase(y, y, past), 0.0, "mase of a perfect forecast over a past without change")
    got = mase(y, y + 1.0, past)
    close(got * np.finfo(float).eps, 1.0, "mase of errors of 1 there, times EPS")


def test_pinball_charges_by_the_side(pinball, rng):
    q, gap = rng.uniform(0.6, 0.9), rng.uniform(1, 5, 11)
    y = rng.uniform(10, 20, 11)
    close(pinball(y, y - gap, q), float(q * gap.mean()), f"forecasts too low, q={q:.2f}")
    close(pinball(y, y + gap, q), float((1 - q) * gap.mean()), f"forecasts too high, q={q:.2f}")


def test_pinball_is_least_at_its_quantile(pinball, rng):
    y, low = rng.permutation(101) / 100, int(rng.integers(15, 41)) / 100
    for q in (low, 1 - low):
        costs = [pinball(y, np.full(101, level / 100), q) for level in range(101)]
        best = int(np.argmin(costs))
        expect(
            abs(best / 100 - q) < 0.02,
            f"among constants, pinball of q={q:.2f} is least at {best / 100:.2f} of uniform loads",
            best,
        )


@there
def arrays_of(function, *arguments):
    """The arrays among the arguments, after a call."""
    import numpy as np

    kept = [np.array(one) if np.ndim(one) else one for one in arguments]
    function(*kept)
    return [one for one in kept if np.ndim(one)]


@observed
def test_what_is_measured_stays_as_it_was(smape, mase, pinball, rng):
    y, f, past = (rng.uniform(10, 20, n) for n in (9, 9, 60))
    for name, function, more in (
        ("smape", smape, ()),
        ("mase", mase, (past,)),
        ("pinball", pinball, (0.3,)),
    ):
        after = arrays_of(function, y, f, *more)
        titles = ("actual", "forecast", "past")[: len(after)]
        for title, one, before in zip(titles, after, (y, f, past), strict=False):
            close(one, before, f"{title} after {name}", axes="T")


# --- naive, seasonal_naive, drift


def padded(gone, values):
    """NaN for as many hours, then the values."""
    return np.r_[np.full(gone, np.nan), values]


def test_naive_repeats_the_hour_before(naive, rng):
    load = rng.normal(size=31)  # scaled loads have both signs
    expected = padded(1, load[:30])
    close(naive(load.copy()), expected, "naive(load)", axes="T")


def test_seasonal_naive_repeats_the_season_before(seasonal_naive, rng):
    load = rng.normal(size=75)
    got = seasonal_naive(load.copy())
    close(got, padded(24, load[:51]), "seasonal_naive(load)", axes="T")
    season = int(rng.integers(2, 20))
    got = seasonal_naive(load.copy(), season)
    close(got, padded(season, load[: 75 - season]), f"seasonal_naive(load, {season})", axes="T")


def test_drift_is_exact_for_a_season_on_a_slope(drift, rng):
    day, slope = rng.uniform(10, 20, 24), rng.uniform(0.1, 0.9)
    load = np.tile(day, 4) + slope * np.arange(96)
    expected = padded(25, load[25:])
    close(drift(load.copy()), expected, "drift of a day that repeats on a slope", axes="T")
    week = np.tile(day[:7], 8) + slope * np.arange(56)
    close(drift(week.copy(), 7), padded(8, week[8:]), "drift with season=7, likewise", axes="T")


def test_drift_adds_yesterdays_change_to_the_last_hour(drift, rng):
    load = rng.normal(size=61)
    expected = [load[t - 1] + load[t - 24] - load[t - 25] for t in range(25, 61)]
    close(drift(load.copy()), padded(25, expected), "drift(load)", axes="T")


def test_a_series_shorter_than_a_season_has_no_forecast(naive, seasonal_naive, drift, rng):
    load = rng.normal(size=int(rng.integers(5, 24)))
    nothing = np.full(len(load), np.nan)
    what = f"of {len(load)} hours"
    close(naive(load.copy()), padded(1, load[:-1]), f"naive {what}", axes="T")
    close(seasonal_naive(load.copy()), nothing, f"seasonal_naive {what}", axes="T")
    close(drift(load.copy()), nothing, f"drift {what}", axes="T")


def test_no_forecast_changes_when_the_future_does(naive, seasonal_naive, drift, rng):
    load, origin = rng.uniform(10, 20, 90), int(rng.integers(40, 60))
    other = load.copy()
    other[origin:] = rng.uniform(50, 90, 90 - origin)
    for title, forecast in (("naive", naive), ("seasonal_naive", seasonal_naive), ("drift", drift)):
        expected = np.asarray(forecast(load.copy()), float)[26 : origin + 1].copy()
        expect(bool(np.isfinite(expected).all()), f"{title}: expected forecasts from hour 26 on")
        got = np.asarray(forecast(other.copy()), float)[26 : origin + 1]
        close(got, expected, f"{title} up to hour {origin}, all later loads changed", axes="T")


@observed
def test_the_series_stays_as_it_was(naive, seasonal_naive, drift, rng):
    load = rng.uniform(10, 20, 61)
    for title, forecast in (("naive", naive), ("seasonal_naive", seasonal_naive), ("drift", drift)):
        [after] = arrays_of(forecast, load)
        close(after, load, f"load after {title}(load)", axes="T")


# --- split_by_time, scaled


@there
def pieces_of(split_by_time, start, load, borders, gap):
    """Hours and loads of each piece."""
    import numpy as np
    import pandas as pd

    index = pd.date_range(pd.Timestamp(start, unit="h"), periods=len(load), freq="h")
    at = [index[border] for border in borders]
    series = pd.Series(np.array(load), index)
    pieces = split_by_time(series, *at, gap=gap) if gap else split_by_time(series, *at)
    hours = [one.index.values.astype("datetime64[s]").astype("int64") // 3600 for one in pieces]
    return [(at, one.to_numpy()) for at, one in zip(hours, pieces, strict=True)]


def split_is(split_by_time, load, borders, gap, wanted, what):
    """Hold the pieces against slices of the load."""
    got = pieces_of(split_by_time, START, load, borders, gap)
    equal(len(got), len(wanted), f"{what}: number of pieces")
    for number in reversed(range(len(wanted))):
        place, (hours, values) = wanted[number], got[number]
        at = np.arange(len(load))[place]
        close(hours - START, at, f"{what}: positions in piece {number}", axes="T")
        close(values, load[place], f"{what}: loads of piece {number}", axes="T")


def test_each_border_opens_a_piece_and_nothing_is_in_two(split_by_time, rng):
    load, a, b = rng.normal(size=90), int(rng.integers(30, 50)), int(rng.integers(60, 80))
    wanted = [slice(0, a), slice(a, b), slice(b, 90)]
    split_is(split_by_time, load, [a, b], 0, wanted, f"borders at {a} and {b}")


def test_one_border_makes_two_pieces(split_by_time, rng):
    load, a = rng.normal(size=50), int(rng.integers(10, 40))
    split_is(split_by_time, load, [a], 0, [slice(0, a), slice(a, 50)], f"a border at {a}")


def test_the_hours_before_a_border_fall_into_the_gap(split_by_time, rng):
    load, a, b = rng.normal(size=90), int(rng.integers(30, 40)), int(rng.integers(60, 80))
    gap = int(rng.integers(3, 12))
    wanted = [slice(0, a - gap), slice(a, b - gap), slice(b, 90)]
    split_is(split_by_time, load, [a, b], gap, wanted, f"borders at {a} and {b}, gap={gap}")


def test_a_gap_longer_than_a_piece_leaves_nothing_of_it(split_by_time, rng):
    load, gap = rng.normal(size=90), int(rng.integers(20, 30))
    a, short = int(rng.integers(35, 45)), gap - int(rng.integers(3, 8))
    b = a + short
    wanted = [slice(0, a - gap), slice(a, a), slice(b, 90)]
    split_is(split_by_time, load, [a, b], gap, wanted, f"borders at {a} and {b}, gap={gap}")
    wanted = [slice(0, 0), slice(short, 90)]
    split_is(split_by_time, load, [short], gap, wanted, f"a border at {short}, gap={gap}")


@there
def series_after(split_by_time, scaled, start, load, border):
    """The series after it was split with a gap, and two pieces after they were scaled."""
    import numpy as np
    import pandas as pd

    index = pd.date_range(pd.Timestamp(start, unit="h"), periods=len(load), freq="h")
    series = pd.Series(np.array(load), index)
    split_by_time(series, index[border], gap=3)
    pieces = [pd.Series(np.array(one)) for one in (load[:border], load[border:])]
    scaled(*pieces)
    return [one.to_numpy() for one in (series, *pieces)]


@observed
def test_what_is_split_or_scaled_stays_as_it_was(split_by_time, scaled, rng):
    load = rng.normal(5, 2, 60)
    after = series_after(split_by_time, scaled, START, load, 40)
    titles = "the series after split_by_time", "train after scaled", "test after scaled"
    for title, one, before in zip(titles, after, (load, load[:40], load[40:]), strict=True):
        close(one, before, title, axes="T")


@there
def scaled_of(scaled, train, *others):
    """The pieces after scaling, as arrays."""
    import numpy as np
    import pandas as pd

    return [one.to_numpy() for one in scaled(*(pd.Series(np.array(x)) for x in (train, *others)))]


def test_all_pieces_are_in_units_of_the_first(scaled, rng):
    for unit in (1.0, 1e-3):
        pieces = [unit * rng.normal(5 + k, 2 + k, 20 + k) for k in range(3)]
        mean, deviation = pieces[0].mean(), pieces[0].std(ddof=1)
        got = scaled_of(scaled, *pieces)
        equal(len(got), 3, "number of pieces of scaled(train, valid, test)")
        for number, (piece, one) in enumerate(zip(pieces, got, strict=True)):
            what = f"scaled: piece {number}, loads in units of {unit:g}"
            close(one, (piece - mean) / deviation, what, axes="T")


def test_nothing_of_the_test_reaches_the_training(split_by_time, scaled, rng):
    load, border = rng.normal(size=80), int(rng.integers(40, 60))
    other = load.copy()
    other[border:] += rng.uniform(50, 90)
    [first, *rest] = (one for _, one in pieces_of(split_by_time, START, load, [border], 0))
    expected = (load[:border] - load[:border].mean()) / load[:border].std(ddof=1)
    close(scaled_of(scaled, first, *rest)[0], expected, "the training, split and scaled", axes="T")
    [first, *rest] = (one for _, one in pieces_of(split_by_time, START, other, [border], 0))
    close(scaled_of(scaled, first, *rest)[0], expected, "the same, all later loads changed")


# --- windows


def test_every_window_that_fits_is_there(windows, rng):
    lookback, horizon = int(rng.integers(3, 7)), int(rng.integers(2, 5))
    series = rng.normal(size=23)
    past, future = windows(series, lookback, horizon)
    count = 23 - lookback - horizon + 1
    rows = np.arange(count)[:, None]
    what = f"of windows(series of 23, {lookback}, {horizon})"
    close(past, series[rows + np.arange(lookback)], f"past {what}", axes="NT")
    wanted = series[rows + lookback + np.arange(horizon)]
    close(future, wanted, f"future {what}", axes="NT")


def test_one_hour_ahead_is_a_column(windows, rng):
    series = rng.normal(size=12)
    past, future = windows(series, 4, 1)
    close(future, series[4:, None], "future of windows(series of 12, 4, 1)", axes="NT")
    close(past[-1], series[7:11], "the last past of windows(series of 12, 4, 1)", axes="T")


def test_a_series_of_one_window_has_one(windows, rng):
    series = rng.normal(size=9)
    past, future = windows(series, 5, 4)
    close(past, series[None, :5], "past of windows(series of 9, 5, 4)", axes="NT")
    close(future, series[None, 5:], "future of windows(series of 9, 5, 4)", axes="NT")


@there
def after_writing(windows, series, at, value, step):
    """Past and future of every step-th hour, read after one hour was written anew."""
    import numpy as np

    series = np.repeat(np.asarray(series), step)[::step]
    past, future = windows(series, 5, 3)
    series[at] = value
    return np.array(past), np.array(future)


def test_windows_are_views_of_the_series(windows, rng):
    for kind, step in (("float64", 1), ("float32", 1), ("int64", 1), ("float64", 3)):
        series, at = rng.integers(-40, 40, 31).astype(kind), int(rng.integers(8, 23))
        value = int(rng.integers(50, 90))
        got = after_writing(windows, series, at, value, step)
        series[at] = value
        rows = np.arange(24)[:, None]
        wanted = series[rows + np.arange(5)], series[rows + np.arange(5, 8)]
        what = f"{kind}, every hour" if step == 1 else f"{kind}, every third number of an array"
        for title, one, other in zip(("past", "future"), got, wanted, strict=True):
            close(one, other, f"{title} after hour {at} was changed ({what})", axes="NT")


@there
def share_memory(windows, series):
    """Whether past and future lie in the memory of the series."""
    import numpy as np

    series = np.array(series)
    return [bool(np.shares_memory(series, one)) for one in windows(series, 4, 2)]


@observed
def test_no_number_is_stored_twice(windows, rng):
    got = share_memory(windows, rng.normal(size=15))
    equal(got, [True, True], "past and future share memory with the series")


# --- ridge_fit, ridge_predict


def table(rng, rows=60, columns=7, outputs=()):
    """Correlated columns away from zero, and what depends on them."""
    x = rng.normal(size=(rows, columns)) + 3 * rng.normal(size=(rows, 1)) + rng.uniform(2, 9)
    y = (
        x @ rng.normal(size=(columns, *outputs))
        + rng.uniform(10, 90)
        + rng.normal(size=(rows, *outputs))
    )
    return x, y


def test_ridge_agrees_with_scikit_learn(ridge_fit, rng):
    x, y = table(rng)
    alpha = float(rng.uniform(0.5, 30))
    own = Ridge(alpha=alpha).fit(x, y)
    weights, intercept = ridge_fit(x, y, alpha)
    close(weights, own.coef_, f"weights for alpha={alpha:.1f}", axes="F", tolerance=1e-6)
    close(float(intercept), float(own.intercept_), f"intercept, alpha={alpha:.1f}", tolerance=1e-6)


def test_alpha_is_one_where_none_is_given(ridge_fit, rng):
    x, y = table(rng, rows=15)
    close(ridge_fit(x, y)[0], Ridge(alpha=1.0).fit(x, y).coef_, "weights", tolerance=1e-6)


def test_each_target_has_weights_of_its_own(ridge_fit, rng):
    x, y = table(rng, outputs=(3,))
    own = Ridge(alpha=2.0).fit(x, y)
    weights, intercept = ridge_fit(x, y, 2.0)
    close(weights, own.coef_.T, "weights of three targets", axes="FK", tolerance=1e-6)
    close(intercept, own.intercept_, "their intercepts", axes="K", tolerance=1e-6)


def test_one_target_may_be_a_column(ridge_fit, ridge_predict, rng):
    x, y = table(rng, outputs=(1,))
    own = Ridge(alpha=2.0).fit(x, y)
    weights, intercept = ridge_fit(x, y, 2.0)
    close(weights, own.coef_.reshape(7, 1), "weights of a column", axes="FK", tolerance=1e-6)
    close(intercept, own.intercept_, "its intercept", axes="K", tolerance=1e-6)
    got = ridge_predict(x, weights, intercept)
    close(got, own.predict(x).reshape(60, 1), "its forecasts", axes="NK", tolerance=1e-6)


def test_without_a_penalty_it_is_least_squares(ridge_fit, rng):
    x, y = table(rng, columns=5)
    x = x * [1.0, 1e-3, 30.0, 0.1, 1.0]  # in units of their own
    own = LinearRegression().fit(x, y)
    weights, intercept = ridge_fit(x, y, 0.0)
    gaps = (np.asarray(weights) - own.coef_) / np.abs(own.coef_)
    close(gaps, np.zeros(5), "relative gaps of the weights, alpha=0", axes="F", tolerance=1e-4)
    close(float(intercept), float(own.intercept_), "intercept, alpha=0", tolerance=1e-4)


def test_the_intercept_is_not_penalized(ridge_fit, rng):
    x, y = table(rng)
    before, _ = ridge_fit(x, y, 50.0)
    shift = float(rng.uniform(1e3, 1e4))
    expected = Ridge(alpha=50.0).fit(x, y)
    close(before, expected.coef_, "weights for alpha=50", axes="F", tolerance=1e-6)
    weights, intercept = ridge_fit(x, y + shift, 50.0)
    close(weights, expected.coef_, f"weights after y was raised by {shift:.0f}", tolerance=1e-5)
    what = f"intercept after y was raised by {shift:.0f}"
    close(float(intercept), float(expected.intercept_ + shift), what, tolerance=1e-5)


@there
def forecasts_or_error(ridge_fit, ridge_predict, x, y, new, alpha):
    """Forecasts, or the name of the error."""
    import numpy as np

    try:
        return np.asarray(ridge_predict(new, *ridge_fit(x, y, alpha)))
    except np.linalg.LinAlgError as error:
        return type(error).__name__


def test_a_column_that_stands_there_twice_does_no_harm(ridge_fit, ridge_predict, rng):
    x, y = table(rng, columns=4)
    hours = np.eye(3)[rng.integers(0, 3, 60)]  # which sum to one
    x = np.hstack([x, x[:, :1], hours, np.zeros((60, 1))])
    new = x[rng.permutation(60)[:11]]
    expected = LinearRegression().fit(x, y).predict(new)
    got = forecasts_or_error(ridge_fit, ridge_predict, x, y, new, 0.0)
    close(got, expected, "forecasts of a singular system, alpha=0", axes="N", tolerance=1e-5)


def test_single_precision_is_solved_in_double(ridge_fit, rng):
    x = rng.normal(size=(400, 5)) / 100 + 10 * rng.normal(size=(400, 1))  # nearly one column
    x, y = x.astype("float32"), rng.normal(size=400).astype("float32")
    own = Ridge(alpha=1e-3).fit(x.astype(float), y.astype(float))
    weights, _ = ridge_fit(x, y, 1e-3)
    close(np.asarray(weights, float), own.coef_, "weights from float32", axes="F", tolerance=1e-3)
    x = (rng.normal(size=(300, 3)) + 100 * rng.uniform(1, 2)).astype("float32")
    y = (rng.normal(size=(300, 7)) + 3e4 * rng.uniform(1, 2, 7)).astype("float32")
    own = Ridge(alpha=1.0).fit(x.astype(float), y.astype(float))
    _, intercepts = ridge_fit(x, y, 1.0)
    what = "intercepts of float32 far from zero"
    close(np.asarray(intercepts, float), own.intercept_, what, axes="K", tolerance=1e-8)


def test_forecasts_are_the_line_itself(ridge_predict, rng):
    x, weights, intercept = rng.normal(size=(5, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    expected = np.array([[row @ weights[:, k] + intercept[k] for k in range(2)] for row in x])
    close(ridge_predict(x, weights, intercept), expected, "ridge_predict of two targets", axes="NK")
    got = ridge_predict(x, weights[:, 0], intercept[0])
    close(got, expected[:, 0], "ridge_predict of one target", axes="N")


@observed
def test_the_table_stays_as_it_was(ridge_fit, rng):
    x, y = table(rng)
    after = arrays_of(ridge_fit, x, y)
    close(after[0], x, "x after ridge_fit(x, y)", axes="NF")
    close(after[1], y, "y after ridge_fit(x, y)", axes="N")


# --- LoadForecaster


@there
def forecaster(LoadForecaster, cell, features, hidden, seed):
    """A forecaster with weights of a seed, and those weights by name."""
    import torch
    from torch import nn

    model = LoadForecaster(getattr(nn, cell), features, hidden)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for one in model.parameters():
            one.copy_(torch.randn(one.shape, generator=generator) / 2)
    return model, {name: one.detach() for name, one in model.named_parameters()}


@there
def forecasts(model, x, cuts):
    """The forecasts of a series read in pieces that begin at 0 and at the cuts."""
    from itertools import pairwise

    import torch

    state, found = None, []
    with torch.no_grad():
        for start, end in pairwise([0, *cuts, x.shape[1]]):
            forecast, state = model(x[:, start:end], state)
            found.append(forecast)
    if any(one.ndim != 2 for one in found):
        return found[-1]
    return torch.cat(found, 1)


def made(LoadForecaster, cell, seed, features=4, hidden=5):
    """A forecaster, and a function from (B, T, F) to (B, T) of torch's layer with its weights."""
    model, weights = forecaster(LoadForecaster, cell, features, hidden, seed % 2**31)
    rnn = getattr(nn, cell)(features, hidden, batch_first=True)
    own = {"rnn": rnn, "read_out": nn.Linear(hidden, 1)}
    names = [f"{part}.{key}" for part, one in own.items() for key in one.state_dict()]
    equal(sorted(weights), sorted(names), f"parameters of LoadForecaster(nn.{cell}, 4, 5)")
    for part, one in own.items():
        for key, value in one.state_dict().items():
            got = weights[f"{part}.{key}"]
            equal(tuple(got.shape), tuple(value.shape), f"shape of {part}.{key}, nn.{cell}")
            value.copy_(got)

    def run(x):
        with torch.no_grad():
            return x[..., 0] + own["read_out"](own["rnn"](x)[0])[..., 0]

    def slopes(x, cut):
        """The gradients that torch's layer has over the whole series."""
        x = x.clone().requires_grad_()
        forecast = x[..., 0] + own["read_out"](own["rnn"](x)[0])[..., 0]
        forecast[:, cut:].square().sum().backward()
        parts = {
            f"{part}.{key}": p for part, one in own.items() for key, p in one.named_parameters()
        }
        return {name: one.grad.clone() for name, one in (parts | {"x": x}).items()}

    def state(x):
        parts = rnn(x)[1]
        return tuple(one.detach() for one in parts) if cell == "LSTM" else parts.detach()

    run.state, run.slopes = state, slopes
    return model, run


def drawn(rng, *shape):
    """Standard normal numbers, float32."""
    return torch.from_numpy(rng.normal(size=shape)).float()


def test_the_forecast_is_the_newest_load_and_a_change(LoadForecaster, rng, seed):
    for cell in ("GRU", "LSTM"):
        x = drawn(rng, 3, 7, 4)
        model, run = made(LoadForecaster, cell, seed)
        expected = run(x)
        got = forecasts(model, x, [])
        close(got, expected, f"forecasts of nn.{cell}", axes="BT", tolerance=1e-5)


def test_no_forecast_sees_a_later_step(LoadForecaster, rng, seed):
    x, step = drawn(rng, 2, 11, 4), int(rng.integers(3, 8))
    other = x.clone()
    other[:, step:] = drawn(rng, 2, 11 - step, 4)
    model, run = made(LoadForecaster, "LSTM", seed)
    expected = run(x)[:, :step]
    what = f"forecasts before step {step}"
    close(forecasts(model, x, [])[:, :step], expected, what, axes="BT", tolerance=1e-5)
    got = forecasts(model, other, [])[:, :step]
    close(got, expected, f"{what}, all later steps changed", axes="BT", tolerance=1e-5)


def test_a_series_in_pieces_is_the_whole_series(LoadForecaster, rng, seed):
    for cell in ("GRU", "LSTM"):
        x, cut = drawn(rng, 3, 13, 4), int(rng.integers(2, 6))
        model, run = made(LoadForecaster, cell, seed)
        expected = run(x)
        got = forecasts(model, x, [cut, 9])
        what = f"nn.{cell} in pieces, cut at {cut} and 9"
        close(got, expected, what, axes="BT", tolerance=1e-5)


@there
def forecasts_from(model, x, state):
    """The forecasts that begin with a state."""
    import torch

    with torch.no_grad():
        return model(x, state)[0]


@there
def state_of(model, x):
    """The state after a series."""
    import torch

    with torch.no_grad():
        return model(x)[1]


def test_a_state_that_is_handed_in_counts(LoadForecaster, rng, seed):
    x = drawn(rng, 3, 9, 4)
    model, run = made(LoadForecaster, "GRU", seed)
    expected, state = run(x)[:, 5:], run.state(x[:, :5])
    got = forecasts_from(model, x[:, 5:], state)
    close(got, expected, "forecasts that begin with torch's own state", axes="BT", tolerance=1e-5)
    got = state_of(model, x[:, :5])
    close(got, state, "the state of nn.GRU, as the layer gives it", tolerance=1e-5)


def test_a_batch_is_each_series_alone(LoadForecaster, rng, seed):
    model, run = made(LoadForecaster, "GRU", seed)
    for shape in ((5, 3, 4), (1, 6, 4), (4, 1, 4), (1, 1, 4)):
        x = drawn(rng, *shape)
        expected = torch.cat([run(one[None]) for one in x])
        got = forecasts(model, x, [])
        what = f"forecasts of x with the shape {shape}"
        close(got, expected, what, axes="BT", tolerance=1e-5)


@there
def slopes_of(model, x, cut):
    """Gradients of the squares of all forecasts after the cut: by weight, and by x."""
    x = x.clone().requires_grad_()
    _, state = model(x[:, :cut])
    forecast, _ = model(x[:, cut:], state)
    if forecast.requires_grad:
        forecast.square().sum().backward()
    found = dict(model.named_parameters()) | {"x": x}
    return {name: 0 * one.detach() if one.grad is None else one.grad for name, one in found.items()}


def test_the_gradient_runs_through_the_state(LoadForecaster, rng, seed):
    for cell in ("GRU", "LSTM"):
        x, cut = drawn(rng, 2, 7, 4), int(rng.integers(3, 6))
        model, run = made(LoadForecaster, cell, seed)
        expected = run.slopes(x, cut)
        got = slopes_of(model, x, cut)
        for name, one in expected.items():
            what = f"gradient of the hours after {cut} by {name}, nn.{cell}"
            close(got[name], one, what, tolerance=1e-4)


@there
def layer_after(model, x):
    """What the layer is, whether batches are first; x after a forecast."""
    x = x.clone()
    model(x)
    return [type(model.rnn).__name__, bool(model.rnn.batch_first)], x


@observed
def test_batches_come_first_and_the_series_stays_as_it_was(LoadForecaster, rng, seed):
    for cell in ("GRU", "LSTM"):
        x = drawn(rng, 3, 5, 4)
        model, _ = made(LoadForecaster, cell, seed)
        layer, after = layer_after(model, x)
        equal(layer, [cell, True], f"kind and batch_first of rnn, nn.{cell}")
        close(after, x, "x after model(x)", axes="BTF")


# --- verdict


@there
def lists_after(verdict, a, b):
    """Both lists after a call."""
    a, b = list(a), list(b)
    verdict(a, b)
    return [a, b]


def test_separate_ranges_have_a_winner(verdict, rng):
    for unit in (1.0, 1e-5, 1e5):
        low, high = (unit * rng.uniform(a, a + 1, 5) for a in (1, 3))
        what = f"low errors, high errors, of some {unit:g}"
        equal(verdict(low.tolist(), high.tolist()), "a", f"verdict({what})")
        equal(verdict(high.tolist(), low.tolist()), "b", f"the other way around, some {unit:g}")


def test_a_small_distance_is_a_distance(verdict, rng):
    low = [1.0, 1 + 1e-6, 1 + float(rng.uniform(0, 1e-6))]
    high = [1 + 2.2e-6, 1 + 1.2e-6, 1 + float(rng.uniform(1.3e-6, 2e-6))]  # nearer than wide
    equal(verdict(low, high), "a", f"verdict({low}, {high})")
    equal(verdict(high, low), "b", f"verdict({high}, {low})")


def test_one_seed_each_is_a_range_too(verdict, rng):
    a = float(rng.uniform(1, 2))
    equal(verdict([a], [a + 1]), "a", f"verdict([{a}], [{a + 1}])")
    equal(verdict([a + 1], [a]), "b", f"verdict([{a + 1}], [{a}])")


@observed
def test_the_scores_stay_as_they_were(verdict, rng):
    a, b = rng.permutation(5.0 + np.arange(5)), rng.permutation(7.0 + np.arange(6))
    after = lists_after(verdict, a.tolist(), b.tolist())
    equal(after, [a.tolist(), b.tolist()], "both lists after verdict(a, b)")


def test_overlapping_ranges_are_a_tie(verdict, rng):
    worst = float(rng.uniform(3, 4))
    a, b = [1.0, 1.1, 1.2, worst], [worst - 0.5, 5.0, 6.0]
    rng.shuffle(a)
    equal(verdict(a, b), "tie", f"verdict({a}, {b})")
    equal(verdict(b, a), "tie", f"verdict({b}, {a})")


def test_one_bad_seed_makes_a_tie(verdict, rng):
    a, b = [1.0, 9.0, 1.1], [2.1, 2.0, float(rng.uniform(2.2, 2.4))]
    equal(verdict(a, b), "tie", f"verdict({a}, {b})")


def test_a_range_within_the_other_is_a_tie(verdict, rng):
    inner = rng.uniform(2, 3, 4).tolist()
    equal(verdict(inner, [1.0, 4.0]), "tie", "verdict(errors, errors on both sides of them)")
    equal(verdict([4.0, 1.0], inner), "tie", "verdict(errors on both sides, errors)")


def test_ranges_that_touch_are_a_tie(verdict, rng):
    at = float(rng.integers(2, 9))
    equal(verdict([at - 1, at], [at, at + 1]), "tie", f"verdict of ranges that touch at {at}")
    equal(verdict([at, at + 1], [at - 1, at]), "tie", "the same, the other way around")


def test_the_number_of_seeds_may_differ(verdict, rng):
    few = rng.uniform(1, 2, 2).tolist()
    many = rng.uniform(2.5, 3, 7).tolist()
    equal(verdict(few, many), "a", "verdict of two low errors and seven high ones")
    equal(verdict(many, few), "b", "verdict of seven high errors and two low ones")
    wide = [*many, 1.0]
    equal(verdict(wide, few), "tie", "verdict of eight errors, one of them low, and two low ones")


# --- DayAhead


@there
def day_ahead(DayAhead, settings, load, days, origins, seen, later):
    """Fit on one load, predict on another that is cut off after its last origin."""
    import numpy as np

    model = DayAhead(**settings)
    back = model.fit(load, days, origins)
    forecast = model.predict(seen, days, later)
    return type(back) is type(model), np.asarray(forecast)


def task(rng, lookback, hours=24 * 26):
    """A load, a calendar, origins to fit and one that all data end at."""
    load = (waves(rng, hours) - 1000) / 100  # scaled, of both signs
    days = np.eye(3)[np.arange(hours) // 24 % 3] * rng.uniform(1, 2)
    days = np.hstack([days, rng.normal(size=(hours, 2))])
    origins = rng.permutation(np.arange(lookback, hours - 71, 11))  # at any hour, in any order
    return load, days, origins, np.array([hours - 31, hours - 47, hours - 24])


def by_scikit_learn(load, days, origins, later, lookback, alpha, seen=None):
    """Ridge of scikit-learn on rows that are written out; seen: the load to forecast."""

    def rows(load, at):
        return np.array([[*load[o - lookback : o], *days[o]] for o in at])

    y = np.array([load[o : o + 24] for o in origins])
    model = Ridge(alpha=alpha).fit(rows(load, origins), y)
    return model.predict(rows(load if seen is None else seen, later))


def test_day_ahead_is_ridge_on_the_last_hours_and_the_calendar(DayAhead, rng):
    lookback, alpha = int(rng.integers(26, 40)), float(rng.uniform(0.5, 5))
    load, days, origins, later = task(rng, lookback)
    expected = by_scikit_learn(load, days, origins, later, lookback, alpha)
    settings = {"lookback": lookback, "alpha": alpha}
    _, got = day_ahead(DayAhead, settings, load, days, origins, load, later)
    what = f"DayAhead({lookback}, {alpha:.1f}) after fit"
    close(got, expected, what, axes="NT", tolerance=1e-5)


def test_it_takes_a_week_and_a_penalty_of_one_by_default(DayAhead, rng):
    load, days, origins, later = task(rng, 168, 24 * 30)
    expected = by_scikit_learn(load, days, origins, later, 168, 1.0)
    _, got = day_ahead(DayAhead, {}, load, days, origins, load, later)
    close(got, expected, "DayAhead() after fit", axes="NT", tolerance=1e-5)


def test_no_load_after_the_origin_reaches_its_forecast(DayAhead, rng):
    load, days, origins, later = task(rng, 30)
    expected = by_scikit_learn(load, days, origins, later, 30, 1.0)
    settings = {"lookback": 30, "alpha": 1.0}
    for origin, row in zip(later, expected, strict=True):
        other = load.copy()
        other[origin:] = rng.uniform(50, 90, len(load) - origin)
        at = np.array([origin])
        _, got = day_ahead(DayAhead, settings, load, days, origins, other, at)
        close(got, row[None], "forecast, all loads from its origin on changed", tolerance=1e-5)


def test_another_series_is_forecast_from_its_own_past(DayAhead, rng):
    load, days, origins, later = task(rng, 30)
    other = (waves(rng, len(load)) - 1000) / 50
    at = np.r_[later, origins[:2]]
    expected = by_scikit_learn(load, days, origins, at, 30, 1.0, other)
    _, got = day_ahead(DayAhead, {"lookback": 30}, load, days, origins, other, at)
    close(
        got, expected, "forecasts of another load than that of the fit", axes="NT", tolerance=1e-5
    )


def test_a_series_that_ends_at_the_origin_is_enough(DayAhead, rng):
    load, days, origins, later = task(rng, 30)
    expected = by_scikit_learn(load, days, origins, later, 30, 1.0)[-1:]
    settings, cut = {"lookback": 30, "alpha": 1.0}, load[: later[-1]]
    _, got = day_ahead(DayAhead, settings, load, days, origins, cut, later[-1:])
    close(got, expected, "forecast from a load that ends at its origin", tolerance=1e-5)


def test_rows_hold_the_past_in_order_and_then_the_calendar(DayAhead, rng):
    load, days, _, later = task(rng, 7)
    expected = np.array([[*load[o - 7 : o], *days[o]] for o in later])
    got = DayAhead(7).rows(load, days, later)
    what = "DayAhead(7).rows(load, days, origins)"
    close(got, expected, what, axes="NF", tolerance=1e-12)


@there
def fitted_twice(DayAhead, first, second, at):
    """Forecasts of a model that was fitted twice, after another model was fitted."""
    import numpy as np

    model, other = DayAhead(lookback=30), DayAhead(lookback=30)
    model.fit(*first)
    model.fit(*second)
    other.fit(*first)
    return np.asarray(model.predict(*second[:2], at))


def test_a_fit_forgets_the_one_before_and_knows_no_other_model(DayAhead, rng):
    load, days, origins, later = task(rng, 30)
    other = waves(rng, len(load)) / 50
    expected = by_scikit_learn(load, days, origins, later, 30, 1.0)
    got = fitted_twice(DayAhead, (other, days, origins), (load, days, origins), later)
    close(got, expected, "forecasts after a second fit", axes="NT", tolerance=1e-5)


@observed
def test_fit_returns_the_model(DayAhead, rng):
    load, days, origins, later = task(rng, 30)
    same, _ = day_ahead(DayAhead, {"lookback": 30}, load, days, origins, load, later)
    equal(same, True, "fit returns the model itself")
