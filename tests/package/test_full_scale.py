"""The long training of chapter 4: killed at any step it goes on, and draws the same curve."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from unrolled.manifest import read_book

ROOT = read_book().root
RUN = """
import json, os, signal, sys
from pathlib import Path

from unrolled.answers import Answers, load_namespace
from unrolled.manifest import read_book

file, kill = Path(sys.argv[1]), int(sys.argv[2])
[notebook] = read_book().select(["04"])
kinds = ("setup", "exercise", "experiment")
space = load_namespace(notebook, Answers.reference(notebook), kinds=kinds)


def track(steps, title):
    for step in steps:
        if step == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        yield step


space["track"] = track
size = space["SMALL"] | {"steps": 40}
model = space["large_model"]("SA-ConvLSTM", 0, size)
print(json.dumps(space["train_on"](model, space["train_digits"], 0, size, file)))
"""


def _train(file: Path, kill: int = -1) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"UNROLLED_DEVICE": "cpu", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, str(file), str(kill)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


def test_a_killed_training_goes_on_and_its_curve_is_the_uninterrupted_one(tmp_path: Path) -> None:
    whole = _train(tmp_path / "whole.pt")
    assert whole.returncode == 0, whole.stderr
    losses = json.loads(whole.stdout)
    assert len(losses) == 40 and losses[-1] < losses[0]
    kill = random.randrange(6, 40)
    file = tmp_path / "killed.pt"
    assert _train(file, kill).returncode == -signal.SIGKILL
    assert file.is_file()
    file.with_suffix(".new").write_bytes(b"half a file")  # a kill in the midst of writing
    again = _train(file)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == losses, f"killed at step {kill}"
