"""The models of chapter 5: no load at or after a forecast's origin changes the forecast."""

from copy import copy

import numpy as np
import pytest

from unrolled.answers import Answers, load_namespace
from unrolled.manifest import read_book

ONE_HOUR = ("line", "a line for each hour", "trees", "GRU", "LSTM", "naive", "a day ago", "drift")
ONE_DAY = (
    *("line", "interactions", "day-step GRU", "day-step LSTM", "quantiles", "rolled"),
    *("line, corrected", "quantiles, corrected", "average"),
)


@pytest.fixture(scope="module")
def chapter():
    """The names of the chapter's exercises and experiments, with the reference answers."""
    [notebook] = read_book().select(["05_energy_forecasting"])
    kinds = ("setup", "exercise", "experiment")
    return load_namespace(notebook, Answers.reference(notebook), kinds=kinds)


@pytest.fixture(scope="module")
def data(chapter):
    """Three years of the synthetic load: one to train on, one to validate, one to test."""
    load = chapter["to_hourly_grid"](chapter["synthetic_load"](5))
    return chapter["Load"](load[-3 * 8760 :])


@pytest.fixture(scope="module")
def hourly(chapter, data):
    """Forecasts one hour ahead: from loads and hours to an array."""
    nn, days = chapter["nn"], data.days
    found = {
        "line": chapter["Line"](90),
        "a line for each hour": chapter["Lines"](90),
        "trees": chapter["Boosted"](100),
        "GRU": chapter["Hourly"](nn.GRU, 4, 1, 0),
        "LSTM": chapter["Hourly"](nn.LSTM, 4, 1, 0),
    }
    for model in found.values():
        model.fit(data.z, days, data.train)
    simple = {
        "naive": chapter["naive"],
        "a day ago": chapter["seasonal_naive"],
        "drift": chapter["drift"],
    }
    return {
        name: lambda z, hours, m=model: m.predict(z, days, hours) for name, model in found.items()
    } | {name: lambda z, hours, f=forecast: f(z)[hours] for name, forecast in simple.items()}


@pytest.fixture(scope="module")
def daily(chapter, data, hourly):
    """Forecasts of a day: from loads and origins to (N, 24) or more."""
    nn, days = chapter["nn"], data.days
    begin = chapter["midnights"](data, data.train)
    found = {
        "line": chapter["DayAhead"](168, 1.0),
        "interactions": chapter["Interacted"](168, 1.0),
        "day-step GRU": chapter["Daily"](nn.GRU, 4, 1, 0),
        "day-step LSTM": chapter["Daily"](nn.LSTM, 4, 1, 0),
        "quantiles": chapter["Daily"](nn.LSTM, 4, 1, 0, chapter["NINE"]),
    }
    for model in found.values():
        model.fit(data.z, days, begin)
    network = chapter["Hourly"](nn.LSTM, 4, 1, 0).fit(data.z, days, data.train)

    def corrected(name):
        def of(z, origins):
            other = copy(data)
            other.z = z
            models = {"three quantiles": found["quantiles"], "ridge": found["line"]}
            bands = chapter["bands_of"](other, models, origins)
            return bands["ridge, corrected" if name == "line" else "LSTM, corrected"]

        return of

    def of(name, model):
        if name == "quantiles":
            return lambda z, origins: model.bands(z, days, origins)
        return lambda z, origins: model.predict(z, days, origins)

    parts = found["interactions"], found["day-step LSTM"]
    return {name: of(name, model) for name, model in found.items()} | {
        "rolled": lambda z, origins: chapter["rolled"](network.model, z, days, origins),
        "average": lambda z, at: np.mean([one.predict(z, days, at) for one in parts], axis=0),
        "line, corrected": corrected("line"),
        "quantiles, corrected": corrected("quantiles"),
    }


def changed(z, origin, rng):
    """The same loads up to an origin, others from there on; sometimes a single other one."""
    other = z.copy()
    if rng.random() < 0.5:
        other[origin:] = rng.normal(0, 5, len(z) - origin)
    else:
        other[origin + int(rng.integers(0, 24))] += 100.0
    return other


@pytest.mark.parametrize("name", ONE_HOUR)
def test_one_hour_ahead_the_future_changes_no_forecast(hourly, data, name):
    rng = np.random.default_rng(len(name))
    for _ in range(3):
        origin = int(rng.choice(data.test[1000:-200]))
        hours = np.arange(data.test[0], origin + 1)
        before = hourly[name](data.z, hours)
        after = hourly[name](changed(data.z, origin, rng), hours)
        assert np.isfinite(before).all()
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", ONE_DAY)
def test_a_day_ahead_the_future_changes_no_forecast(chapter, daily, data, name):
    rng = np.random.default_rng(len(name))
    test = chapter["midnights"](data, data.test)
    for _ in range(3):
        last = int(rng.integers(30, len(test) - 5))
        origins = test[: last + 1]
        before = daily[name](data.z, origins)
        after = daily[name](changed(data.z, int(origins[-1]), rng), origins)
        assert before.shape[:2] == (last + 1, 24)
        np.testing.assert_array_equal(before, after)


def test_a_changed_past_changes_every_forecast(chapter, hourly, daily, data):
    """Or the tests above would hold for a constant."""
    test = chapter["midnights"](data, data.test)
    z, at = data.z.copy(), int(test[40])
    z[at - 200 : at] += 1.0
    for forecast in hourly.values():
        assert (
            forecast(z, np.arange(at - 300, at + 1))
            != forecast(data.z, np.arange(at - 300, at + 1))
        ).any()
    for forecast in daily.values():
        assert (forecast(z, test[38:41]) != forecast(data.z, test[38:41])).any()


def test_the_synthetic_load_has_the_faults_of_the_real_one(chapter):
    frame = chapter["synthetic_load"](3)
    assert frame["Datetime"].duplicated().sum() == 4  # autumns from 2014 to 2017
    grid = chapter["to_hourly_grid"](frame)
    assert len(grid) - frame["Datetime"].nunique() == 10 + 6  # springs, earlier autumns
    assert not frame["Datetime"].is_monotonic_increasing
    assert frame["MW"].min() < 0.5 * grid.min()
    again = chapter["synthetic_load"](3)
    assert frame.equals(again) and not frame.equals(chapter["synthetic_load"](4))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_synthetic_load_keeps_its_statistics_for_other_seeds(chapter, seed):
    load = chapter["to_hourly_grid"](chapter["synthetic_load"](seed))
    found = chapter["portrait"](load)
    assert found["of the change, 168 h"] <= 0.93
    assert 0.72 <= found["autocorrelation, 168 h"] <= 0.80
    assert 1.08 <= found["weekday over weekend"] <= 1.12
