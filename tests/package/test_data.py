"""The data layer without a network: the registry, where files lie, whether they are right."""

import gzip
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.package.conftest import edit
from unrolled import data
from unrolled.cli import main
from unrolled.data import registry, store
from unrolled.errors import BookError
from unrolled.execute import cache_key, solve
from unrolled.manifest import Book
from unrolled.measure import run as run_module
from unrolled.measure.experiments import stale
from unrolled.measure.run import measure
from unrolled.measure.tables import measured

ROOT = Path(__file__).resolve().parents[2]
NORTH = b"Datetime,NORTH_MW\n2004-12-31 01:00:00,13478.0\n" * 40
SOUTH = NORTH.replace(b"NORTH", b"SOUTH")
REGISTRY = f"""
[[set]]
name = "load"
what = "two regions"
origin = "here"
license = "none"
kaggle = "somebody/load"
file = [
    {{ name = "NORTH", path = "load/NORTH.csv", bytes = {len(NORTH)}, sha256 = "NN" }},
    {{ name = "SOUTH", path = "load/SOUTH.csv", bytes = {len(SOUTH)}, md5 = "SS" }},
]

[[set]]
name = "five.csv"
what = "five numbers"
origin = "here"
license = "none"
file = [{{ path = "five.csv", bytes = 10, sha256 = "FF" }}]
"""
FIVE = b"1,2,3,4,5\n"
TEXT = (
    REGISTRY.replace("NN", hashlib.sha256(NORTH).hexdigest())
    .replace("SS", hashlib.md5(SOUTH).hexdigest())
    .replace("FF", hashlib.sha256(FIVE).hexdigest())
)
pytestmark = pytest.mark.usefixtures("unset")


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of a reader, and a cache that is empty."""
    monkeypatch.delenv("UNROLLED_DATA", raising=False)
    monkeypatch.delenv("UNROLLED_OFFLINE", raising=False)
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def book(tiny: Book) -> Book:
    """The tiny book with two data sets, one embedded and one to be fetched."""
    (tiny.root / "data" / "registry.toml").write_text(TEXT)
    (tiny.root / "data" / "five.csv").write_bytes(FIVE)
    return tiny


@pytest.fixture
def own(book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's own folder, empty so far."""
    folder = tmp_path / "own"
    (folder / "load").mkdir(parents=True)
    monkeypatch.setenv("UNROLLED_DATA", str(folder))
    return folder


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file whose bytes were read for their hash."""
    read: list[Path] = []
    plain = store.hash_of

    def counted(place: Path, file: registry.DataFile) -> str:
        read.append(place)
        return plain(place, file)

    monkeypatch.setattr(store, "hash_of", counted)
    return read


def put(folder: Path, name: str = "NORTH", content: bytes = NORTH, packed: bool = False) -> Path:
    place = folder / "load" / (f"{name}.csv.gz" if packed else f"{name}.csv")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(content) if packed else content)
    return place


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        one.relative_to(folder).as_posix(): (one.read_bytes(), one.stat().st_mtime_ns)
        for one in folder.rglob("*")
        if one.is_file()
    }


def call(*words: str) -> Result:
    return CliRunner().invoke(main, ["data", *words])


def line(error: BookError) -> str:
    assert "\n" not in str(error)
    return str(error)


# --- the registry -----------------------------------------------------------------------------


def test_the_readme_of_the_data_tells_what_the_registry_holds() -> None:
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    rows = [row for row in readme.splitlines() if row.startswith("| `")]
    sets = registry.read_registry(ROOT)
    named = {row.split("`")[1] for row in rows}
    assert named == {one.name for one in sets} | {f.key for one in sets for f in one.files}
    for one in sets:
        [row] = [row for row in rows if row.startswith(f"| `{one.name}` | {one.what} |")]
        assert one.origin in row and one.license in row
        for file in one.files:
            assert any(row.startswith(f"| `{file.key}` |") and file.digest in row for row in rows)


def test_the_hash_of_the_digits_is_the_one_that_keras_pins() -> None:
    keras = importlib.util.find_spec("keras")  # found, not imported: that takes seconds
    assert keras and keras.origin
    source = Path(keras.origin).parent / "src" / "datasets" / "mnist.py"
    assert data.digest("mnist").removeprefix("sha256:") in source.read_text(encoding="utf-8")


def test_the_embedded_sequence_has_its_documented_shape() -> None:
    assert np.loadtxt(data.path("icews_14x5.csv"), delimiter=",").shape == (14, 5)


def test_no_fetched_file_is_in_git() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
    names = {Path(one).name.removesuffix(".gz") for one in listed.splitlines()}
    files = [file for one in registry.read_registry(ROOT) for file in one.files]
    assert not names & {Path(file.path).name for file in files if not file.embedded}


def test_names_and_hashes_can_be_asked_for() -> None:
    assert sum(name.startswith("pjm/") for name in data.names()) == 12
    assert data.digest("pjm/AEP").startswith("sha256:109d122f7b48")
    assert data.digest("moving-mnist") == "md5:be083ec986bfe91a449d63653c411eb2"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pmj", "no data set 'pmj'; did you mean pjm?"),
        ("pjm/aep", "no data set 'pjm/aep'; did you mean pjm/AEP?"),
        ("x", "no data set 'x'; there are icews_14x5.csv, pjm, moving-mnist, mnist"),
        ("pjm", "pjm has 12 files; name one of pjm/AEP, pjm/COMED, "),
    ],
)
def test_an_unknown_name_is_told_the_one_it_resembles(name: str, said: str) -> None:
    for ask in (data.path, data.found, data.digest):
        with pytest.raises(BookError) as caught:
            ask(name)
        assert line(caught.value).startswith(said)
    result = call("path", name)
    assert result.exit_code == 2 and said in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("what =", "waht =", "set.1.waht: unknown key; check the spelling or remove it"),
        ('license = "none"\n', "", "set.1.license: missing key; add it"),
        ("md5 =", "sha256 =", "set.1.file.2.sha256: String should match"),
        ("md5 =", "about = 3, md5 =", "set.1.file.2: load/SOUTH.csv needs one of bytes and about"),
        ('path = "load/S', 'path = "../S', "set.1.file.2.path: String should match"),
        ('path = "load/S', 'path = "/S', "set.1.file.2.path: String should match"),
        ('name = "SOUTH", ', "", "load: several files have a name each, a single one has none"),
        ('name = "SOUTH"', 'name = "NORTH"', "'load/NORTH' is listed 2 times"),
        ("load/SOUTH.csv", "load/NORTH.csv", "'load/NORTH.csv' is listed 2 times"),
        ('kaggle = "', 'url = "u"\nkaggle = "', "load: a url is the address of one file"),
        ("[[set]]", "[[set]", "Expected ']]'"),
    ],
)
def test_a_mistake_in_the_registry_is_one_line(book: Book, old: str, new: str, said: str) -> None:
    place = book.root / "data" / "registry.toml"
    place.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(BookError) as caught:
        registry.read_registry(book.root)
    assert line(caught.value).startswith("data/registry.toml: ") and said in str(caught.value)
    assert len(str(caught.value)) < 160


def test_a_registry_that_is_missing_is_one_line(book: Book) -> None:
    (book.root / "data" / "registry.toml").unlink()
    with pytest.raises(BookError, match=r"registry.toml is missing; to restore it: git checkout"):
        data.found("load/NORTH")


# --- where files lie --------------------------------------------------------------------------


def test_what_an_installed_book_lacks_comes_back_with_it(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unrolled.manifest.PACKED", book.root)
    (book.root / "data" / "five.csv").unlink()
    with pytest.raises(BookError, match=r"to restore it: install the book again$"):
        data.path("five.csv")


@pytest.mark.parametrize(
    ("content", "said"), [(b"changed", "SHA-256 is"), (None, "is missing; to restore it")]
)
def test_a_changed_or_missing_embedded_file_is_one_line(
    book: Book, content: bytes | None, said: str
) -> None:
    assert data.path("five.csv").read_bytes() == FIVE
    place = book.root / "data" / "five.csv"
    place.write_bytes(content) if content is not None else place.unlink()
    with pytest.raises(BookError, match=rf"^data/five.csv.*{said}.*: git checkout data/five.csv$"):
        data.path("five.csv")


def test_what_is_nowhere_is_none_or_the_command_that_fetches_it(book: Book, cache: Path) -> None:
    assert data.found("load/NORTH") is None and data.here() == {}
    with pytest.raises(BookError) as caught:
        data.path("load/NORTH")
    assert line(caught.value) == (
        "load/NORTH is not on this machine; `unrolled data fetch load/NORTH` fetches it "
        "(1.8 kB), or put it into UNROLLED_DATA as load/NORTH.csv"
    )
    assert not cache.exists()


@pytest.mark.parametrize("packed", [False, True])
def test_the_readers_own_folder_is_searched_and_never_written(
    own: Path, cache: Path, packed: bool
) -> None:
    put(own, packed=packed)
    put(own, "SOUTH", SOUTH, packed)
    before = state(own)
    for _ in range(2):
        assert data.path("load/NORTH").read_bytes() == NORTH
        assert data.found("load/SOUTH") == data.path("load/SOUTH")
    assert data.path("load/NORTH") == (cache if packed else own) / "load" / "NORTH.csv"
    assert state(own) == before
    assert set(data.here()) == {"load/NORTH", "load/SOUTH"}
    assert {one for one in state(cache) if one.endswith(".csv")} == (
        {"load/NORTH.csv", "load/SOUTH.csv"} if packed else set()
    )


def test_the_readers_own_folder_comes_before_the_cache(own: Path, cache: Path) -> None:
    put(cache)
    assert data.path("load/NORTH") == cache / "load" / "NORTH.csv"
    put(own)
    assert data.path("load/NORTH") == own / "load" / "NORTH.csv"


def test_it_may_be_named_from_where_one_stands(
    own: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(own)
    monkeypatch.setenv("UNROLLED_DATA", os.path.relpath(own, book.root))
    monkeypatch.setenv("UNROLLED_CACHE", "nearby")
    assert data.path("load/NORTH").is_absolute()
    assert call("path", "load/NORTH").exit_code == 0
    assert os.environ["UNROLLED_DATA"] == str(book.root / os.path.relpath(own, book.root))
    assert os.environ["UNROLLED_CACHE"] == str(book.root / "nearby")


def test_a_folder_that_is_not_there_is_one_line(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path / "none"))
    for ask in (data.path, data.found):
        with pytest.raises(BookError) as caught:
            ask("load/NORTH")
        assert line(caught.value) == (
            f"UNROLLED_DATA is {tmp_path / 'none'}, which is no folder; make it, or unset it"
        )


@pytest.mark.parametrize("packed", [False, True])
def test_a_wrong_file_in_it_is_one_line_and_not_passed_over(
    own: Path, cache: Path, packed: bool
) -> None:
    place = put(own, content=NORTH + b"one more", packed=packed)
    put(cache)
    before = state(cache)
    for ask in (data.path, data.found):
        with pytest.raises(BookError) as caught:
            ask("load/NORTH")
        assert line(caught.value).startswith(f"{place}: SHA-256 is ")
        assert str(caught.value).endswith("; replace it, or unset UNROLLED_DATA")
    assert state(cache) == before
    result = call("fetch", "load/NORTH")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda packed: packed[: len(packed) // 2],
        lambda packed: packed[:20] + bytes(8) + packed[28:],
        lambda packed: b"no gzip at all",
        lambda packed: b"",
    ],
)
def test_a_packed_file_that_is_damaged_is_one_line(
    own: Path, cache: Path, spoil: Callable[[bytes], bytes]
) -> None:
    place = put(own, packed=True)
    place.write_bytes(spoil(place.read_bytes()))
    with pytest.raises(BookError) as caught:
        data.path("load/NORTH")
    assert line(caught.value).startswith(f"{place}: ")
    assert not cache.exists()


def test_a_cache_that_may_not_be_written_does_no_harm_to_plain_files(
    own: Path, cache: Path, hashed: list[Path]
) -> None:
    cache.write_text("a file, not a folder")
    place = put(own)
    assert data.path("load/NORTH") == data.path("load/NORTH") == place
    assert hashed == [place, place]
    put(own, "SOUTH", SOUTH, packed=True)
    with pytest.raises(BookError, match=r"cannot write load/SOUTH there \(.*set UNROLLED_CACHE to"):
        data.path("load/SOUTH")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full disk at hand")
def test_a_disk_that_is_full_when_a_file_is_unpacked_leaves_no_half_file(
    own: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(own, packed=True)

    def temporary(dir: Path, prefix: str) -> tuple[int, str]:
        (dir / prefix).touch()
        return os.open("/dev/full", os.O_WRONLY), str(dir / prefix)

    monkeypatch.setattr(tempfile, "mkstemp", temporary)
    with pytest.raises(BookError, match=r"the disk is full, load/NORTH needs 1\.8 kB; make room"):
        data.path("load/NORTH")
    assert [one for one in state(cache) if not one.startswith(".verified")] == []


# --- whether they are the same as when they were verified -------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_what_was_verified_is_not_read_again_until_it_changes(
    own: Path, hashed: list[Path], packed: bool
) -> None:
    place = put(own, packed=packed)
    data.path("load/NORTH")
    first = len(hashed)
    data.path("load/NORTH")
    assert len(hashed) == first and place in hashed
    os.utime(place)
    data.path("load/NORTH")
    assert len(hashed) == first + 1
    assert call("verify", "load/NORTH").exit_code == 0
    assert len(hashed) > first + 1


def test_a_change_that_hides_behind_size_and_date_is_found(book: Book, cache: Path) -> None:
    place = put(cache)
    data.path("load/NORTH")
    before = place.stat()
    place.write_bytes(NORTH.replace(b"13478", b"13479"))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (place.stat().st_size, place.stat().st_mtime_ns) == (len(NORTH), before.st_mtime_ns)
    with pytest.raises(BookError, match="`unrolled data fetch load/NORTH` replaces it"):
        data.found("load/NORTH")


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=40))
def test_no_note_makes_a_wrong_file_right(book: Book, cache: Path, note: bytes) -> None:
    """Whatever stands in the notes, only one of this very state of this very file counts."""
    place = put(cache, content=NORTH)
    data.path("load/NORTH")
    put(cache, content=NORTH + b"!")
    for one in (cache / ".verified").iterdir():
        one.write_bytes(note)
    with pytest.raises(BookError):
        data.path("load/NORTH")
    place.unlink()


def test_a_new_edition_that_wants_other_bytes_does_not_take_the_old(
    book: Book, cache: Path
) -> None:
    put(cache)
    data.path("load/NORTH")
    wanted = hashlib.sha256(NORTH).hexdigest()
    edit(book.root / "data" / "registry.toml", wanted, "0" * 64)
    with pytest.raises(BookError, match=f"SHA-256 is {wanted[:12]}…, expected 000000000000…"):
        data.path("load/NORTH")


def test_a_file_of_any_size_is_unpacked_and_verified_in_pieces(own: Path) -> None:
    import tracemalloc

    big = NORTH * 4000  # 7 MB
    registry_file = Path("data/registry.toml")
    text = registry_file.read_text().replace(
        f"bytes = {len(NORTH)}, sha256", f"bytes = {len(big)}, sha256"
    )
    registry_file.write_text(
        text.replace(hashlib.sha256(NORTH).hexdigest(), hashlib.sha256(big).hexdigest())
    )
    put(own, content=big, packed=True)
    data.names()
    tracemalloc.start()
    data.path("load/NORTH")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


# --- commands ---------------------------------------------------------------------------------


def test_the_list_shows_what_is_here(own: Path) -> None:
    put(own)
    said = call("list").stdout
    assert "five.csv          10 bytes  comes with the book" in said
    assert "load                3.7 kB  1 of 2 files here" in said
    assert "files: load/NORTH, load/SOUTH" in said and "license: none" in said
    put(own, "SOUTH", SOUTH)
    assert "2 of 2 files here" in call("list").stdout


def test_verify_tells_of_every_file_and_ends_with_2_if_one_is_wrong(own: Path) -> None:
    put(own)
    result = call("verify")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "load/SOUTH  not here" in result.stdout and "five.csv  sha256:" in result.stdout
    wrong = put(own, "SOUTH", NORTH)
    result = call("verify")
    assert result.exit_code == 2 and "load/NORTH  sha256:" in result.stdout
    assert result.stderr.startswith(f"unrolled: {wrong}: MD5 is ")
    assert result.stderr.count("\n") == 1
    wrong.unlink()
    result = call("verify", "load")
    assert result.exit_code == 2 and "`unrolled data fetch load/SOUTH`" in result.stderr


def test_path_prints_the_path(own: Path) -> None:
    place = put(own)
    assert call("path", "load/NORTH").stdout == f"{place}\n"
    result = call("path", "load/SOUTH")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`unrolled data fetch load/SOUTH` fetches it" in result.stderr


def test_regions_are_parts_of_a_data_set(own: Path) -> None:
    put(own)
    put(own, "SOUTH", SOUTH)
    assert call("fetch", "load").stdout.count("\n") == 2
    one = call("fetch", "load", "--region", "SOUTH", "--region", "SOUTH")
    assert one.stdout == f"load/SOUTH  {own / 'load' / 'SOUTH.csv'}\n"
    result = call("fetch", "load", "--region", "XX")
    assert (
        result.exit_code == 2
        and "no data set 'load/XX'; there are load/NORTH, load/" in result.stderr
    )
    assert call("fetch", "five.csv").exit_code == 0
    assert call("fetch").exit_code == 2


@pytest.mark.parametrize("command", ["list", "fetch", "verify", "path"])
def test_every_command_explains_itself(command: str) -> None:
    said = call(command, "--help").stdout
    assert len(said.split()) > 20 and max(map(len, said.splitlines())) <= 80
    assert f"  {command}" in call("--help").stdout


# --- what depends on data ---------------------------------------------------------------------

EXPERIMENT = '''
# %% tags=["experiment"]
from unrolled import data, experiment


@experiment(seeds=[3], needs="load/NORTH")
def loads(seed):
    """Bytes of a region."""
    return {"bytes": len(data.path("load/NORTH").read_bytes()) + seed}


@experiment(seeds=[3], needs=("load/NORTH", "load/SOUTH"))
def both(seed):
    return {"row": 1.0}
'''


@pytest.fixture
def experiments(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Two experiments that need fetched data."""
    source = book.notebooks[0].source
    source.write_text(source.read_text() + EXPERIMENT)
    run_module._namespace.cache_clear()
    # Beside each other, but in this process: another would have to load the book first.
    monkeypatch.setattr(run_module, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1))
    return book


def run(book: Book) -> tuple[int, list[str]]:
    said: list[str] = []
    run_module._namespace.cache_clear()
    runs = measure(book.notebooks[0], lambda *_: None, jobs=1, said=said.append)
    return runs, said


def test_an_experiment_is_measured_where_its_data_is_and_kept_where_not(
    experiments: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = experiments.notebooks[0]
    monkeypatch.setenv("UNROLLED_DATA", str(tmp_path / "own"))
    put(tmp_path / "own")
    lacking = "experiment both needs load/SOUTH, not on this machine, and is not measured; "
    assert run(experiments) == (1, [f"{lacking}`unrolled data fetch load/SOUTH`"])
    assert measured("01")["loads"]["bytes"].values == (len(NORTH) + 3.0,)
    stored = json.loads(notebook.results.read_text())["experiments"]
    digest = f"sha256:{hashlib.sha256(NORTH).hexdigest()}"
    assert stored["loads"]["data"] == {"load/NORTH": digest} and "both" not in stored

    # Elsewhere: what is fresh needs nothing, what is stale stays, and `verify` says that it is.
    monkeypatch.delenv("UNROLLED_DATA")
    table = notebook.results.read_text()
    runs, [said] = run(experiments)
    assert runs == 0 and said.startswith("experiment both needs load/NORTH, load/SOUTH, not on")
    edit(notebook.source, "+ seed", "- seed")
    runs, said_now = run(experiments)
    assert runs == 0 and notebook.results.read_text() == table
    assert said_now[0] == (
        "experiment loads needs load/NORTH, not on this machine, and is not measured; "
        "`unrolled data fetch load/NORTH`"
    )
    problems = "\n".join(stale(notebook))
    assert "experiment loads has changed since its table was measured" in problems
    assert "experiment both has no stored table" in problems

    run_module._namespace.cache_clear()
    result = CliRunner().invoke(main, ["results", "01"])
    assert result.exit_code == 0 and result.stdout == (
        f"01  {said_now[0]}\n01  {said_now[1]}\n0 runs · data/results/01_twice.json\n"
    )


def test_a_table_of_other_data_is_stale(
    experiments: Book, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = experiments.notebooks[0]
    hashes = run_module.code_hashes(notebook)
    entry = {"scale": "default", "seeds": [3], "tolerance": 0.0, "rows": {}}
    entry |= {"machine": "", "versions": {}}
    kinds = {"loads": ("load/NORTH",), "both": [one.key for one in registry.files_of("load")]}
    tables = {
        title: entry | {"code": hashes[title], "data": {key: data.digest(key) for key in keys}}
        for title, keys in kinds.items()
    }
    notebook.results.parent.mkdir()
    notebook.results.write_text(json.dumps({"experiments": tables}))
    assert stale(notebook) == [] and run(experiments) == (0, [])
    digest = hashlib.sha256(NORTH).hexdigest()
    edit(experiments.root / "data" / "registry.toml", digest, "0" * 64)
    assert [line.split("; ")[0] for line in stale(notebook)] == [
        f"data/results/01_twice.json: experiment {name} was measured on other data than "
        "load/NORTH is now"
        for name in ("loads", "both")
    ]
    assert len(run(experiments)[1]) == 2
    edit(experiments.root / "data" / "registry.toml", "load/NORTH", "load/NORTH2")
    edit(experiments.root / "data" / "registry.toml", 'name = "NORTH"', 'name = "WEST"')
    with pytest.raises(BookError, match="no data set 'load/NORTH'"):
        run(experiments)
    assert len(stale(notebook)) == 2


def test_a_book_that_was_built_without_data_is_built_again_with_it(book: Book, own: Path) -> None:
    notebook = book.notebooks[0]
    before = cache_key(notebook, solve(notebook))
    assert cache_key(notebook, solve(notebook)) == before
    put(own)
    assert cache_key(notebook, solve(notebook)) != before


def test_outputs_that_have_to_reproduce_see_no_fetched_data(
    book: Book, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(own)
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        "unrolled.author.reference.write_reference", lambda *_: seen.append(data.here()) or []
    )
    assert set(data.here()) == {"load/NORTH"}
    assert CliRunner().invoke(main, ["reference"]).exit_code == 0
    assert seen == [{}]


def test_asking_for_data_opens_no_connection_and_loads_no_client() -> None:
    words = "import sys; from unrolled import data; data.found('pjm/AEP'); "
    words += "print({'requests', 'kagglehub', 'filelock', 'pooch', 'torch'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "set()\n"
