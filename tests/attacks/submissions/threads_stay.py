# class: daemon
# tries: a correct answer that leaves files and threads behind
# honest: variance_floor=1
# %% exercise="variance_floor"
import threading, time

for i in range(20):
    threading.Thread(target=time.sleep, args=(3600,)).start()
try:
    open("/tmp/unrolled_attack_left", "w").write("x")
except OSError:
    pass

def variance_floor(x):
    return (x - x.mean(1, keepdim=True)).square().mean()
