"""Which kind of machine this is: what two of them have in common whose figures can be compared."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from unrolled.runtime import device, machine


def machine_class() -> str:
    """Return what two machines have in common whose figures can be compared."""
    found = device()  # loads what knows of an accelerator
    mine = hasattr(os, "sched_getaffinity")  # a container may have fewer than there are
    cores = len(os.sched_getaffinity(0)) if mine else os.cpu_count()
    parts = [machine(), f"{cores} cores", processor()]
    if found.type == "cuda":
        parts.append(sys.modules["torch"].cuda.get_device_name(found))
    return ", ".join(parts)


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info, named = Path("/proc/cpuinfo"), None
    if info.is_file():  # ARM has no name there, but the number of its kind
        text = info.read_text(encoding="utf-8")
        named = re.search(r"^(?:model name|CPU part)\s*: (.+)$", text, re.MULTILINE)
    elif sys.platform == "darwin":  # where `platform` tells the family alone: arm
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        named = re.match("(.+)", subprocess.run(command, capture_output=True, text=True).stdout)
    return named[1] if named else platform.processor() or "unknown processor"
