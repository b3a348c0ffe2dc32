"""dbt's Snowflake profile, made of the Airflow connection by Cosmos' mappings. Secrets are only in dbt's
environment."""

from functools import cached_property
from typing import Any, ClassVar

from cosmos.profiles import (
    SnowflakeEncryptedPrivateKeyFilePemProfileMapping,
    SnowflakeEncryptedPrivateKeyPemProfileMapping,
    SnowflakePrivateKeyFilePemProfileMapping,
    SnowflakePrivateKeyPemProfileMapping,
    SnowflakeUserPasswordProfileMapping,
)
from cosmos.profiles.snowflake.base import SnowflakeBaseProfileMapping

from include.tidemark.errors import SettingsError
from include.tidemark.settings import Settings
from include.tidemark.warehouse.query_tag import DBT_QUERY_TAG

PROFILE = "tidemark"
TARGET = "snowflake"


class SnowflakeOAuthProfile(SnowflakeBaseProfileMapping):  # type: ignore[misc]
    """OAuth, which Cosmos has no mapping for: the provider's hook gets the access token, whatever the grant
    is."""

    airflow_connection_type = "snowflake"
    dbt_profile_type = "snowflake"
    required_fields: ClassVar[list[str]] = ["account", "database", "warehouse", "authenticator"]
    secret_fields: ClassVar[list[str]] = ["token"]
    airflow_param_mapping: ClassVar[dict[str, str | list[str]]] = {
        "account": "extra.account",
        "database": "extra.database",
        "warehouse": "extra.warehouse",
        "role": "extra.role",
        "host": "extra.host",
        "port": "extra.port",
        "insecure_mode": "extra.insecure_mode",
        "client_session_keep_alive": "extra.client_session_keep_alive",
    }

    def can_claim_connection(self) -> bool:
        """Whether the connection is to be used with a token."""
        extra = self.conn.extra_dejson
        return extra.get("authenticator") == "oauth" or bool(extra.get("refresh_token"))

    @property
    def profile(self) -> dict[str, Any]:
        """The output of dbt's profile; the token is named, not contained."""
        profile = super().profile | {"authenticator": "oauth", "token": self.get_env_var_format("token")}
        return dict(self.filter_null(profile))

    def get_dbt_value(self, name: str) -> Any:
        """As Cosmos does it, but for the token, which is not in the connection."""
        if name != "token":
            return super().get_dbt_value(name)
        from airflow.providers.snowflake.hooks.snowflake import SnowflakeHook

        return SnowflakeHook(snowflake_conn_id=self.conn_id)._get_conn_params()["token"]


class SnowflakeAccessTokenProfile(SnowflakeUserPasswordProfileMapping):  # type: ignore[misc]
    """A programmatic access token, which Snowflake takes in place of a password."""

    def can_claim_connection(self) -> bool:
        """Whether the connection's password is such a token."""
        token = self.conn.extra_dejson.get("authenticator") == "programmatic_access_token"
        return token and bool(super().can_claim_connection())

    @property
    def profile(self) -> dict[str, Any]:
        """The output of dbt's profile. Without the authenticator: dbt would not pass the token on to it."""
        return {name: value for name, value in super().profile.items() if name != "authenticator"}


# The encrypted forms first: the plain ones would claim an encrypted key, too, and leave its passphrase out.
_FORMS: tuple[type[SnowflakeBaseProfileMapping], ...] = (
    SnowflakeOAuthProfile,
    SnowflakeAccessTokenProfile,
    SnowflakeEncryptedPrivateKeyPemProfileMapping,
    SnowflakeEncryptedPrivateKeyFilePemProfileMapping,
    SnowflakePrivateKeyPemProfileMapping,
    SnowflakePrivateKeyFilePemProfileMapping,
    SnowflakeUserPasswordProfileMapping,
)


class SnowflakeProfile(SnowflakeBaseProfileMapping):  # type: ignore[misc]
    """The mapping of whichever form the connection has; it is read when dbt starts, and not when a DAG file
    is parsed."""

    airflow_connection_type = "snowflake"
    dbt_profile_type = "snowflake"
    required_fields: ClassVar[list[str]] = ["account", "database", "warehouse"]

    @cached_property
    def _mapping(self) -> SnowflakeBaseProfileMapping:
        for form in _FORMS:
            mapping = form(self.conn_id, dict(self.profile_args))
            if mapping.can_claim_connection():
                return mapping
        raise SettingsError(
            f"The Airflow connection {self.conn_id} is not complete: dbt needs account, database and warehouse in its extra"
            " field (or by setting), a login, and a password, a private key (private_key_content or private_key_file) or OAuth."
        )

    @property
    def profile(self) -> dict[str, Any]:
        """The output of dbt's profile, without secrets."""
        return dict(self._mapping.profile)

    @property
    def env_vars(self) -> dict[str, str]:
        """The secrets, for the environment of the dbt process alone."""
        return dict(self._mapping.env_vars)


def snowflake_profile(settings: Settings) -> SnowflakeProfile:
    """The mapping for the connection, role, warehouse and database that the settings name."""
    chosen = {
        "role": settings.snowflake_role,
        "warehouse": settings.snowflake_warehouse,
        "database": settings.snowflake_database,
    }
    # Every model names its schema; dbt and Cosmos only want one that exists.
    fixed = {"schema": "CONTROL", "threads": settings.dbt_threads, "query_tag": DBT_QUERY_TAG}
    return SnowflakeProfile(
        settings.snowflake_conn_id, fixed | {name: value for name, value in chosen.items() if value}
    )
