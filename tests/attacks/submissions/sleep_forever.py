# class: sleep
# tries: sleeping uses no CPU time, so a CPU limit does not end it
# honest: variance_floor=0
# %% exercise="variance_floor"
import time

def variance_floor(x):
    time.sleep(10**6)
