# class: fork
# tries: the worker dies but a child in a new session holds its socket, so that no end of file is seen
# honest: variance_floor=0
# %% exercise="variance_floor"
import os, time

def variance_floor(x):
    if os.fork() == 0:
        os.setsid()
        time.sleep(3600)
    os._exit(0)
