"""CloudFormation resource types that community LocalStack mocks silently (physical id ``unknown``), made real.

Each type says how to put and how to remove a resource by the service's own API; creating and updating are the same put.
"""

from typing import Any, ClassVar

from localstack.services.cloudformation.resource_provider import (
    CloudFormationResourceProviderPlugin,
    OperationStatus,
    ProgressEvent,
    ResourceProvider,
    ResourceRequest,
)

Model = dict[str, Any]


class PutProvider(ResourceProvider[Model]):
    """A provider whose resources are put and removed; the physical id is the model's first identifier."""

    TYPE: ClassVar[str]
    SCHEMA: ClassVar[dict[str, Any]]

    def put(self, clients: Any, model: Model) -> None:
        """Create the resource or bring it up to date; fill in read-only properties."""
        raise NotImplementedError

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the resource; one that is gone already is no error."""
        raise NotImplementedError

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the resource, named after stack and logical id unless the template names it."""
        model = request.desired_state
        identifier = self.SCHEMA["primaryIdentifier"][0].rpartition("/")[2]
        if identifier in self.SCHEMA["properties"] and not model.get(identifier):
            model[identifier] = f"{request.stack_name}-{request.logical_resource_id}"
        self.put(request.aws_client_factory, model)
        return done(request, model)

    def update(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Bring the resource to its desired state."""
        model = {**(request.previous_state or {}), **request.desired_state}
        self.put(request.aws_client_factory, model)
        return done(request, model)

    def read(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """The resource as it was put."""
        return done(request, request.desired_state)

    def delete(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Delete the resource."""
        self.remove(request.aws_client_factory, request.previous_state or request.desired_state)
        return done(request, {})


def done(request: ResourceRequest[Model], model: Model) -> ProgressEvent[Model]:
    """The event that ends an operation well."""
    return ProgressEvent(status=OperationStatus.SUCCESS, resource_model=model, custom_context=request.custom_context)


def schema(type_name: str, identifier: str, *properties: str, read_only: bool = False) -> dict[str, Any]:
    """The part of a type's schema that LocalStack looks at."""
    pointer = f"/properties/{identifier}"
    names = properties if read_only else (identifier, *properties)
    return {
        "typeName": type_name,
        "properties": {name: {} for name in names},
        "primaryIdentifier": [pointer],
        "createOnlyProperties": [] if read_only else [pointer],
        "readOnlyProperties": [pointer] if read_only else [],
    }


class DashboardProvider(PutProvider):
    """AWS::CloudWatch::Dashboard."""

    TYPE = "AWS::CloudWatch::Dashboard"
    SCHEMA = schema(TYPE, "DashboardName", "DashboardBody")

    def put(self, clients: Any, model: Model) -> None:
        """Store the dashboard; a body that is no JSON fails the stack, as on AWS."""
        clients.cloudwatch.put_dashboard(DashboardName=model["DashboardName"], DashboardBody=model["DashboardBody"])

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the dashboard."""
        clients.cloudwatch.delete_dashboards(DashboardNames=[model["DashboardName"]])


class MetricFilterProvider(PutProvider):
    """AWS::Logs::MetricFilter; log_metrics.py applies the filters to what the functions log."""

    TYPE = "AWS::Logs::MetricFilter"
    SCHEMA = schema(TYPE, "FilterName", "FilterPattern", "LogGroupName", "MetricTransformations")

    def put(self, clients: Any, model: Model) -> None:
        """Store the filter in the place of an older one of its name."""
        self.remove(clients, model)
        transformations = [
            {name[0].lower() + name[1:]: value for name, value in transformation.items()}
            for transformation in model["MetricTransformations"]
        ]
        for transformation in transformations:
            transformation["metricValue"] = str(transformation["metricValue"])
            if "defaultValue" in transformation:
                transformation["defaultValue"] = float(transformation["defaultValue"])
            if "dimensions" in transformation:
                pairs = transformation["dimensions"]
                transformation["dimensions"] = {pair["Key"]: pair["Value"] for pair in pairs}
        clients.logs.put_metric_filter(
            logGroupName=model["LogGroupName"],
            filterName=model["FilterName"],
            filterPattern=model.get("FilterPattern", ""),
            metricTransformations=transformations,
        )

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the filter."""
        name, group = model["FilterName"], model["LogGroupName"]
        found = clients.logs.describe_metric_filters(logGroupName=group, filterNamePrefix=name)
        if any(one["filterName"] == name for one in found["metricFilters"]):
            clients.logs.delete_metric_filter(logGroupName=group, filterName=name)


class EmailIdentityProvider(PutProvider):
    """AWS::SES::EmailIdentity: an address or a domain, verified at once."""

    TYPE = "AWS::SES::EmailIdentity"
    SCHEMA = schema(TYPE, "EmailIdentity")

    def put(self, clients: Any, model: Model) -> None:
        """Verify the identity; what DKIM attributes a domain would get is made up."""
        identity = model["EmailIdentity"]
        if "@" in identity:
            clients.ses.verify_email_identity(EmailAddress=identity)
            return
        clients.ses.verify_domain_identity(Domain=identity)
        for number in (1, 2, 3):
            model[f"DkimDNSTokenName{number}"] = f"token{number}._domainkey.{identity}"
            model[f"DkimDNSTokenValue{number}"] = f"token{number}.dkim.amazonses.com"

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the identity."""
        clients.ses.delete_identity(Identity=model["EmailIdentity"])


class ConfigurationSetProvider(PutProvider):
    """AWS::SES::ConfigurationSet."""

    TYPE = "AWS::SES::ConfigurationSet"
    SCHEMA = schema(TYPE, "Name")

    def put(self, clients: Any, model: Model) -> None:
        """Create the set; its options have no effect here, so there is nothing to update."""
        known = clients.ses.list_configuration_sets()["ConfigurationSets"]
        if all(one["Name"] != model["Name"] for one in known):
            clients.ses.create_configuration_set(ConfigurationSet={"Name": model["Name"]})

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the set."""
        known = clients.ses.list_configuration_sets()["ConfigurationSets"]
        if any(one["Name"] == model["Name"] for one in known):
            clients.ses.delete_configuration_set(ConfigurationSetName=model["Name"])


class TemplateProvider(PutProvider):
    """AWS::SES::Template."""

    TYPE = "AWS::SES::Template"
    SCHEMA = schema(TYPE, "Id", "Template", read_only=True)

    def create(self, request: ResourceRequest[Model]) -> ProgressEvent[Model]:
        """Create the template, named after stack and logical id unless the CloudFormation template names it."""
        name = f"{request.stack_name}-{request.logical_resource_id}"
        request.desired_state["Template"].setdefault("TemplateName", name)
        return super().create(request)

    def put(self, clients: Any, model: Model) -> None:
        """Create the template or bring it up to date."""
        template = model["Template"]
        if "Id" in model:
            template.setdefault("TemplateName", model["Id"])
            clients.ses.update_template(Template=template)
        else:
            clients.ses.create_template(Template=template)
        model["Id"] = template["TemplateName"]

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the template."""
        clients.ses.delete_template(TemplateName=model["Id"])


class EventDestinationProvider(PutProvider):
    """AWS::SES::ConfigurationSetEventDestination, to an SNS topic."""

    TYPE = "AWS::SES::ConfigurationSetEventDestination"
    SCHEMA = schema(TYPE, "Id", "ConfigurationSetName", "EventDestination", read_only=True)

    def put(self, clients: Any, model: Model) -> None:
        """Create the destination; SES sends the topic a first message."""
        wanted = dict(model["EventDestination"])
        wanted["SNSDestination"] = wanted.pop("SnsDestination")
        clients.ses.create_configuration_set_event_destination(
            ConfigurationSetName=model["ConfigurationSetName"], EventDestination=wanted
        )
        model["Id"] = f"{model['ConfigurationSetName']}|{wanted['Name']}"

    def remove(self, clients: Any, model: Model) -> None:
        """Delete the destination."""
        clients.ses.delete_configuration_set_event_destination(
            ConfigurationSetName=model["ConfigurationSetName"], EventDestinationName=model["EventDestination"]["Name"]
        )


def plugin(provider: type[PutProvider]) -> type[CloudFormationResourceProviderPlugin]:
    """The entry point of a type."""

    class ProviderPlugin(CloudFormationResourceProviderPlugin):
        name = provider.TYPE
        factory = provider

        def load(self, *_: Any, **__: Any) -> type[PutProvider]:
            return provider

    return ProviderPlugin


DashboardPlugin = plugin(DashboardProvider)
MetricFilterPlugin = plugin(MetricFilterProvider)
ConfigurationSetPlugin = plugin(ConfigurationSetProvider)
EventDestinationPlugin = plugin(EventDestinationProvider)
TemplatePlugin = plugin(TemplateProvider)
