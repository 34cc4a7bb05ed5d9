"""Samebox as a library: the public names, and a whole run in memory that prints nothing."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import resolver
from fixtures import make_channel
from resolver.errors import ManifestError
from resolver.settings import Settings

_SUBMODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(resolver.__path__, "resolver.")
    if module.name != "resolver.__main__"
)
_SHADOWED = """
import importlib, sys, types
for name in sys.argv[1:]:
    importlib.import_module(name)
import resolver
print(*[n for n in resolver.__all__ if isinstance(getattr(resolver, n), types.ModuleType)])
print(*[n for n in resolver.__all__ if not callable(getattr(resolver, n))])
"""


@pytest.mark.parametrize("order", [1, -1])
def test_no_submodule_shadows_a_public_name(order: int) -> None:
    """In a process of its own: there nothing has looked at a public name before the submodules come."""
    done = subprocess.run(
        [sys.executable, "-c", _SHADOWED, *_SUBMODULES[::order]], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n\n"


def test_each_public_name_is_what_its_home_calls_so() -> None:
    for name in resolver.__all__:
        value = getattr(resolver, name)
        assert not isinstance(value, types.ModuleType)
        assert getattr(importlib.import_module(value.__module__), name) is value
    assert sorted(resolver.__all__) == list(resolver.__all__)
    assert set(resolver.__all__) <= set(dir(resolver))


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="module 'resolver' has no attribute 'solve'"):
        resolver.solve


def test_submodules_say_what_is_public() -> None:
    """A module without ``__all__`` is a package that only holds others, or the command."""
    silent = [n for n in _SUBMODULES if not hasattr(importlib.import_module(n), "__all__")]
    packages = {module.name for module in pkgutil.walk_packages(resolver.__path__, "resolver.") if module.ispkg}
    assert [name for name in silent if name not in packages and not name.startswith("resolver.cli")] == []
    for name in set(_SUBMODULES) - set(silent):
        module = importlib.import_module(name)
        assert [n for n in module.__all__ if not hasattr(module, n)] == []


_HEAVY = ("rattler", "resolvelib", "urllib3", "ssl", "rich", "yaml", "yaml_rs", "packaging", "msgspec")


def test_importing_the_package_imports_next_to_nothing() -> None:
    code = "import sys, resolver; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert [name for name in _HEAVY if name in loaded] == []


# --------------------------------------------------------------------------------------- in memory


@pytest.fixture
def session(fixture_channels: Path, fixture_index: Path, tmp_path: Path) -> Iterator[resolver.Session]:
    mirrors = (("https://conda.example.org", str(fixture_channels)), ("https://pypi.example.org", str(fixture_index)))
    with resolver.Session(mirrors=mirrors, cache=tmp_path / "cache", environ={}) as opened:
        yield opened


_SETTINGS = Settings(platforms=("linux-64", "osx-arm64"), index_url="https://pypi.example.org/simple/")
_TEXT = f"""\
name: in-memory
channels: [{make_channel.GOLDEN}]
dependencies: [python, greeter]
variables: {{MOOD: good}}
"""


def _wheel(index: Path) -> Path:
    return next(index.rglob("winter_coat-1.0-py3-none-any.whl"))


@pytest.fixture
def environment(fixture_index: Path) -> resolver.Environment:
    declared = resolver.Environment.from_conda_specification(text=_TEXT, settings=_SETTINGS)
    return (
        declared.add_conda_package("libhello >=1.0", group="dev")
        .add_pip_package("cowtalk[loud]>=1")
        .add_wheel(_wheel(fixture_index))
    )


def _packages(lock: resolver.Lock, platform: str) -> dict[str, str]:
    return {p.name: f"{p.kind} {p.version} {','.join(p.groups)}" for p in lock.on(platform).packages}


def test_a_whole_run_prints_nothing(
    environment: resolver.Environment,
    session: resolver.Session,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lock = resolver.lock(environment, session=session)
    path = tmp_path / "conda-lock.yml"
    resolver.write_lock(lock, path)
    again = resolver.read_lock(path)
    assert resolver.parse_lock(resolver.render_lock(lock)) == again
    assert resolver.digest(again) == resolver.digest(lock)
    assert resolver.check(again, environment).status == "fresh"
    assert resolver.check(again, environment.add_pip_package("shout<0.6")).status == "stale"
    assert resolver.docker_context(lock, session=session) == resolver.docker_context(again, session=session)
    resolver.install(again, tmp_path / "env", platform="linux-64", session=session)
    assert (tmp_path / "env" / "conda-meta").is_dir()
    assert capfd.readouterr() == ("", "")


def test_what_is_locked(environment: resolver.Environment, session: resolver.Session) -> None:
    lock = environment.lock(session=session)
    expected = {
        "greeter": "conda 1.2.0 main",
        "greetings-data": "conda 2.0 main",
        "libhello": "conda 1.1 dev",
        "python": "conda 3.12.4 main",
        "cowtalk": "pypi 1.0 main",
        "moo-words": "pypi 1.1 main",
        "shout": "pypi 0.6 main",
        "winter-coat": "archive 1.0 main",
    }
    assert _packages(lock, "linux-64") == _packages(lock, "osx-arm64") == expected
    assert lock.name == "in-memory"
    assert all(p.url.startswith("https://") for p in lock.on("linux-64").packages if p.kind != "archive")


def test_each_change_is_a_new_environment(environment: resolver.Environment) -> None:
    other = environment.add_conda_package("hello-tool").add_pip_package("shout", group="dev")
    assert (len(environment.spec.conda), len(other.spec.conda)) == (3, 4)
    assert [str(r) for r in other.spec.pip][-1:] == ["shout"]
    assert (other.spec.pip[-1].group, str(other.spec.pip[-1].origin)) == ("dev", "<python>:1")


@pytest.mark.parametrize("requirement", ["", "a b", "a\nb", "-r other.txt", "# nothing"])
def test_what_is_not_one_requirement(environment: resolver.Environment, requirement: str) -> None:
    with pytest.raises(ManifestError):
        environment.add_pip_package(requirement)


def test_what_is_no_wheel(environment: resolver.Environment, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="is not a wheel"):
        environment.add_wheel(tmp_path / "missing-1-py3-none-any.whl")
    (tmp_path / "a.tar.gz").touch()
    with pytest.raises(ManifestError, match="is not a wheel"):
        environment.add_wheel(tmp_path / "a.tar.gz")


def test_requirements_in_memory(session: resolver.Session) -> None:
    declared = resolver.Environment.from_pip_requirements(text="cowtalk\nquiet-index\n", settings=_SETTINGS)
    lock = declared.lock(session=session)
    assert _packages(lock, "linux-64") == {
        "cowtalk": "pypi 1.0 main",
        "moo-words": "pypi 1.1 main",
        "quiet-index": "pypi 1.0 main",
    }
    assert lock.channels == ()


def test_a_prefix_on_disk_is_locked_as_it_is(
    environment: resolver.Environment, session: resolver.Session, tmp_path: Path
) -> None:
    lock = environment.lock(session=session)
    resolver.install(lock, tmp_path / "env", platform="linux-64", groups=("main", "dev"), session=session)
    found = resolver.Environment.from_existing_conda_environment(tmp_path / "env", settings=_SETTINGS)
    assert found.channels == (make_channel.GOLDEN,)
    again = found.lock(session=session)
    expected = {name: text.replace("archive", "pypi") for name, text in _packages(lock, "linux-64").items()}
    assert _packages(again, "linux-64") == {name: text.replace(" dev", " main") for name, text in expected.items()}


def test_a_folder_that_is_no_prefix(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="is no conda environment"):
        resolver.Environment.from_existing_conda_environment(tmp_path)


def test_a_failing_run_raises_and_prints_nothing(
    environment: resolver.Environment, session: resolver.Session, capfd: pytest.CaptureFixture[str]
) -> None:
    for broken in (environment.add_conda_package("nonesuch"), environment.add_pip_package("nonesuch")):
        with pytest.raises(resolver.ResolverError):
            resolver.lock(broken, session=session)
    assert capfd.readouterr() == ("", "")
