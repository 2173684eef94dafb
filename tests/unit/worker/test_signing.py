"""The worker's signature is the one that botocore makes."""

from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from mtd_worker.signing import Credentials, signed

BODY = b'{"worker":"w"}'


@pytest.mark.parametrize("token", ["", "SESSION"])
@pytest.mark.parametrize(
    "url",
    [
        "https://abc.execute-api.us-west-2.amazonaws.com/live/work/warehouse/lease",
        "http://127.0.0.1:4566/_aws/execute-api/abc/live/work/ware%20house/complete",
    ],
)
def test_it_is_the_signature_of_botocore(url: str, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 30, 12, 34, 56, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now.replace(tzinfo=None), raising=False)
    request = AWSRequest("POST", url, data=BODY, headers={"Content-Type": "application/json"})
    SigV4Auth(BotocoreCredentials("KEY", "SECRET", token or None), "execute-api", "us-west-2").add_auth(request)
    at = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    credentials = Credentials(access_key="KEY", secret_key="SECRET", session_token=token)
    headers = signed(url, BODY, "us-west-2", credentials, at)

    assert headers["authorization"] == request.headers["Authorization"]


def test_credentials_come_from_the_environment() -> None:
    environment = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"}

    assert Credentials.from_env(environment) == Credentials(access_key="A", secret_key="S")
    with pytest.raises(KeyError, match="AWS_SECRET_ACCESS_KEY"):
        Credentials.from_env({"AWS_ACCESS_KEY_ID": "A"})
