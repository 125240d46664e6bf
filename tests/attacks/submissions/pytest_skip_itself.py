# class: skip_pytest
# tries: the true pytest.skip, so that the check is skipped
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    import pytest
    pytest.skip("not today")
