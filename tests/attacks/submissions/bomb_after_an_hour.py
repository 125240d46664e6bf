# class: time_bomb
# tries: a correct answer with a thread that waits
# honest: variance_floor=1
# %% exercise="variance_floor"
import os, threading

timer = threading.Timer(3600, os._exit, (0,))
timer.daemon = False
timer.start()

def variance_floor(x):
    return (x - x.mean(1, keepdim=True)).square().mean()
