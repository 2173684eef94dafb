"""Secrets Manager: read when a connection is opened, never kept in the environment."""

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.domain.errors import UnavailableError


def secret(secret_id: str) -> str:
    """The secret's text. Raises UnavailableError."""
    try:
        text: str = client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    except (ClientError, BotoCoreError) as error:
        raise UnavailableError(f"Secrets Manager {secret_id}: {error}", code="secret_unavailable") from error
    return text
