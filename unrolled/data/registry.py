"""data/registry.toml, the only list of data sets: read and validated."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from unrolled.errors import BookError
from unrolled.manifest import Table, find_root, meant, read_toml, restored

Bytes = Annotated[int, Field(gt=0)]
# Relative and below its folder: parts that begin with a letter or a digit.
Place = Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)*$")]


class _File(Table):
    path: Place
    name: Place | None = None
    bytes: Bytes | None = None
    about: Bytes | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    md5: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        for pair in (("bytes", "about"), ("sha256", "md5")):
            if sum(getattr(self, one) is not None for one in pair) != 1:
                raise ValueError(f"{self.path} needs one of {pair[0]} and {pair[1]}")
        return self


class _Set(Table):
    name: Place
    what: str
    origin: str
    license: str
    url: str | None = None
    kaggle: Annotated[str, Field(pattern=r"^[\w-]+/[\w-]+(/versions/\d+)?$")] | None = None
    file: Annotated[tuple[_File, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _named_and_found(self) -> Self:
        if any((one.name is None) != (len(self.file) == 1) for one in self.file):
            raise ValueError(f"{self.name}: several files have a name each, a single one has none")
        if self.url and (self.kaggle or len(self.file) > 1):
            raise ValueError(f"{self.name}: a url is the address of one file, and the only one")
        return self


class _Registry(Table):
    set: tuple[_Set, ...] = ()


@dataclass(frozen=True)
class DataFile:
    """One file of the registry.

    key: its name in the book, pjm/AEP. path: relative to the folder that holds it.
    digest: sha256:… or md5:… of its bytes. size: in bytes, rounded unless `exact`.
    """

    root: Path
    key: str
    path: str
    size: int
    exact: bool
    digest: str
    url: str | None
    kaggle: str | None

    @property
    def embedded(self) -> bool:
        """Whether it comes with the book."""
        return not (self.url or self.kaggle)

    @property
    def slug(self) -> str:
        """The key as the name of one file or folder."""
        return self.key.replace("/", "-")


@dataclass(frozen=True)
class DataSet:
    """One data set: what it is, whose it is, and its files."""

    name: str
    what: str
    origin: str
    license: str
    files: tuple[DataFile, ...]


def read_registry(root: Path | None = None) -> tuple[DataSet, ...]:
    """Read and validate data/registry.toml; every problem is one line that names the key."""
    root, name = root or find_root(), "data/registry.toml"
    if not (root / name).is_file():
        raise BookError(f"{name} is missing; to restore it: {restored(root, name)}")
    parsed = read_toml(root / name, name, _Registry)
    sets = tuple(_data_set(root, one) for one in parsed.set)
    files = [one for each in sets for one in each.files]
    for values in ([one.key for one in files], [one.path for one in files]):
        for value, count in Counter(values).items():
            if count > 1:
                raise BookError(f"{name}: {value!r} is listed {count} times")
    return sets


def _data_set(root: Path, one: _Set) -> DataSet:
    files = tuple(
        DataFile(
            root,
            f"{one.name}/{file.name}" if file.name else one.name,
            file.path,
            file.bytes or file.about or 0,
            file.bytes is not None,
            f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}",
            one.url,
            one.kaggle,
        )
        for file in one.file
    )
    return DataSet(one.name, one.what, one.origin, one.license, files)


def files_of(name: str) -> tuple[DataFile, ...]:
    """Return the file that `name` means, or all files of the data set of that name."""
    sets = read_registry()
    for one in sets:
        if name == one.name:
            return one.files
        found = tuple(file for file in one.files if file.key == name)
        if found:
            return found
    raise BookError(f"no data set {name!r}; {meant(name, list(_names(sets, name)))}")


def _names(sets: tuple[DataSet, ...], name: str) -> Iterator[str]:
    """Names to offer in place of `name`: of files where it has a set's, else of sets."""
    for one in sets:
        if name.startswith(f"{one.name}/"):
            yield from (file.key for file in one.files)
            return
    yield from (one.name for one in sets)


def file_of(name: str) -> DataFile:
    """Return the one file that `name` means."""
    found = files_of(name)
    if len(found) > 1:
        keys = ", ".join(one.key for one in found)
        raise BookError(f"{name} has {len(found)} files; name one of {keys}")
    return found[0]
