"""Each way that an Airflow connection can log in: dbt and Python get the same account, and no secret is
written down."""

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from snowflake.connector import SnowflakeConnection

from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings
from include.tidemark.warehouse.query_tag import QueryTag, tagged
from include.tidemark.warehouse.snowflake import connect_to_snowflake
from include.tidemark.warehouse.snowflake_profile import PROFILE, TARGET, SnowflakeProfile, snowflake_profile

PASSPHRASE = "marked-passphrase"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(passphrase: str | None) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def connect_as(
    monkeypatch: pytest.MonkeyPatch, password: str | None, login: str = "tidemark", **extra: Any
) -> None:
    account = {"account": "org-account", "database": "TIDEMARK", "warehouse": "WH", "role": "RUNNER"}
    connection = {"conn_type": "snowflake", "login": login, "password": password, "extra": account | extra}
    monkeypatch.setenv("AIRFLOW_CONN_SNOWFLAKE_DEFAULT", json.dumps(connection))


@pytest.fixture(
    params=[
        "password",
        "token as password",
        "pem",
        "encrypted pem",
        "base64",
        "encrypted base64",
        "file",
        "encrypted file",
        "oauth",
    ]
)
def form(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[str, list[str]]:
    """The name of the form that the connection has now, and every secret that it holds or leads to."""
    name = str(request.param)
    passphrase = PASSPHRASE if "encrypted" in name else None
    key = pem(passphrase)
    encoded = base64.b64encode(key.encode()).decode()
    middle = key.splitlines()[3]
    if name == "password":
        connect_as(monkeypatch, "marked-password")
        return name, ["marked-password"]
    if name == "token as password":
        connect_as(monkeypatch, "marked-pat", authenticator="programmatic_access_token")
        return name, ["marked-pat"]
    if name == "oauth":
        connect_as(
            monkeypatch,
            "marked-client-secret",
            "client-id",
            authenticator="oauth",
            refresh_token="marked-refresh",
            token_endpoint="https://example.org/token",
        )
        # Only the answer of the token endpoint is made up.
        answer = SimpleNamespace(
            json=lambda: {"access_token": "marked-access-token", "expires_in": 600},
            raise_for_status=lambda: None,
        )
        monkeypatch.setattr("requests.post", lambda *_, **__: answer)
        return name, ["marked-client-secret", "marked-refresh", "marked-access-token"]
    if "file" in name:
        file = tmp_path / "key.p8"
        file.write_text(key, encoding="utf-8")
        connect_as(monkeypatch, passphrase, private_key_file=str(file))
    else:
        connect_as(monkeypatch, passphrase, private_key_content=encoded if "base64" in name else key)
    return name, [middle, encoded, *([passphrase] if passphrase else [])]


def output_of(mapping: SnowflakeProfile) -> dict[str, Any]:
    profile = yaml.safe_load(mapping.get_profile_file_contents(PROFILE, TARGET))
    return dict(profile[PROFILE]["outputs"][TARGET])


def test_dbts_profile_names_the_secrets_and_holds_none(form: tuple[str, list[str]]) -> None:
    name, secrets = form
    mapping = snowflake_profile(Settings(warehouse="snowflake"))
    written = mapping.get_profile_file_contents(PROFILE, TARGET)
    assert [secret for secret in secrets if secret in written] == []
    output = output_of(mapping)
    assert (output["account"], output["database"], output["warehouse"], output["role"]) == (
        "org-account",
        "TIDEMARK",
        "WH",
        "RUNNER",
    )
    way = {"password": "password", "token as password": "password", "oauth": "token"}.get(
        name, "private_key_path" if "file" in name else "private_key"
    )
    given = {"password", "token", "private_key", "private_key_path", "private_key_passphrase"} & set(output)
    assert given == {way} | ({"private_key_passphrase"} if "encrypted" in name else set())
    assert output.get("authenticator") == ("oauth" if name == "oauth" else None)
    values = list(mapping.env_vars.values())
    if way == "private_key":
        key = next(value for value in values if "PRIVATE KEY" in value)
        loaded = serialization.load_pem_private_key(
            key.encode(), password=PASSPHRASE.encode() if "encrypted" in name else None
        )
        assert loaded.private_numbers() == KEY.private_numbers()
    if name == "oauth":
        assert values == ["marked-access-token"]


def connect_and_catch(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> tuple[Any, dict[str, Any]]:
    """Connect as far as the login: the real connector's connection, and what it would have sent to log in."""
    caught: list[tuple[Any, dict[str, Any]]] = []

    def stop(connection: Any, proof: Any) -> None:
        proof.prepare(
            conn=connection,
            account=connection.account,
            user=connection.user,
            authenticator="",
            service_name=None,
        )
        body: dict[str, Any] = {"data": {}}
        proof.update_body(body)
        caught.append((connection, body["data"]))
        raise ConnectionAbortedError

    monkeypatch.setattr(SnowflakeConnection, "authenticate_with_retry", stop)
    with pytest.raises(ConnectionAbortedError):
        connect_to_snowflake(settings)
    (found,) = caught
    return found


def test_the_connector_proves_itself_with_what_the_connection_holds(
    form: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = form
    _, sent = connect_and_catch(monkeypatch, Settings(warehouse="snowflake"))
    if name == "password":
        assert sent == {"PASSWORD": "marked-password"}
    elif name == "token as password":
        assert sent == {"AUTHENTICATOR": "PROGRAMMATIC_ACCESS_TOKEN", "TOKEN": "marked-pat"}
    elif name == "oauth":
        assert (sent["AUTHENTICATOR"], sent["TOKEN"]) == ("OAUTH", "marked-access-token")
    else:
        assert sent["AUTHENTICATOR"] == "SNOWFLAKE_JWT"
        proof = jwt.decode(sent["TOKEN"], KEY.public_key(), algorithms=["RS256"])
        assert proof["sub"] == "ORG-ACCOUNT.TIDEMARK"


def test_the_hook_opens_our_session(form: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(warehouse="snowflake", snowflake_role="OTHER", snowflake_warehouse="BIG")
    with tagged(QueryTag("key_1", "check_models")):
        connection, _ = connect_and_catch(monkeypatch, settings)
    assert (connection.account, connection.role, connection.warehouse) == ("org-account", "OTHER", "BIG")
    parameters = connection._session_parameters
    assert parameters["TIMEZONE"] == "UTC"
    assert json.loads(parameters["QUERY_TAG"]) == {
        "dag": "shell",
        "run_key": "key_1",
        "task": "check_models",
        "family": "all",
    }


def test_settings_choose_role_warehouse_and_database(monkeypatch: pytest.MonkeyPatch) -> None:
    connect_as(monkeypatch, "x")
    monkeypatch.setenv("TIDEMARK_SNOWFLAKE_ROLE", "OTHER")
    monkeypatch.setenv("TIDEMARK_SNOWFLAKE_WAREHOUSE", "BIG")
    monkeypatch.setenv("TIDEMARK_SNOWFLAKE_DATABASE", "STAGE")
    output = output_of(snowflake_profile(Settings(warehouse="snowflake")))
    assert (output["role"], output["warehouse"], output["database"]) == ("OTHER", "BIG", "STAGE")


def test_an_incomplete_connection_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    connect_as(monkeypatch, None)
    with pytest.raises(SettingsError, match=r"snowflake_default is not complete: dbt needs account"):
        _ = snowflake_profile(Settings(warehouse="snowflake")).profile
