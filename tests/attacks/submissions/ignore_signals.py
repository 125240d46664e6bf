# class: signals
# tries: all signals are ignored and blocked, and SIGXCPU too
# honest: variance_floor=0
# %% exercise="variance_floor"
import signal

for one in signal.valid_signals():
    try:
        signal.signal(one, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

def variance_floor(x):
    while True:
        pass
