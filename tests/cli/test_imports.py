"""What a command does not need it does not load: starting up is what a hook waits for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

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


def test_the_library_itself_loads_nothing_heavy() -> None:
    program = "import resolver, sys; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert loaded.isdisjoint({*_HEAVY, "urllib3", "yaml", "msgspec", "packaging"})
