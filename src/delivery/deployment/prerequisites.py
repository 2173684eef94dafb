"""Resources that must exist before the stack: the secret of the database, the artifact bucket, the senders of mails."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from devenv.aws import Clients
from devenv.instance import ENVIRONMENT, REGION


def artifact_bucket(environment: str = ENVIRONMENT) -> str:
    return f"mtd-artifacts-{environment}"


def database_secret(
    clients: Clients,
    *,
    host: str,
    port: int,
    username: str,
    password: str,
    dbname: str,
    environment: str = ENVIRONMENT,
) -> str:
    """Creates or renews the secret and returns its ARN."""
    name = f"mtd/{environment}/database"
    value = {"host": host, "port": port, "username": username, "password": password, "dbname": dbname}
    client = clients.client("secretsmanager")
    try:
        return str(client.create_secret(Name=name, SecretString=json.dumps(value))["ARN"])
    except ClientError as error:
        if _code(error) != "ResourceExistsException":
            raise
    return str(client.put_secret_value(SecretId=name, SecretString=json.dumps(value))["ARN"])


def make_artifact_bucket(clients: Clients, environment: str = ENVIRONMENT) -> str:
    """Creates the bucket if it is missing and returns its name."""
    name = artifact_bucket(environment)
    try:
        clients.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    except ClientError as error:
        if _code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
    return name


def remove_log_groups(clients: Clients, environment: str = ENVIRONMENT) -> None:
    """Removes log groups that the last log lines of deleted functions have created again. They would make the creation
    of the stack fail."""
    client = clients.client("logs")
    for page in client.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix=f"/aws/lambda/mtd-{environment}-"
    ):
        for group in page["logGroups"]:
            client.delete_log_group(logGroupName=group["logGroupName"])


def verify_senders(clients: Clients, parameters: Mapping[str, str]) -> None:
    """Verifies the sender addresses among the parameters, because SES refuses other senders."""
    for name, value in parameters.items():
        if "Sender" in name and "@" in value:
            clients.client("ses").verify_email_identity(EmailAddress=value)


def _code(error: ClientError) -> Any:
    return error.response.get("Error", {}).get("Code")
