"""Private channels and indexes: each way to authenticate carries lock, check, install and export, and its secret is
nowhere afterwards."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.project import Outcome, Project, environment_yml
from tests.loopback import Loopback, Reply, Request, loopback
from tests.private import Admit, basic, guarded, places_of

SECRET = "hunter2-S3CRET/x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a secret is given: ``settings`` may say ``{server}``; ``userinfo`` and ``token`` stand in the URLs of channel
    and index; ``prepare`` writes files into the home folder."""

    about: str
    admit: Admit
    settings: str = ""
    userinfo: str = ""
    token: str = ""
    environ: tuple[tuple[str, str], ...] = (("SB_TOKEN", SECRET),)
    prepare: Callable[[Path, str], None] | None = None


def _netrc(home: Path, server: str) -> None:
    (home / ".netrc").write_text(f"machine 127.0.0.1 login ada password {SECRET}\n")


def _keyring(home: Path, server: str) -> None:
    command = home / "keyring"
    command.write_text(
        f'#!/bin/sh\n[ "$*" = "get {server} ada" ] && echo "{SECRET}" || {{ echo "no {SECRET}" >&2; exit 1; }}\n'
    )
    command.chmod(command.stat().st_mode | stat.S_IXUSR)


def _bearer(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {SECRET}"


def _custom(request: Request) -> bool:
    return request.headers.get("x-jfrog-art-api") == SECRET and "authorization" not in request.headers


def _conda_token(request: Request) -> bool:
    return request.path.startswith(("/t/hunter2-S3CRET%2Fx/conda/", "/simple/", "/files/"))


WAYS = (
    Way(about="netrc", admit=basic("ada", SECRET), environ=(), prepare=_netrc),
    Way(about="variables in the URL", admit=basic("ada", SECRET), userinfo="ada:${SB_TOKEN}@"),
    Way(
        about="user and password in the settings",
        admit=basic("ada", SECRET),
        settings='[auth]\n"{server}" = { user = "ada", password = "${SB_TOKEN}" }\n',
    ),
    Way(about="bearer", admit=_bearer, settings='[auth]\n"{server}" = { token = "${SB_TOKEN}" }\n'),
    Way(
        about="custom header",
        admit=_custom,
        settings='[auth]\n"{server}/" = { header = "X-JFrog-Art-Api", value = "${SB_TOKEN}" }\n',
    ),
    Way(
        about="keyring",
        admit=basic("ada", SECRET),
        settings='keyring-provider = "subprocess"\n[auth]\n"{server}" = { user = "ada" }\n',
        environ=(),
        prepare=_keyring,
    ),
    Way(
        about="keyring for the user in the URL",
        admit=basic("ada", SECRET),
        settings='keyring-provider = "subprocess"\n',
        userinfo="${SB_USER}@",
        environ=(("SB_USER", "ada"),),
        prepare=_keyring,
    ),
    Way(about="conda token", admit=_conda_token, token="/t/${SB_TOKEN}"),
)


class PrivateProject(Project):
    """A project on a channel and an index of ``server``."""

    environment: dict[str, str]

    def run_privately(self, *arguments: str) -> Outcome:
        return self.run(*arguments, environ=self.environment)


@pytest.fixture
def folders(fixture_channels: Path, fixture_index: Path) -> dict[str, Path]:
    return {"/conda/": fixture_channels, "/simple/": fixture_index / "simple", "/files/": fixture_index / "files"}


def private_project(tmp_path: Path, server: Loopback, way: Way) -> PrivateProject:
    project = PrivateProject(tmp_path / "project", channels="/nowhere", index="/nowhere")
    place = server.url.replace("://", f"://{way.userinfo}")
    project.write(
        "samebox.toml",
        f'platforms = ["linux-64"]\nindex-url = "{place}/simple/"\ndocker.resolve-base = false\n'
        + way.settings.replace("{server}", server.url),
    )
    channel = f"{place}{way.token}/conda/samebox-fixtures"
    project.write("environment.yml", environment_yml("python", "greeter", pip=("cowtalk[loud]",), channel=channel))
    if way.prepare is not None:
        way.prepare(project.home, server.url)
    project.environment = {**dict(way.environ), "PATH": f"{project.home}:{project.environ()['PATH']}"}
    return project


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.about)
def test_each_way_carries_the_whole_path_and_leaves_no_secret(
    way: Way, tmp_path: Path, server: Loopback, folders: dict[str, Path]
) -> None:
    server.answer("/*", guarded(folders, way.admit))
    project = private_project(tmp_path, server, way)
    outcomes = [project.run_privately("lock", "--json")]
    project.cache.rename(project.cache.with_name("cache-of-lock"))  # what follows must ask the server itself
    for arguments in (
        ("check",),
        ("install", "--prefix", str(tmp_path / "prefix")),
        ("export", "docker", "--installer", "micromamba", "--strategy", "vendored", "-o", str(tmp_path / "vendored")),
        ("export", "docker", "-o", str(tmp_path / "thin")),
        ("lock", "--upgrade", "--offline"),
    ):
        if "--offline" in arguments:
            project.cache = project.cache.with_name("cache-of-lock")
        outcomes.append(project.run_privately(*arguments))
    for outcome in outcomes:
        assert outcome.code == 0, outcome.stderr
        assert SECRET not in outcome.stdout + outcome.stderr
    assert (tmp_path / "prefix" / "bin" / "greet").exists()
    said = project.lockfile.read_text()
    assert f'url: "{server.url}/conda/samebox-fixtures/noarch/greeter-1.2.0-pyh0_0.conda"' in said
    assert f'url: "{server.url}/files/cowtalk-1.0-py3-none-any.whl"' in said
    everywhere = [project.folder, tmp_path / "prefix", tmp_path / "vendored", tmp_path / "thin", project.cache]
    assert list(places_of(SECRET, *everywhere, tmp_path / "project-cache")) == []
    assert list(places_of("hunter2-S3CRET%2Fx", *everywhere)) == []


def test_the_lock_names_the_variables_of_its_channels_as_conda_lock_does(
    tmp_path: Path, server: Loopback, folders: dict[str, Path]
) -> None:
    way = next(way for way in WAYS if way.token)
    server.answer("/*", guarded(folders, way.admit))
    project = private_project(tmp_path, server, way)
    assert project.run_privately("lock").code == 0
    assert (
        f'  - url: "{server.url}/t/${{SB_TOKEN}}/conda/samebox-fixtures"\n'
        '    used_env_vars: ["SB_TOKEN"]\n' in project.lockfile.read_text()
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.about)
def test_a_wrong_secret_is_refused_and_told_without_it(way: Way, tmp_path: Path, server: Loopback) -> None:
    server.answer("/*", Reply(status=401))
    project = private_project(tmp_path, server, way)
    told = project.fail("lock", environ=project.environment)
    assert SECRET not in told
    host = server.url.removeprefix("http://")
    assert told.startswith(f"error: {server.url}/conda/samebox-fixtures/linux-64/repodata.json.zst: answered 401\n")
    assert told.endswith(f"hint: {host} does not accept the credentials it was given for this\n")
    assert list(places_of(SECRET, project.folder)) == []


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.environ and "keyring" not in way.about], ids=lambda way: way.about
)
def test_a_variable_that_is_not_set_is_named(way: Way, tmp_path: Path, server: Loopback) -> None:
    project = private_project(tmp_path, server, way)
    told = project.fail("lock")
    assert told == (
        f"error: {server.url}/conda/samebox-fixtures/linux-64/repodata.json.zst: its credentials need the environment "
        "variable SB_TOKEN, which is not set\nhint: set SB_TOKEN\n"
    )
    assert server.requests == []


def test_no_credentials_at_all_are_told_with_the_ways_to_give_them(
    tmp_path: Path, server: Loopback, folders: dict[str, Path]
) -> None:
    server.answer("/*", guarded(folders, lambda request: False))
    project = private_project(tmp_path, server, Way(about="none", admit=_bearer, environ=()))
    told = project.fail("lock")
    assert f"{server.url}/conda/samebox-fixtures: " in told and "401" in told
    assert '[auth] ("https://HOST" = { token = "${TOKEN}" })' in told and "netrc" in told
    project.write("environment.yml", environment_yml("python", pip=("cowtalk",), channel=f"{server.url}/conda/x"))
    project.write("requirements.txt", "cowtalk\n")
    told = project.fail("lock", "-f", "requirements.txt", "--python", "3.11")
    host = server.url.removeprefix("http://")
    assert told == (
        f"error: {server.url}/simple/cowtalk/: answered 401\n"
        f'hint: no credentials are known for {host}: give them under [auth] ("{server.url}" = '
        '{ token = "${TOKEN}" }), '
        "in a netrc file, or as https://${USER}:${TOKEN}@… in its URL\n"
    )


def test_a_keyring_that_knows_nothing_is_told(tmp_path: Path, server: Loopback) -> None:
    way = next(way for way in WAYS if way.about == "keyring")
    project = private_project(tmp_path, server, way)
    (project.home / "keyring").write_text("#!/bin/sh\nexit 1\n")
    told = project.fail("lock", environ=project.environment)
    assert f"keyring knows no password of the user that [auth] names for {server.url}\n" in told
    project.environment["PATH"] = "/nowhere"
    assert "there is no command keyring on the PATH" in project.fail("lock", environ=project.environment)


@pytest.fixture
def elsewhere() -> Iterator[Loopback]:
    with loopback() as running:
        yield running


@pytest.mark.parametrize("way", [way for way in WAYS if way.about != "netrc"], ids=lambda way: way.about)
def test_a_redirect_to_another_host_shows_it_nothing(
    way: Way, tmp_path: Path, server: Loopback, elsewhere: Loopback, folders: dict[str, Path]
) -> None:
    """A netrc file knows no ports, and both hosts are 127.0.0.1 here; ``tests/transport`` shows it with two names."""

    def away(request: Request) -> Reply:
        if not way.admit(request):
            return Reply(status=401)
        path = request.path.removeprefix("/t/hunter2-S3CRET%2Fx")
        return Reply(status=302, headers={"Location": f"{elsewhere.url}{path}?signature=abc"})

    def open_to_all(request: Request) -> Reply:
        return guarded(folders, lambda _: True)(Request(path=request.path.partition("?")[0], headers=request.headers))

    server.answer("/*", away)
    elsewhere.answer("/*", open_to_all)
    project = private_project(tmp_path, server, way)
    outcome = project.run_privately("lock")
    assert outcome.code == 0, outcome.stderr
    assert elsewhere.requests
    for request in elsewhere.requests:
        assert "authorization" not in request.headers and "x-jfrog-art-api" not in request.headers
        assert "hunter2" not in request.path
