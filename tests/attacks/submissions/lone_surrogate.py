# class: odd_values
# tries: a lone surrogate in the answer cannot be written to the report
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return chr(0xD800) + "<script>alert(1)</script>"
