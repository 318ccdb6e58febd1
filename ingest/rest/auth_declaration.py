"""How an API knows who asks, in the sources file. Secrets are always ${NAME}, never written there."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from configuration.yaml_file import Block
from ingest.declaration.values import WebAddress


class BearerAuth(Block):
    """`Authorization: Bearer <token>`."""

    type: Literal["bearer"]
    token: SecretStr = Field(min_length=1, description="Always ${NAME}, never the token itself.")


class ApiKeyAuth(Block):
    """A key in a header, or in a parameter of each request."""

    type: Literal["api_key"]
    api_key: SecretStr = Field(min_length=1, description="Always ${NAME}, never the key itself.")
    name: str = Field(
        "X-API-Key",
        pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
        description="Of the header or the parameter.",
    )
    location: Literal["header", "query"] = "header"


class BasicAuth(Block):
    """A user and a password, as HTTP has them."""

    type: Literal["basic"]
    username: str = Field(min_length=1)
    password: SecretStr = Field(description="Always ${NAME}, never the password itself.")


class OAuth2Auth(Block):
    """OAuth2 client credentials (RFC 6749, 4.4): a token is fetched, and fetched again when it expires."""

    type: Literal["oauth2_client_credentials"]
    token_url: WebAddress = Field(description="Where tokens are given.")
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(
        min_length=1, description="Always ${NAME}, never the secret itself."
    )
    scope: str | None = Field(None, description="What the token shall be good for.")
    client_in: Literal["body", "header"] = Field(
        "body", description="Where the token's giver wants id and secret; header: as basic auth."
    )


AnyAuth = BearerAuth | ApiKeyAuth | BasicAuth | OAuth2Auth
