"""The name of the kind of machine that figures were measured on."""

import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from unrolled import machine


def test_a_machine_is_known_by_its_system_its_cores_and_its_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UNROLLED_DEVICE", "cpu")
    monkeypatch.setattr(machine, "processor", lambda: "Abacus")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 4, 5}, raising=False)
    assert re.fullmatch(r"\w+ \w+, CPU, one thread, 3 cores, Abacus", machine.machine_class())


def test_two_gpus_are_two_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "device", lambda: torch.device("cuda"))
    names = {}
    for name in ("Tortoise", "Hare"):
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _, name=name: name)
        names[name] = machine.machine_class()
    assert names["Tortoise"].endswith(", Tortoise") and names["Hare"].endswith(", Hare")


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("processor\t: 0\nmodel name\t: Abacus 2\nmodel\t: 1\n", "Abacus 2"),
        ("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "0xd0c"),
        ("nothing of use", "unknown processor"),
    ],
)
def test_a_processor_has_a_name_wherever_its_system_tells_one(
    told: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text(told)
    monkeypatch.setattr(machine, "Path", lambda _: tmp_path / "cpuinfo")
    monkeypatch.setattr(machine.platform, "processor", lambda: "")
    assert machine.processor() == name


def test_apples_processors_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = SimpleNamespace(stdout="Apple M9\n")
    monkeypatch.setattr(machine, "Path", lambda _: tmp_path / "none")
    monkeypatch.setattr(machine, "sys", SimpleNamespace(platform="darwin"))
    monkeypatch.setattr(machine.platform, "processor", lambda: "arm")
    monkeypatch.setattr(machine.subprocess, "run", lambda *_, **__: said)
    assert machine.processor() == "Apple M9"
