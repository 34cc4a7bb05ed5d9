"""What a command does not need it does not load: starting up is what a hook waits for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.conftest import MakeProject
from tests.cli.project import Project
from tests.cli.test_bad_index import from_folder
from tests.loopback import Loopback

_PROGRAM = """
import sys
from resolver.cli.main import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(code, *sys.modules, file=sys.stderr)
"""

_HEAVY = ("rattler", "resolvelib", "ssl", "rich")


def _loaded(project: Project, arguments: Iterable[str], *, whole_names: bool = False) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments],
        cwd=project.folder,
        env=project.environ(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, *modules = ended.stderr.splitlines()[-1].split()
    assert code == "0", ended
    return set(modules) if whole_names else {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (("--help",), (*_HEAVY, "yaml", "msgspec", "packaging", "urllib3")),
        (("--version",), (*_HEAVY, "yaml", "msgspec", "urllib3")),
        (("lock", "--help"), (*_HEAVY, "urllib3", "yaml")),
        (("check", "--help"), (*_HEAVY, "urllib3")),
        (("install", "--help"), (*_HEAVY, "urllib3")),
        (("export", "--help"), (*_HEAVY, "urllib3")),
        (("check",), ("resolvelib", "ssl", "urllib3", "http", "rich")),
        (("digest",), (*_HEAVY, "urllib3", "yaml")),
        (("why", "python"), (*_HEAVY, "urllib3", "yaml")),
        (("tree",), (*_HEAVY, "urllib3", "yaml")),
        (("diff", "conda-lock.yml", "conda-lock.yml"), (*_HEAVY, "urllib3", "yaml")),
        (("export", "pixi", "-o", "pixi.lock"), ("resolvelib", "ssl", "urllib3", "rich")),
        (("export", "explicit", "-o", "conda-linux-64.lock"), (*_HEAVY, "urllib3", "yaml")),
        (("init",), (*_HEAVY, "urllib3", "yaml", "msgspec")),
        (("export", "docker", "-o", "context"), ("rattler", "resolvelib", "urllib3", "rich")),
    ],
    ids=lambda value: " ".join(value[:2]) if value else "",
)
def test_a_command_loads_no_more_than_it_needs(
    arguments: tuple[str, ...], absent: tuple[str, ...], locked: Project
) -> None:
    assert _loaded(locked, arguments).isdisjoint(absent), _loaded(locked, arguments) & set(absent)


_READ = """
import sys
import resolver
environment = resolver.read_environment(sys.argv[1])
with environment.session(offline=True) as session:
    environment.portable_spec, environment.platforms, session.transport
print(*(requirement for requirement in environment.spec.pip), sep=";")
print(*sorted(sys.modules))
"""

_DEAR = {
    *("packaging", "msgspec", "tomllib", "resolvelib", "dataclasses", "inspect", "ast", "dis", "difflib", "shlex"),
    *("logging", "subprocess", "platform", "concurrent", "uuid", "textwrap", "base64", "netrc", "ssl", "hashlib"),
    *("typing", "locale", "resolver.conda", "resolver.settings.converters"),
    *(("contextlib",) if sys.version_info < (3, 13) else ()),  # from then on pathlib imports it
    *("resolver.settings.docker_schema", "resolver.settings.auth_converter", "resolver.transport.credentials"),
    *("resolver.manifests.direct_reference", "resolver.source_trees"),
}
"""What costs a millisecond or more, of the standard library, of others and of ours."""


def test_plain_requirements_are_read_with_little(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("Flask\nbotocore<1.35  # why\ntransformers[torch]>=4,!=4.9.*\n")
    ended = subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path / "requirements.in")], capture_output=True, text=True, check=True
    )
    requirements, modules = ended.stdout.splitlines()
    assert requirements == "flask;botocore<1.35;transformers[torch]!=4.9.*,>=4"
    assert _DEAR.isdisjoint(modules.split()), _DEAR.intersection(modules.split())


def test_a_solve_of_pages_that_are_noted_loads_little(
    make_project: MakeProject, server: Loopback, fixture_index: Path
) -> None:
    """No page and no metadata is read once more, and no version is parsed."""
    project = make_project(channels="https://nothing.example.org", index=f"{server.url}/pypi")
    answer = from_folder(fixture_index)
    server.answer("/pypi/*", lambda request: answer(type(request)(path=request.path[5:], headers=request.headers)))
    project.write("requirements.in", "cowtalk[loud]\n")
    asked = ("lock", "-f", "requirements.in", "-p", "linux-64", "--python", "3.12")
    project.succeed(*asked)
    before = project.lock_bytes()
    project.lockfile.unlink()
    loaded = _loaded(project, (*asked, "--offline"), whole_names=True)
    assert project.lock_bytes() == before
    # the project has settings
    dear = _DEAR - {
        "tomllib",
        "typing",
        "contextlib",
        "resolver.settings.docker_schema",
        "resolver.settings.converters",
    }
    assert dear.isdisjoint(loaded), dear & loaded
    assert loaded.isdisjoint({"resolver.indexes.releases", "resolver.solver.checker", "resolver.solver.versions"})


def test_the_library_itself_loads_nothing_heavy() -> None:
    program = "import resolver, sys; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert loaded.isdisjoint({*_HEAVY, "urllib3", "yaml", "msgspec", "packaging"})
