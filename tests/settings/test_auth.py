"""``[auth]`` and ``keyring-provider``: what they mean, and that no error repeats what may be a secret."""

from __future__ import annotations

import pytest

from resolver.errors import SettingsError
from resolver.settings import parse_settings
from resolver.transport import AuthenticationRule

_WHOLE = """\
keyring-provider = "subprocess"
[auth]
"https://simple.example.org/" = { token = "${TOKEN}" }
"https://conda.example.org/lab" = { user = "ada", password = "${PASSWORD}", client-certificate = "../client.pem" }
"https://jfrog.example.org" = { header = "X-JFrog-Art-Api", value = "${KEY}" }
"http://old.example.org:8080" = { header = "Authorization", value = "Token ${KEY}" }
"https://keyring.example.org" = { user = "${USER}" }
[environments.dev.auth]
"https://jfrog.example.org" = { token = "${DEV}" }
"https://dev.example.org" = { client-certificate = "/etc/dev.pem" }
"""


def test_every_way_is_read() -> None:
    settings = parse_settings(_WHOLE, "samebox.toml", directory="/project/sub")
    assert settings.keyring_provider == "subprocess"
    assert settings.auth == (
        AuthenticationRule(prefix="http://old.example.org:8080", header="Authorization", value="Token ${KEY}"),
        AuthenticationRule(
            prefix="https://conda.example.org/lab",
            user="ada",
            password="${PASSWORD}",
            client_certificate="/project/client.pem",
        ),
        AuthenticationRule(prefix="https://jfrog.example.org", header="X-JFrog-Art-Api", value="${KEY}"),
        AuthenticationRule(prefix="https://keyring.example.org", user="${USER}"),
        AuthenticationRule(prefix="https://simple.example.org", token="${TOKEN}"),
    )


def test_an_environment_lays_its_rules_over_those_of_the_project() -> None:
    settings = parse_settings(_WHOLE, "samebox.toml").for_environment("dev")
    rules = {rule.prefix: rule for rule in settings.auth}
    assert len(rules) == len(settings.auth) == 6
    assert rules["https://jfrog.example.org"] == AuthenticationRule(prefix="https://jfrog.example.org", token="${DEV}")
    assert rules["https://dev.example.org"].client_certificate == "/etc/dev.pem"
    assert rules["https://simple.example.org"].token == "${TOKEN}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"https://a.example.org" = { token = "s3cret" }', "a secret is given by the name of a variable"),
        ('"https://a.example.org" = { token = "s3cret${T}" }', "a secret is given by the name of a variable"),
        ('"https://a.example.org" = { user = "ada", password = "s3cret" }', "a secret is given by the name"),
        ('"https://a.example.org" = { header = "X-Key", value = "s3cret" }', "a secret is given by the name"),
        ('"https://a.example.org" = "s3cret"', "expected a table, got a string"),
        ('"https://a.example.org" = {}', "says nothing"),
        ('"https://a.example.org" = { token = "${T}", user = "ada" }', "both token and user are given"),
        ('"https://a.example.org" = { password = "${T}", token = "${T}" }', "a password without a user"),
        ('"https://a.example.org" = { header = "X-Key" }', "header and value belong together"),
        ('"https://a.example.org" = { header = "X Key", value = "${T}" }', "not the name of a header that may be set"),
        ('"https://a.example.org" = { header = "Host", value = "${T}" }', "not the name of a header that may be set"),
        ('"https://a.example.org" = { tokn = "${T}" }', "unknown key 'tokn'"),
        ('"a.example.org" = { token = "${T}" }', "expected a URL"),
        ('"https://" = { token = "${T}" }', "expected a URL"),
        ('"https://u:s3cret@a.example.org" = { token = "${T}" }', "a prefix under [auth] is a URL without credentials"),
        ('"https://a.example.org/t/s3cret" = { token = "${T}" }', "a prefix under [auth] is a URL without credentials"),
    ],
)
def test_what_is_not_right_is_told_with_its_line(line: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(f"[auth]\n{line}\n", "samebox.toml")
    assert message in caught.value.message
    assert caught.value.origin is not None and caught.value.origin.line == 2
    if "@" not in line and "/t/" not in line:  # those stand in the name of the key
        assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_a_keyring_provider_is_one_of_two() -> None:
    assert parse_settings("", "samebox.toml").keyring_provider == "disabled"
    with pytest.raises(SettingsError, match="expected disabled or subprocess, got 'import'"):
        parse_settings('keyring-provider = "import"', "samebox.toml")
