"""Embedded data files, verified before they are used."""

import hashlib
from pathlib import Path

from unrolled.errors import BookError
from unrolled.manifest import find_root

SHA256 = {
    "icews_14x5.csv": "37231fba44abcd3eab431c75cb5a6c11ed8f8c3c81d922a456bf21e7656d92fd",
}


def path(name: str) -> Path:
    """Return the path of an embedded file whose SHA-256 is the known one."""
    if name not in SHA256:
        raise BookError(f"no embedded file {name!r}; there are {', '.join(SHA256)}")
    file = find_root() / "data" / name
    if not file.is_file():
        raise BookError(f"data/{name} is missing; restore it with `git checkout data/{name}`")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != SHA256[name]:
        raise BookError(
            f"data/{name}: SHA-256 is {found[:12]}…, expected {SHA256[name][:12]}…; "
            f"restore it with `git checkout data/{name}`"
        )
    return file
