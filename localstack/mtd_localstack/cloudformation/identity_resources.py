"""Identity providers, which LocalStack's IAM knows and its CloudFormation does not."""

from typing import Any

from mtd_localstack.cloudformation.mail_and_monitoring_resources import Model, PutProvider, plugin, schema


class OidcProviderProvider(PutProvider):
    """AWS::IAM::OIDCProvider; its ARN is made of its URL."""

    TYPE = "AWS::IAM::OIDCProvider"
    SCHEMA = schema(TYPE, "Arn", "Url", "ClientIdList", "ThumbprintList", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the provider; AWS finds the thumbprint itself, LocalStack wants one."""
        if "Arn" in model:
            return
        provider = clients.iam.create_open_id_connect_provider(
            Url=model["Url"],
            ClientIDList=model.get("ClientIdList", []),
            ThumbprintList=model.get("ThumbprintList", ["0" * 40]),
        )
        model["Arn"] = provider["OpenIDConnectProviderArn"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the provider."""
        clients.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=model["Arn"])


OidcProviderPlugin = plugin(OidcProviderProvider)
