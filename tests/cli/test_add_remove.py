"""``add`` and ``remove`` edit the manifest and lock again, or leave both as they were."""

from __future__ import annotations

import re

import pytest

from tests.cli.project import INDEX, Project, environment_yml

_MANIFEST = """\
# what we use
channels:
- https://conda.example.org/samebox-fixtures
dependencies:
- python  # the interpreter
- greeter >=1.2
- pip:
  - cowtalk[loud]  # to talk
"""


@pytest.fixture
def edited(project: Project) -> Project:
    project.write("environment.yml", _MANIFEST)
    project.succeed("lock")
    return project


def _manifest(project: Project) -> str:
    return (project.folder / "environment.yml").read_text()


def _locked(project: Project) -> dict[str, str]:
    text = project.lockfile.read_text()
    return dict(re.findall(r"- name: (\S+)\n  version: ['\"]?([^'\"\n]+)", text))


# ----------------------------------------------------------------------------------------------------- add


def test_add_a_conda_spec(edited: Project) -> None:
    before = _locked(edited)
    outcome = edited.succeed("add", "libhello >=1")
    assert _manifest(edited) == _MANIFEST.replace("- greeter >=1.2\n", "- greeter >=1.2\n- libhello >=1\n")
    assert _locked(edited) == {**before, "libhello": "1.1"}
    assert outcome.stdout == edited.succeed("digest").stdout
    assert outcome.told == ("environment.yml: libhello >=1 added\nconda-lock.yml written\n  linux-64: 7 packages\n")
    assert edited.succeed("check").stdout == "fresh\n"


def test_add_requirements(edited: Project) -> None:
    edited.succeed("add", "--pip", "winter-coat", "polite-cow")
    assert _manifest(edited) == _MANIFEST + "  - polite-cow\n  - winter-coat\n"  # sorted, as it was
    assert {"winter-coat", "polite-cow"} < _locked(edited).keys()
    assert edited.succeed("check").stdout == "fresh\n"


def test_add_makes_the_pip_section(project: Project) -> None:
    project.write("environment.yml", environment_yml("python"))
    project.succeed("add", "--pip", "shout")
    assert _manifest(project) == environment_yml("python", pip=("shout",))
    assert _locked(project)["shout"] == "0.6"


def test_what_is_there_already_changes_nothing(edited: Project) -> None:
    before = edited.lock_bytes()
    outcome = edited.succeed("add", "greeter >=1.2")
    assert outcome.told.startswith("environment.yml: greeter >=1.2 is there already\nconda-lock.yml is up to date\n")
    assert (_manifest(edited), edited.lock_bytes()) == (_MANIFEST, before)


def test_what_is_locked_stays_where_it_will_do(project: Project) -> None:
    project.write("environment.yml", environment_yml("python", "greeter <1.2"))
    project.succeed("lock")
    project.succeed("add", "greeter", "libhello")
    assert _manifest(project) == environment_yml("python", "greeter", "libhello")
    assert (_locked(project)["greeter"], _locked(project)["libhello"]) == ("1.0.0", "1.1")


def test_no_lock_edits_only(edited: Project) -> None:
    before = edited.lock_bytes()
    outcome = edited.succeed("add", "libhello", "--no-lock")
    assert (outcome.stdout, outcome.stderr) == ("", "environment.yml: libhello added\n")
    assert "- libhello\n" in _manifest(edited)
    assert edited.lock_bytes() == before


def test_where_nothing_fits_both_files_stay(edited: Project) -> None:
    told = edited.fail("add", "greetings-data <2")
    assert _manifest(edited) == _MANIFEST
    assert told.splitlines() == [
        "error: no solution for linux-64:",
        "  environment.yml:6 asks for greeter >=1.2",
        "  environment.yml:7 asks for greetings-data <2",
        "  conda's greeter 1.2.0 needs greetings-data >=2.0",
        "environment.yml: left as before the edit, whose lines are told above",
        "hint: greeter 1.0.0 would fit in place of greeter >=1.2, or greetings-data 2.0 in place of greetings-data <2",
    ]


def test_an_unreadable_place_for_the_lock_leaves_the_manifest(edited: Project) -> None:
    (edited.folder / "conda-lock.yml").unlink()
    (edited.folder / "conda-lock.yml").mkdir()
    outcome = edited.run("add", "libhello")
    assert outcome.code == 2
    assert _manifest(edited) == _MANIFEST


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "numpy ==="), "error: <option>: not a conda spec: 'numpy ===': "),
        (("add", "--pip", "a b"), "error: <option>: not one requirement: 'a b'\n"),
        (("add", "x", "-g", "dev"), "error: environment.yml: everything in it is in the group main\n"),
        (("add", "x", "-f", "a.yml", "-f", "b.yml"), "error: more than one file to edit\n"),
        (("remove", "greetr"), "error: greetr is not asked for in environment.yml\nhint: did you mean greeter?\n"),
        (("remove", "moo-words"), "error: moo-words is not asked for in environment.yml\nhint: `samebox why"),
    ],
    ids=["no spec", "no requirement", "no group", "two files", "unknown", "only needed"],
)  # fmt: skip
def test_what_is_refused_leaves_all_as_it_was(arguments: tuple[str, ...], told: str, edited: Project) -> None:
    assert edited.fail(*arguments).startswith(told)
    assert _manifest(edited) == _MANIFEST


def test_json(edited: Project) -> None:
    body = edited.succeed("add", "libhello", "--json").json
    assert (body["written"], body["platforms"]) == (True, {"linux-64": 7})


def test_a_byte_order_mark_and_the_line_ends_stay(project: Project) -> None:
    path = project.folder / "environment.yml"
    path.write_bytes(b"\xef\xbb\xbf" + environment_yml("python").replace("\n", "\r\n").encode())
    project.succeed("add", "greeter")
    expected = environment_yml("python", "greeter").replace("\n", "\r\n").encode()
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected


# -------------------------------------------------------------------------------------------------- remove


def test_remove_takes_it_from_the_manifest_and_the_lock(edited: Project) -> None:
    outcome = edited.succeed("remove", "cowtalk", "greeter")
    assert _manifest(edited) == _MANIFEST.replace("- greeter >=1.2\n", "").partition("- pip:")[0]
    assert _locked(edited).keys() == {"python"}
    assert outcome.told.startswith("environment.yml: cowtalk removed\nenvironment.yml: greeter removed\n")


def test_add_then_remove_gives_the_same_bytes(edited: Project) -> None:
    before = edited.lock_bytes()
    edited.succeed("add", "libhello")
    edited.succeed("remove", "libhello")
    assert (_manifest(edited), edited.lock_bytes()) == (_MANIFEST, before)


# ------------------------------------------------------------------------------------------- other manifests


def test_add_to_a_pyproject(project: Project) -> None:
    text = '[project]\nname = "x"\ndependencies = [\n    "cowtalk",  # to talk\n]\n'
    project.write("pyproject.toml", text)
    project.succeed("add", "--pip", "shout>=0.5")
    added = text.replace("to talk\n", 'to talk\n    "shout>=0.5",\n')
    assert (project.folder / "pyproject.toml").read_text() == added
    assert _locked(project).keys() == {"cowtalk", "moo-words", "shout"}
    project.succeed("add", "--pip", "winter-coat", "--group", "dev")
    assert (project.folder / "pyproject.toml").read_text() == (added + '\n[dependency-groups]\ndev = ["winter-coat"]\n')
    assert "winter-coat" in _locked(project)
    project.succeed("remove", "cowtalk", "shout", "winter-coat")
    assert project.lockfile.read_text().endswith("package: []\n")


def test_a_conda_spec_in_a_pyproject(project: Project) -> None:
    channel = "https://conda.example.org/samebox-fixtures"
    text = f'[project]\nname = "x"\n\n[tool.samebox.conda]\nchannels = ["{channel}"]  # ours\n'
    project.write("pyproject.toml", text)
    project.succeed("add", "libhello")
    assert (project.folder / "pyproject.toml").read_text() == text + 'dependencies = ["libhello"]\n'
    assert _locked(project) == {"libhello": "1.1"}


def test_add_to_requirements(project: Project) -> None:
    project.write("requirements.in", f"--index-url {INDEX}\ncowtalk  # to talk\n")
    told = project.fail("add", "libhello")
    assert told == (
        "error: requirements.in: a requirements file has no place for a conda package (libhello)\n"
        "hint: --pip adds a Python requirement; conda packages go into an environment.yml\n"
    )
    project.succeed("add", "--pip", "shout")
    assert (project.folder / "requirements.in").read_text() == f"--index-url {INDEX}\ncowtalk  # to talk\nshout\n"
    assert "shout" in _locked(project)


def test_f_chooses_among_the_manifests_of_the_environment(project: Project) -> None:
    project.write("samebox.toml", 'sources = ["environment.yml", "more.in"]\n' + project.settings)
    project.write("environment.yml", environment_yml("python"))
    project.write("more.in", "shout\n")
    project.succeed("add", "--pip", "winter-coat", "-f", "more.in")
    assert (project.folder / "more.in").read_text() == "shout\nwinter-coat\n"
    assert _manifest(project) == environment_yml("python")
    assert _locked(project).keys() == {"python", "shout", "winter-coat"}
    project.succeed("remove", "shout")
    assert (project.folder / "more.in").read_text() == "winter-coat\n"


def test_f_of_another_file_is_an_environment_by_itself(edited: Project) -> None:
    edited.write("other.yml", environment_yml("libhello"))
    edited.succeed("add", "greetings-data", "-f", "other.yml", "--lockfile", "other.conda-lock.yml")
    assert (edited.folder / "other.yml").read_text() == environment_yml("libhello", "greetings-data")
    assert _manifest(edited) == _MANIFEST
    assert "- name: python" not in (edited.folder / "other.conda-lock.yml").read_text()
