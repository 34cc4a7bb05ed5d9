"""``why`` and ``tree``: the chains and trees of a lock, over both worlds, to the letter."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project, environment_yml


@pytest.fixture
def both(make_project: MakeProject) -> Project:
    """Locked for two platforms; libhello is for one of them."""
    project = make_project(platforms=("linux-64", "osx-arm64"))
    text = environment_yml("python", "greeter >=1.2", "libhello  # [linux64]", pip=("cowtalk[loud]",))
    project.write("environment.yml", text)
    project.succeed("lock")
    return project


def _without_evidence(project: Project) -> None:
    text, count = re.subn(r"  custom_metadata:\n(?:    .*\n)+", "", project.lockfile.read_text())
    assert count == 1
    project.lockfile.write_text(text)


# ------------------------------------------------------------------------------------------------------ why


def test_why_tells_the_chain_with_file_and_line(both: Project) -> None:
    outcome = both.succeed("why", "conda-lock.yml", "moo-words")
    assert outcome.stdout == (
        "moo-words 1.1 (pypi), locked for linux-64, osx-arm64\n"
        "  environment.yml:8 asks for cowtalk[loud]\n"
        "    cowtalk 1.0 (pypi) needs moo-words>=1\n"
    )
    assert outcome.stderr == ""


def test_the_lock_need_not_be_named(both: Project) -> None:
    assert both.succeed("why", "moo-words") == both.succeed("why", "conda-lock.yml", "moo-words")


def test_a_shortest_chain_for_each_request_the_shortest_first(both: Project) -> None:
    version = re.search(r"- name: python\n  version: \"?'?([0-9.]+)", both.lockfile.read_text())
    assert version is not None
    assert both.succeed("why", "python", "-p", "osx-arm64").stdout == (
        f"python {version[1]}, locked for osx-arm64\n"
        "  environment.yml:4 asks for python\n"
        "  environment.yml:5 asks for greeter >=1.2\n"
        "    greeter 1.2.0 needs python >=3.11\n"
    )


@pytest.mark.parametrize("name", ["greetings-data", "greetings_data", "Greetings.Data"])
def test_a_name_of_either_world_in_any_spelling(name: str, both: Project) -> None:
    assert both.succeed("why", name).stdout == (
        "greetings-data 2.0, locked for linux-64, osx-arm64\n"
        "  environment.yml:5 asks for greeter >=1.2\n"
        "    greeter 1.2.0 needs greetings-data >=2.0\n"
    )


def test_a_platform_without_it_is_said(both: Project) -> None:
    outcome = both.succeed("why", "libhello")
    assert outcome.stdout.splitlines()[1:] == ["  environment.yml:6 asks for libhello"]
    assert outcome.stderr == "it is not locked for osx-arm64\n"


def test_an_unknown_name_has_the_nearest(both: Project) -> None:
    assert both.fail("why", "greetr") == (
        "error: greetr is not locked for linux-64, osx-arm64\nhint: did you mean greeter?\n"
    )
    assert both.fail("why", "zzzz", "-p", "linux-64") == (
        "error: zzzz is not locked for linux-64\nhint: `samebox tree` shows all that is locked\n"
    )


def test_all_tells_every_chain(project: Project) -> None:
    project.write("environment.yml", environment_yml("greeter", "greetings-data", "python"))
    project.succeed("lock")
    shortest = project.succeed("why", "greetings-data").stdout
    assert project.succeed("why", "greetings-data", "--all").stdout == shortest
    assert shortest == (
        "greetings-data 2.0, locked for linux-64\n"
        "  environment.yml:5 asks for greetings-data\n"
        "  environment.yml:4 asks for greeter\n"
        "    greeter 1.2.0 needs greetings-data >=2.0\n"
    )


def test_why_json(both: Project) -> None:
    body = both.succeed("why", "moo-words", "-p", "linux-64", "--json").json
    assert body == {
        "name": "moo-words",
        "platforms": {
            "linux-64": [
                {
                    "kind": "pypi",
                    "name": "moo-words",
                    "version": "1.1",
                    "complete": True,
                    "chains": [
                        {
                            "request": {
                                "kind": "pypi",
                                "requirement": "cowtalk[loud]",
                                "marker": None,
                                "group": "main",
                                "origin": "environment.yml:8",
                                "via": None,
                            },
                            "steps": [
                                {"kind": "pypi", "name": "cowtalk", "version": "1.0", "needs": ">=1"},
                                {"kind": "pypi", "name": "moo-words", "version": "1.1", "needs": ""},
                            ],
                        }
                    ],
                }
            ]
        },
    }


def test_without_evidence_a_chain_begins_where_nothing_needs_it(both: Project) -> None:
    _without_evidence(both)
    assert both.succeed("why", "moo-words", "-p", "linux-64").stdout == (
        "moo-words 1.1 (pypi), locked for linux-64\n"
        "    cowtalk 1.0 (pypi) needs moo-words>=1\n"
        "  the lock does not keep what was asked for: a chain begins where nothing else needs a package\n"
    )


# ----------------------------------------------------------------------------------------------------- tree


def _tree(project: Project, *arguments: str, encoding: str = "utf-8") -> str:
    text = project.succeed("tree", *arguments, environ={"PYTHONIOENCODING": encoding}).stdout
    return re.sub(r"python 3\.[0-9.]+", "python 3", text)


def test_tree_from_the_requests_down(both: Project) -> None:
    assert _tree(both, "-p", "linux-64") == (
        "linux-64\n"
        "greeter 1.2.0  [environment.yml:5: greeter >=1.2]\n"
        "├── greetings-data 2.0\n"
        "└── python 3\n"
        "libhello 1.1  [environment.yml:6]\n"
        "python 3  [environment.yml:4]\n"
        "cowtalk 1.0 (pypi)  [environment.yml:8: cowtalk[loud]]\n"
        "├── moo-words 1.1 (pypi)\n"
        "└── shout 0.6 (pypi)\n"
    )


def test_platforms_that_are_alike_are_told_once(make_project: MakeProject) -> None:
    project = make_project(platforms=("linux-64", "osx-arm64"))
    project.write("environment.yml", environment_yml("greetings-data"))
    project.succeed("lock")
    assert _tree(project) == "linux-64, osx-arm64\ngreetings-data 2.0  [environment.yml:4]\n"


def test_ascii_where_stdout_has_no_other_characters(both: Project) -> None:
    assert _tree(both, "-p", "osx-arm64", encoding="ascii") == (
        "osx-arm64\n"
        "greeter 1.2.0  [environment.yml:5: greeter >=1.2]\n"
        "|-- greetings-data 2.0\n"
        "`-- python 3\n"
        "python 3  [environment.yml:4]\n"
        "cowtalk 1.0 (pypi)  [environment.yml:8: cowtalk[loud]]\n"
        "|-- moo-words 1.1 (pypi)\n"
        "`-- shout 0.6 (pypi)\n"
    )


def test_what_was_shown_is_marked_and_not_shown_again(project: Project) -> None:
    project.write("requirements.in", "cowtalk\npolite-cow\n")
    project.succeed("lock")
    assert _tree(project) == (
        "linux-64\n"
        "cowtalk 1.0 (pypi)  [requirements.in:1]\n"
        "└── moo-words 1.1 (pypi)\n"
        "polite-cow 1.0 (pypi)  [requirements.in:2]\n"
        "├── cowtalk 1.0 (pypi) (*)\n"
        "└── greeter 1.2.0 (pypi)\n"
        "(*) what is below has been shown above\n"
    )


def test_inverted_from_a_package_up_to_the_requests(both: Project) -> None:
    assert _tree(both, "--invert", "python", "-p", "linux-64") == (
        "linux-64\npython 3  [environment.yml:4]\n└── greeter 1.2.0  [environment.yml:5: greeter >=1.2]\n"
    )


def test_depth_cuts_and_marks(both: Project) -> None:
    assert _tree(both, "-p", "osx-arm64", "--depth", "0") == (
        "osx-arm64\n"
        "greeter 1.2.0  [environment.yml:5: greeter >=1.2] …\n"
        "python 3  [environment.yml:4]\n"
        "cowtalk 1.0 (pypi)  [environment.yml:8: cowtalk[loud]] …\n"
    )


def test_tree_json(both: Project) -> None:
    rows = both.succeed("tree", "-p", "osx-arm64", "--invert", "shout", "--json").json["platforms"]["osx-arm64"]
    assert [(row["depth"], row["kind"], row["name"], row["version"], row["constraint"]) for row in rows] == [
        (0, "pypi", "shout", "0.6", ""),
        (1, "pypi", "cowtalk", "1.0", rows[1]["constraint"]),
    ]
    assert [request["origin"] for request in rows[1]["requests"]] == ["environment.yml:8"]
    assert [row["cut"] for row in rows] == [False, False]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tree", "-p", "win-64"), "the lock has no platform win-64\nhint: it has: linux-64, osx-arm64"),
        (
            ("tree", "--invert", "greetr"),
            "greetr is not locked for linux-64, osx-arm64\nhint: did you mean greeter?",
        ),
        (
            ("tree", "--depth", "two"),
            (
                "samebox tree: argument --depth: not a number of levels: 'two'\n"
                "hint: `samebox tree --help` lists what it takes"
            ),
        ),
        (
            ("why",),
            ("samebox why: the following arguments are required: NAME\nhint: `samebox why --help` lists what it takes"),
        ),
    ],
    ids=["no such platform", "no such package", "no depth", "no name"],
)
def test_wrong_usage(arguments: tuple[str, ...], told: str, both: Project) -> None:
    assert both.fail(*arguments) == f"error: {told}\n"
