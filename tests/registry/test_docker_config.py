"""Docker's own configuration: where it is, what is in it, and the helpers that it names."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from resolver.errors import SettingsError
from resolver.registry.docker_config import DockerConfig, Login

SECRET = "hunter2:with a colon"


def _auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def _config(folder: Path, **fields: object) -> DockerConfig:
    (folder / "config.json").write_text(json.dumps(fields))
    return DockerConfig({"DOCKER_CONFIG": str(folder), "PATH": str(folder)})


def _helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\nread -r server\n{script}\n")
    program.chmod(0o755)


def test_without_a_file_nobody_is_known(tmp_path: Path) -> None:
    assert DockerConfig({}).login("host.example.org") is None
    assert DockerConfig({"HOME": str(tmp_path)}).login("host.example.org") is None


def test_the_file_lies_in_the_home_or_where_docker_config_says(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(
        json.dumps({"auths": {"host.example.org": _auth("ann", "at home")}})
    )
    assert DockerConfig({"HOME": str(tmp_path)}).login("host.example.org") == Login(user="ann", password="at home")
    other = tmp_path / "other"
    other.mkdir()
    environ = {"HOME": str(tmp_path), "DOCKER_CONFIG": str(other)}
    assert DockerConfig(environ).login("host.example.org") is None


@pytest.mark.parametrize(
    ("key", "registry", "known"),
    [
        ("host.example.org", "host.example.org", True),
        ("host.example.org:5000", "host.example.org:5000", True),
        ("https://host.example.org/v1/", "host.example.org", True),
        ("https://host.example.org", "host.example.org", True),
        ("https://index.docker.io/v1/", "docker.io", True),
        ("docker.io", "docker.io", True),
        ("host.example.org", "host.example.org:5000", False),
        ("host.example.org", "other.example.org", False),
        ("example.org", "host.example.org", False),
    ],
)
def test_a_login_is_for_its_host_only(tmp_path: Path, key: str, registry: str, known: bool) -> None:
    config = _config(tmp_path, auths={key: _auth("ann", SECRET)}, HttpHeaders={"X": "y"})
    assert config.login(registry) == (Login(user="ann", password=SECRET) if known else None)


def test_tokens_and_plain_fields_are_logins_too(tmp_path: Path) -> None:
    config = _config(
        tmp_path,
        auths={
            "a.example.org": {"identitytoken": "idt"},
            "b.example.org": {"registrytoken": "rgt"},
            "c.example.org": {"username": "ann", "password": "pw"},
            "d.example.org": {},
        },
    )
    assert config.login("a.example.org") == Login(identity_token="idt")
    assert config.login("b.example.org") == Login(registry_token="rgt")
    assert config.login("c.example.org") == Login(user="ann", password="pw")
    assert config.login("d.example.org") is None


def test_a_registrys_own_helper_comes_before_the_general_one(tmp_path: Path) -> None:
    _helper(
        tmp_path,
        "own",
        """echo "{\\"ServerURL\\":\\"$server\\",\\"Username\\":\\"own\\",\\"Secret\\":\\"$server\\"}" """,
    )
    _helper(tmp_path, "all", """echo '{"Username":"<token>","Secret":"idt"}' """)
    config = _config(tmp_path, credHelpers={"host.example.org": "own"}, credsStore="all")
    assert config.login("host.example.org") == Login(user="own", password="host.example.org")
    assert config.login("other.example.org") == Login(identity_token="idt")


def test_a_helper_is_asked_for_docker_hub_by_its_old_name(tmp_path: Path) -> None:
    _helper(tmp_path, "all", """echo "{\\"Username\\":\\"u\\",\\"Secret\\":\\"$server\\"}" """)
    login = _config(tmp_path, credsStore="all").login("docker.io")
    assert login == Login(user="u", password="https://index.docker.io/v1/")


def test_what_the_general_helper_does_not_know_may_be_in_the_file(tmp_path: Path) -> None:
    _helper(tmp_path, "all", "echo 'credentials not found in native keychain'; exit 1")
    config = _config(tmp_path, credsStore="all", auths={"host.example.org": _auth("ann", "pw")})
    assert config.login("host.example.org") == Login(user="ann", password="pw")
    assert config.login("other.example.org") is None


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'password is hunter2'; exit 3", "failed with 3"),
        ("echo 'hunter2'", "not the JSON of its protocol"),
    ],
)
def test_a_helper_that_fails_is_named_and_not_quoted(tmp_path: Path, script: str, message: str) -> None:
    _helper(tmp_path, "bad", script)
    with pytest.raises(SettingsError) as caught:
        _config(tmp_path, credsStore="bad").login("host.example.org")
    assert message in caught.value.message
    assert "docker-credential-bad" in caught.value.message
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("name", ["missing", "../bin/sh", "a/b", "-x"])
def test_a_helper_that_cannot_be_found_is_named_with_its_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _config(tmp_path, credsStore=name).login("host.example.org")
    assert name in caught.value.message
    assert str(tmp_path / "config.json") in caught.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", '{"auths": 1}', "[" * 100_000])
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(SettingsError, match=r"config\.json: not a configuration of docker"):
        DockerConfig({"DOCKER_CONFIG": str(tmp_path)}).login("host.example.org")


@pytest.mark.parametrize("auth", ["hunter2", base64.b64encode(b"hunter2").decode(), "aHVudGVyMg==\n!"])
def test_a_broken_entry_is_named_and_not_quoted(tmp_path: Path, auth: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _config(tmp_path, auths={"host.example.org": {"auth": auth}}).login("host.example.org")
    assert "auths['host.example.org'].auth" in caught.value.message
    assert "hunter2" not in caught.value.message
    assert auth not in caught.value.message


def test_docker_pads_passwords_with_zeros(tmp_path: Path) -> None:
    config = _config(tmp_path, auths={"host.example.org": _auth("ann", "pw\0\0")})
    assert config.login("host.example.org") == Login(user="ann", password="pw")


def test_a_login_does_not_show_itself() -> None:
    assert "hunter2" not in repr(Login(user="ann", password="hunter2", identity_token="hunter2"))
