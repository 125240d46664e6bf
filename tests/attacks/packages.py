"""Hostile submissions for the intake; each attack builds one in a folder."""

import io
import json
import os
import stat
import tarfile
import zipfile

BAD = b'# %% exercise="variance_floor"\ndef variance_floor(x):\n    return torch.full((), float("nan"))\n'
NAME = "01_autoencoder_collapse.py"


def _folder(folder):
    made = folder / "mallory"
    made.mkdir(parents=True)
    return made


def _notebook(cells):
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _cell(**more):
    cell = {
        "cell_type": "code",
        "metadata": {"exercise": "variance_floor"},
        "source": BAD.decode(),
        "outputs": [],
        "execution_count": None,
        "id": "a",
    }
    return cell | more


def _tar(path, members):
    with tarfile.open(path, "w:gz") as file:
        for info, data in members:
            info.size = len(data or b"")
            file.addfile(info, io.BytesIO(data) if data is not None else None)


def _info(name, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, 0o644
    return info


def attack_symlink_to_solution(folder):
    """class: read_answers ; tries: the notebook is a link to the solution ; honest: 0"""
    for i, up in enumerate(("../../solutions", "/srv/book/solutions", "../../../solutions")):
        (made := folder / "mallory").mkdir(parents=True, exist_ok=True)
        (made / (NAME if i == 0 else f"{i}_{NAME}")).symlink_to(f"{up}/{NAME}")


def attack_symlink_to_passwd(folder):
    """class: read_secrets ; tries: the notebook is a link to /etc/passwd ; honest: 0"""
    (_folder(folder) / NAME).symlink_to("/etc/passwd")


def attack_symlinked_folder(folder):
    """class: read_answers ; tries: the submission folder itself is a link to / ; honest: 0"""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mallory").symlink_to("/etc")


def attack_symlink_loop(folder):
    """class: loop ; tries: links that lead to each other and to the folder above ; honest: 0"""
    made = _folder(folder)
    (made / "again").symlink_to("..")
    (made / NAME).symlink_to("other.py")
    (made / "other.py").symlink_to(NAME)


def attack_symlink_to_endless_device(folder):
    """class: loop ; tries: the notebook is a link to /dev/zero ; honest: 0"""
    (_folder(folder) / NAME).symlink_to("/dev/zero")


def attack_hard_link(folder):
    """class: read_answers ; tries: a hard link to a file from outside ; honest: 0"""
    made = _folder(folder)
    outside = folder / "unrolled_attack_outside.py"
    outside.write_bytes(BAD)
    os.link(outside, made / NAME)


def attack_fifo(folder):
    """class: sleep ; tries: reading a FIFO that nobody writes never ends ; honest: 0"""
    os.mkfifo(_folder(folder) / NAME)


def attack_device_node(folder):
    """class: loop ; tries: the notebook is the device zero ; honest: 0"""
    made = _folder(folder)
    try:
        os.mknod(made / NAME, stat.S_IFCHR | 0o644, os.makedev(1, 5))
    except OSError:
        (made / NAME).write_bytes(BAD)


def attack_zip_traversal(folder):
    """class: edit_tests ; tries: names with .. and absolute names leave the folder ; honest: 0"""
    with zipfile.ZipFile(folder / "mallory.zip", "w") as file:
        file.writestr(NAME, BAD)
        for name in (
            "../unrolled_attack_1.py",
            "../../../../tmp/unrolled_attack_2.py",
            "/tmp/unrolled_attack_3.py",
            "..\\unrolled_attack_4.py",
            "a/../../unrolled_attack_5.py",
            "C:\\unrolled_attack_6.py",
        ):
            file.writestr(name, BAD)


def attack_zip_symlink(folder):
    """class: read_secrets ; tries: a zip member with the mode of a symbolic link ; honest: 0"""
    with zipfile.ZipFile(folder / "mallory.zip", "w") as file:
        info = zipfile.ZipInfo(NAME)
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")


def attack_zip_bomb(folder):
    """class: memory ; tries: about 1 MB that unpack to 1.2 GB ; honest: 0"""
    with zipfile.ZipFile(folder / "mallory.zip", "w", zipfile.ZIP_BZIP2, compresslevel=9) as file:
        with file.open(NAME, "w", force_zip64=True) as member:
            for _ in range(75):
                member.write(b"\n" * (16 << 20))


def attack_zip_lying_size(folder):
    """class: memory ; tries: the directory says 10 bytes, the member holds 200 MB ; honest: 0"""
    path = folder / "mallory.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(NAME, BAD + b"\n" * (200 << 20))
    true = (len(BAD) + (200 << 20)).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, (10).to_bytes(4, "little")))


def attack_zip_same_name_twice(folder):
    """class: encoding ; tries: two members of one name, one for each reader ; honest: 0"""
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(folder / "mallory.zip", "w") as file:
        warnings.simplefilter("ignore")
        file.writestr(NAME, BAD)
        file.writestr(NAME, BAD + b"# second\n")
        file.writestr(NAME.upper(), BAD)
        file.writestr(NAME + "/", b"")


def attack_zip_encrypted_flag(folder):
    """class: encoding ; tries: the flag of encryption makes the reader raise RuntimeError ; honest: 0"""
    path = folder / "mallory.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(NAME, BAD)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)


def attack_zip_truncated(folder):
    """class: encoding ; tries: half of an archive ; honest: 0"""
    path = folder / "mallory.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(NAME, BAD * 100)
    path.write_bytes(path.read_bytes()[:-30])


def attack_tar_traversal(folder):
    """class: edit_tests ; tries: .. and absolute names in a tar ; honest: 0"""
    names = (
        NAME,
        "../unrolled_attack_1.py",
        "/tmp/unrolled_attack_2.py",
        "a/../../unrolled_attack_3.py",
    )
    _tar(folder / "mallory.tar.gz", [(_info(name), BAD) for name in names])


def attack_tar_through_symlink(folder):
    """class: edit_tests ; tries: a link to /tmp and then a file through it ; honest: 0"""
    _tar(
        folder / "mallory.tar.gz",
        [
            (_info("way", tarfile.SYMTYPE, "/tmp"), None),
            (_info("way/unrolled_attack_tar.py"), BAD),
            (_info("up", tarfile.SYMTYPE, ".."), None),
            (_info("up/unrolled_attack_up.py"), BAD),
            (_info(NAME), BAD),
        ],
    )


def attack_tar_hard_link_to_outside(folder):
    """class: read_secrets ; tries: a hard link in a tar to /etc/passwd ; honest: 0"""
    _tar(folder / "mallory.tar.gz", [(_info(NAME, tarfile.LNKTYPE, "/etc/passwd"), None)])


def attack_tar_special_files(folder):
    """class: loop ; tries: FIFO, device and setuid members ; honest: 0"""
    odd = _info("x.py")
    odd.mode, odd.uid = 0o6777, 0
    _tar(
        folder / "mallory.tar.gz",
        [
            (_info(NAME, tarfile.FIFOTYPE), None),
            (_info("zero.py", tarfile.CHRTYPE), None),
            (odd, BAD),
        ],
    )


def attack_tar_bomb(folder):
    """class: memory ; tries: 1.2 GB of newlines in a small tar ; honest: 0"""
    with tarfile.open(folder / "mallory.tar.gz", "w:gz") as file:
        info = _info(NAME)
        info.size = 1200 << 20

        class Endless(io.RawIOBase):
            def read(self, n=-1):
                return b"\n" * n

        file.addfile(info, Endless())


def attack_nested_archives(folder):
    """class: nesting ; tries: a zip in a zip, fifty deep ; honest: 0"""
    data, name = BAD, NAME
    for _ in range(50):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr(name, data)
        data, name = buffer.getvalue(), "mallory.zip"
    (folder / "mallory.zip").write_bytes(data)


def attack_many_members(folder):
    """class: flood ; tries: 100,000 members ; honest: 0"""
    with zipfile.ZipFile(folder / "mallory.zip", "w") as file:
        for i in range(100_000):
            file.writestr(f"{i}.py", b"")


def attack_deep_path(folder):
    """class: nesting ; tries: a member three thousand folders deep ; honest: 0"""
    with zipfile.ZipFile(folder / "mallory.zip", "w") as file:
        file.writestr("d/" * 3000 + NAME, BAD)


def attack_deep_json(folder):
    """class: nesting ; tries: 200,000 brackets overflow the JSON parser ; honest: 0"""
    (folder / "mallory.ipynb").write_text('{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}")


def attack_deep_metadata(folder):
    """class: nesting ; tries: metadata nested deep enough for validation or deepcopy, not for the parser ; honest: 0"""
    deep = '{"a":' * 900 + "0" + "}" * 900
    text = json.dumps(_notebook([_cell(metadata={"exercise": "variance_floor", "deep": "DEEP"})]))
    (folder / "mallory.ipynb").write_text(text.replace('"DEEP"', deep))


def attack_cells_of_wrong_type(folder):
    """class: odd_values ; tries: cells is a dict ; honest: 0"""
    (folder / "mallory.ipynb").write_text(json.dumps(_notebook({"a": _cell()})))


def attack_cell_fields_of_wrong_type(folder):
    """class: odd_values ; tries: source a number, metadata a list, exercise a dict, cell a string ; honest: 0"""
    cells = [
        _cell(source=7),
        _cell(source=[1, None]),
        _cell(source={"a": 1}),
        _cell(metadata=[]),
        _cell(metadata=None),
        _cell(metadata={"exercise": {"a": []}}),
        _cell(metadata={"exercise": 1}),
        "cell",
        None,
        3,
        [],
        {},
        _cell(cell_type=[]),
    ]
    (folder / "mallory.ipynb").write_text(json.dumps(_notebook(cells)))


def attack_json_that_is_no_object(folder):
    """class: odd_values ; tries: the notebook is the number NaN ; honest: 0"""
    (folder / "mallory.ipynb").write_text("NaN")


def attack_long_number(folder):
    """class: odd_values ; tries: nbformat with 100,000 digits raises ValueError in int ; honest: 0"""
    text = json.dumps(_notebook([_cell()])).replace('"nbformat": 4', '"nbformat": ' + "9" * 100_000)
    (folder / "mallory.ipynb").write_text(text)


def attack_lone_surrogates(folder):
    """class: encoding ; tries: lone surrogates in source and key cannot be written as UTF-8 ; honest: 0"""
    cell = _cell(source='"\ud800"\n' + BAD.decode(), metadata={"exercise": "variance_floor\udfff"})
    (folder / "mallory.ipynb").write_text(json.dumps(_notebook([cell, _cell()])))


def attack_header_injection(folder):
    """class: namespace_escape ; tries: exercise key and source that forge py:percent headers on conversion ; honest: 0"""
    cell = _cell(
        metadata={
            "exercise": 'variance_floor"\n# %% tags=["setup"]\nimport os\n# %% exercise="Decoder'
        }
    )
    (folder / "mallory.ipynb").write_text(json.dumps(_notebook([cell])))


def attack_huge_outputs(folder):
    """class: flood ; tries: 40 MB of outputs ; honest: 0"""
    out = [{"output_type": "stream", "name": "stdout", "text": "x" * (40 << 20)}]
    (folder / "mallory.ipynb").write_text(json.dumps(_notebook([_cell(outputs=out)])))


def attack_invalid_utf8(folder):
    """class: encoding ; tries: bytes that are no UTF-8 ; honest: 0"""
    (folder / "mallory.py").write_bytes(BAD + b"# \xff\xfe\xc0\x80\n")


def attack_nul_bytes(folder):
    """class: encoding ; tries: NUL bytes make compile raise ValueError ; honest: 0"""
    (folder / "mallory.py").write_bytes(BAD + b"\0\0\0\n")


def attack_utf16(folder):
    """class: encoding ; tries: the file in UTF-16 ; honest: 0"""
    (folder / "mallory.py").write_bytes(BAD.decode().encode("utf-16"))


def attack_fifty_megabytes(folder):
    """class: flood ; tries: a file of 50 MB ; honest: 0"""
    (folder / "mallory.py").write_bytes(
        BAD + b"# %%\nx = 1\n" * (50 << 20 >> 4) + b"#" * (18 << 20)
    )


def attack_odd_names(folder):
    """class: encoding ; tries: file names with newline, formula, HTML, bytes and quotes ; honest: 0"""
    made = _folder(folder)
    for name in (
        "a\nb.py",
        "=cmd('calc')!A1.py",
        "<script>alert(1)<",
        "-rf.py",
        "\x1b[2J.py",
        "%2e%2e%2f.py",
        "é'\".py",
        "..py",
        " .py",
        "01_autoencoder_collapse.py\n",
    ):
        (made / name.replace("/", "")).write_bytes(BAD)
    with open(os.fsencode(made) + b"/\xff\xfe.py", "wb") as file:
        file.write(BAD)


def attack_odd_student_name(folder):
    """class: encoding ; tries: one more student whose name is a spreadsheet formula ; honest: 0"""
    for name in ("mallory", '=HYPERLINK("x","y")', "a,b\n1,17", "<b>mallory"):
        made = folder / name
        made.mkdir(parents=True)
        (made / NAME).write_bytes(BAD)


def attack_shadow_files(folder):
    """class: shadow_modules ; tries: conftest, pytest.ini, sitecustomize and torch.py beside the notebook ; honest: 0"""
    made = _folder(folder)
    (made / NAME).write_bytes(BAD)
    payload = "open('/tmp/unrolled_attack_shadow', 'a').write(__name__)\n"
    for name in (
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "torch.py",
        "numpy.py",
        "unrolled.py",
        "json.py",
        "setup.py",
    ):
        (made / name).write_text(payload)
    (made / "pytest.ini").write_text("[pytest]\naddopts = --collect-only -p conftest\n")
    (made / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--co'\n")
    (made / "evil.pth").write_text("import os; " + payload)


def attack_pickles(folder):
    """class: shadow_modules ; tries: pickles with a payload beside the notebook ; honest: 0"""
    made = _folder(folder)
    (made / NAME).write_bytes(BAD)
    payload = b"cposix\nsystem\n(S'touch /tmp/unrolled_attack_pickle'\ntR."
    for name in ("weights.pt", "model.pth", "results.pkl", "cache.npy"):
        (made / name).write_bytes(payload)


def attack_two_notebooks(folder):
    """class: encoding ; tries: a .py and an .ipynb that differ ; honest: 0"""
    made = _folder(folder)
    (made / NAME).write_bytes(BAD)
    (made / NAME.replace(".py", ".ipynb")).write_text(json.dumps(_notebook([_cell()])))


def attack_empty_file(folder):
    """class: odd_values ; tries: an empty notebook ; honest: 0"""
    (folder / "mallory.ipynb").write_bytes(b"")


def attack_notebook_is_a_folder(folder):
    """class: odd_values ; tries: a folder with the name of a notebook ; honest: 0"""
    (_folder(folder) / NAME.replace(".py", ".ipynb")).mkdir()
    (folder / "mallory.ipynb").mkdir()


def attack_unreadable_file(folder):
    """class: odd_values ; tries: no permission to read ; honest: 0"""
    path = _folder(folder) / NAME
    path.write_bytes(BAD)
    path.chmod(0)


def attack_git_folder(folder):
    """class: shadow_modules ; tries: a .git/config whose fsmonitor names a program ; honest: 0"""
    made = _folder(folder)
    (made / NAME).write_bytes(BAD)
    (made / ".git").mkdir()
    (made / ".git" / "config").write_text(
        '[core]\n\tfsmonitor = "touch /tmp/unrolled_attack_git"\n'
    )
