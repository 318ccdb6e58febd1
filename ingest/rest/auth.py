"""Who asks: dlt's ways of authenticating, and what theirs for OAuth2 leaves open.

Imports dlt; it is imported when a request is about to be made, not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import requests
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)
from requests.auth import AuthBase, _basic_auth_str

from configuration.errors import PlainError
from ingest.rest.auth_declaration import AnyAuth, ApiKeyAuth, BasicAuth, BearerAuth, OAuth2Auth
from ingest.rest.refusals import explained, given

# A token is fetched anew so long before its end, or a tenth of its life if that is less.
_MARGIN_SECONDS = 30


def api_auth(
    auth: AnyAuth | None, tokens: requests.Session, where: str, variables: Sequence[str]
) -> AuthBase | None:
    """The authentication of each request; `tokens` is the session that fetches OAuth2's tokens."""
    match auth:
        case BearerAuth():
            token = auth.token.get_secret_value()
            _check_header(token, where, variables)
            return _dlt(BearerTokenAuth(token))
        case ApiKeyAuth():
            key = auth.api_key.get_secret_value()
            _check_header(key, where, variables)
            return _dlt(APIKeyAuth(name=auth.name, api_key=key, location=auth.location))
        case BasicAuth():
            return _dlt(HttpBasicAuth(auth.username, auth.password.get_secret_value()))
        case OAuth2Auth():
            return _dlt(_ClientCredentials(auth, tokens, where, variables))
    return None


def _check_header(secret: str, where: str, variables: Sequence[str]) -> None:
    """Raise PlainError for what no header may have; Python's own error would show the secret."""
    if not (secret.isascii() and secret.isprintable()) or secret != secret.strip():
        raise PlainError(
            "the credentials hold a space, a line break or a letter that no header may have",
            where=where,
            remedy=f"Check {given(variables)}.",
        )


def _dlt(auth: Any) -> AuthBase:
    """The same; dlt's classes have no types that a checker could follow."""
    found: AuthBase = auth
    return found


class _ClientCredentials(OAuth2ClientCredentials):
    """dlt's, with a margin before the end, one new token after a 401, and a sentence when none is given."""

    def __init__(
        self, auth: OAuth2Auth, session: requests.Session, where: str, variables: Sequence[str]
    ) -> None:
        super().__init__(
            access_token_url=auth.token_url,
            client_id=auth.client_id,
            client_secret=auth.client_secret.get_secret_value(),
            access_token_request_data={"scope": auth.scope} if auth.scope else {},
            session=session,
        )
        self.client_in_header = auth.client_in == "header"
        self.where = where
        self.variables = variables

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.register_hook("response", self._once_more)
        super().__call__(request)
        return request

    def _once_more(self, response: requests.Response, **options: Any) -> requests.Response:
        """After a 401, ask once more with a new token: the old one may have been called back."""
        if response.status_code != HTTPStatus.UNAUTHORIZED:
            return response
        response.close()
        self.obtain_token()
        request = response.request.copy()
        request.headers["Authorization"] = f"Bearer {self.access_token}"
        connection: Any = response.connection
        again: requests.Response = connection.send(request, **options)
        again.history.append(response)
        again.request = request
        return again

    def obtain_token(self) -> None:
        try:
            super().obtain_token()
        except requests.JSONDecodeError:
            raise self._refusal("does not answer with JSON") from None
        except requests.RequestException as error:
            raise explained(error, self.where, self.variables) from None

    def build_access_token_request(self) -> dict[str, Any]:
        built: dict[str, Any] = super().build_access_token_request()
        if self.client_in_header:
            for name in ("client_id", "client_secret"):
                del built["data"][name]
            basic = _basic_auth_str(str(self.client_id), str(self.client_secret))
            built["headers"]["Authorization"] = basic
        return built

    def parse_access_token(self, response_json: Any) -> str:
        token = response_json.get("access_token") if isinstance(response_json, dict) else None
        if not token or not isinstance(token, str):
            raise self._refusal("gives no access_token")
        _check_header(token, self.where, self.variables)
        return token

    def parse_expiration_in_seconds(self, response_json: Any) -> int:
        try:
            seconds = int(float(response_json.get("expires_in")))
        except (TypeError, ValueError):
            seconds = self.default_token_expiration
        return max(0, seconds - min(_MARGIN_SECONDS, seconds // 10))

    def _refusal(self, what: str) -> PlainError:
        return PlainError(
            f"the address for tokens {what}",
            where=self.where,
            remedy="Check token_url and the credentials under 'auth' in the sources file.",
        )
