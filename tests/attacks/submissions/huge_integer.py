# class: odd_values
# tries: an integer of 20,000 digits cannot be printed or parsed
# honest: variance_floor=0
# %% exercise="variance_floor"
def variance_floor(x):
    return 10 ** 20000
