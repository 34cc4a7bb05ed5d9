"""What a command does not need it does not load: starting up is what a hook waits for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.project import Project

_PROGRAM = """
import sys
from resolver.cli.main import main
code = main(sys.argv[1:])
sys.stdout.flush()
print(code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""

_HEAVY = ("rattler", "resolvelib", "ssl", "rich")


def _loaded(project: Project, arguments: Iterable[str]) -> set[str]:
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
    return set(modules)


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
from resolver.platforms import PythonTarget
environment = resolver.read_environment(sys.argv[1])
with environment.session(offline=True) as session:
    environment.portable_spec, environment.platforms[0].wheel_tags(PythonTarget(version="3.12")), session.transport
print(*(requirement for requirement in environment.spec.pip), sep=";")
print(*sorted(sys.modules))
"""

_DEAR = {
    *("packaging", "msgspec", "tomllib", "resolvelib", "dataclasses", "inspect", "ast", "dis", "difflib", "shlex"),
    *("logging", "subprocess", "platform", "concurrent", "uuid", "textwrap", "base64", "netrc", "ssl", "hashlib"),
    *("resolver.settings.docker_schema", "resolver.settings.auth_converter", "resolver.transport.credentials"),
    *("resolver.manifests.direct_reference", "resolver.conda", "resolver.source_trees"),
}


def test_plain_requirements_and_settings_are_read_with_little(tmp_path: Path) -> None:
    (tmp_path / "samebox.toml").write_text('platforms = ["linux-64"]\npython = "3.12"\n[mirrors]\nx = "/srv/x"\n')
    (tmp_path / "requirements.in").write_text("Flask\nbotocore<1.35  # why\ntransformers[torch]>=4,!=4.9.*\n")
    ended = subprocess.run(
        [sys.executable, "-c", _READ, str(tmp_path / "requirements.in")], capture_output=True, text=True, check=True
    )
    requirements, modules = ended.stdout.splitlines()
    assert requirements == "flask;botocore<1.35;transformers[torch]!=4.9.*,>=4"
    assert _DEAR.isdisjoint(modules.split()), _DEAR.intersection(modules.split())


def test_the_library_itself_loads_nothing_heavy() -> None:
    program = "import resolver, sys; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert loaded.isdisjoint({*_HEAVY, "urllib3", "yaml", "msgspec", "packaging"})
