"""The workflows and the citation file agree with their schemas, and with the project."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def validate(schema: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """check-jsonschema with a schema that it carries: no network."""
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *map(str, files)],
        capture_output=True,
        text=True,
    )


def test_every_workflow_obeys_the_schema():
    assert {path.stem for path in WORKFLOWS} == {"ci", "pages", "gpu", "links", "release"}
    result = validate("vendor.github-workflows", *WORKFLOWS)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_schema_notices_a_misspelled_key(tmp_path):
    broken = tmp_path / "ci.yml"
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    broken.write_text(text.replace("runs-on", "run-on", 1), encoding="utf-8")
    assert validate("vendor.github-workflows", broken).returncode == 1


def test_the_citation_file_obeys_its_schema_and_names_this_version():
    path = ROOT / "CITATION.cff"
    result = validate("vendor.citation-file-format", path)
    assert result.returncode == 0, result.stdout + result.stderr
    from unrolled import __version__

    assert str(yaml.safe_load(path.read_text(encoding="utf-8"))["version"]) == __version__


def test_the_package_says_of_itself_what_the_book_and_its_citation_say():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    output = tomllib.loads((ROOT / "book.toml").read_text(encoding="utf-8"))["output"]["html"]
    places = {"Homepage": output["site-url"], "Repository": output["git-repository-url"]}
    assert project["urls"] == places
    assert project["keywords"] == cited["keywords"]
    assert project["license"].split(" AND ") == cited["license"]


def test_the_changelog_begins_with_this_version_and_its_day():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## (?!Unreleased)(.+)$", text, re.MULTILINE)
    assert first and first[1] == f"{cited['version']} - {cited['date-released']}"


def _release() -> list[str]:
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    return [step.get("run", "") for step in flow["jobs"]["build"]["steps"]]


def test_what_a_tag_releases_is_of_its_version_and_tested_before():
    steps = _release()
    [version] = [n for n, step in enumerate(steps) if "unrolled.__version__" in step]
    [attached] = [n for n, step in enumerate(steps) if "gh release" in step]
    assert version < steps.index("make test") < steps.index("make dist") < attached
    assert " dist/* " in steps[attached]


@pytest.mark.skipif(os.name == "nt", reason="a step of a job on Linux")
@pytest.mark.parametrize(
    ("tag", "notes"),
    [("v1.0.0", "\n### Added\n\n- One.\n\n"), ("v0.9.1", "\n- Less.\n"), ("v0.9", None)],
)
def test_the_notes_of_a_release_are_its_own_entry_of_the_changelog(tmp_path, tag, notes):
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\nIn a form.\n\n## Unreleased\n\n- Not yet.\n\n## 1.0.0 - 2026-11-21\n\n"
        "### Added\n\n- One.\n\n## 0.9.1 - 2026-10-01\n\n- Less.\n"
    )
    steps = _release()
    [step] = [step for step in steps if "CHANGELOG.md" in step]
    environment = os.environ | {"GITHUB_REF_NAME": tag}
    done = subprocess.run(["bash", "-e", "-c", step], cwd=tmp_path, env=environment)
    assert (done.returncode == 0) == (notes is not None)
    if notes is not None:
        assert (tmp_path / "notes.md").read_text() == notes
        assert "--notes-file notes.md" in steps[-1]


def test_ci_covers_three_systems_and_every_python_of_the_project():
    ci = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    matrix = ci["jobs"]["test"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    from packaging.specifiers import SpecifierSet

    supported = SpecifierSet(project["requires-python"])
    assert matrix["python"] == [f"3.{n}" for n in range(30) if f"3.{n}.5" in supported]


def test_wherever_the_jail_is_installed_it_may_start():
    steps = [
        step.get("run", "")
        for path in WORKFLOWS
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        for step in job["steps"]
    ]
    installing = [step for step in steps if "install -y bubblewrap" in step]
    assert installing
    for step in installing:
        assert "kernel.apparmor_restrict_unprivileged_userns=0" in step


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no executable bit")
def test_what_ci_runs_is_make_test():
    run = ROOT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    assert run.read_text(encoding="utf-8").splitlines()[-1] == "exec make test"


def test_every_step_has_a_time_limit_and_every_job_its_rights():
    for path in WORKFLOWS:
        flow = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert "permissions" in flow, path.name
        for name, job in flow["jobs"].items():
            assert job["timeout-minutes"] <= 45, f"{path.name}: {name}"


@pytest.mark.skipif(os.name == "nt", reason="Windows writes a link as a file that names it")
def test_binder_has_the_books_environment_and_a_copy_of_the_chapters():
    binder = ROOT / ".binder"
    assert (binder / "environment.yml").read_bytes() == (ROOT / "environment.yml").read_bytes()
    assert os.access(binder / "postBuild", os.X_OK)
    lines = (binder / "postBuild").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "#!/bin/sh" and "set -eu" in lines
    assert "unrolled start" in lines


def test_the_stubs_go_to_the_branch_that_colab_reads():
    from unrolled.manifest import read_book
    from unrolled.site.downloads import addresses

    book = read_book()
    for notebook in book.notebooks:
        branch = addresses(book, notebook)["Colab"].split("/")[-2]
        text = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
        assert f"--initial-branch={branch}" in text and "build/html/downloads" in text


def test_pages_are_looked_at_in_a_browser_before_they_are_published():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text("utf-8"))
    book = flow["jobs"]["book"]
    steps = [step.get("run", "") + step.get("uses", "") for step in book["steps"]]
    [look] = [n for n, step in enumerate(steps) if "unrolled inspect" in step]
    [publish] = [n for n, step in enumerate(steps) if "upload-pages-artifact" in step]
    assert steps.index("make book") < look < publish
    # The first page links to the PDF only when it is built after that.
    [pdf] = [n for n, step in enumerate(steps) if step.endswith("unrolled pdf")]
    assert look < pdf < steps.index(".venv/bin/unrolled build") < publish
    # Its rights take the place of the workflow's: nothing in it may ask for the site's settings.
    assert book["permissions"] == {"contents": "write"}
    assert not any("actions/configure-pages" in step for step in steps)


def test_the_links_that_are_asked_for_online_are_those_of_the_pages():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "links.yml").read_text("utf-8"))
    steps = [step.get("run", "") for step in flow["jobs"]["online"]["steps"]]
    [check] = [step for step in steps if "-b linkcheck" in step]
    assert "make book" in steps and "build/pages" in check
