"""Resource types that community LocalStack mocks silently are real here."""

import json
from typing import Any

import pytest
from tests.integration.executor.bare_localstack import BareLocalStack, poll

ACCOUNT = "500000000001"
TEMPLATE = {
    "Resources": {
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": "board", "DashboardBody": json.dumps({"widgets": []})},
        },
        "Unnamed": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardBody": json.dumps({"widgets": []})},
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/any/group"}},
        "Filter": {
            "Type": "AWS::Logs::MetricFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Group"},
                "FilterPattern": "ERROR",
                "MetricTransformations": [{"MetricName": "Errors", "MetricNamespace": "Mine", "MetricValue": "1"}],
            },
        },
        "Address": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "shop@example.com"}},
        "Domain": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}},
        "Set": {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "mails"}},
        "Mail": {
            "Type": "AWS::SES::Template",
            "Properties": {
                "Template": {"TemplateName": "hello", "SubjectPart": "Hello {{name}}", "TextPart": "Hi {{name}}"}
            },
        },
    }
}


def resources(cloudformation: Any, stack: str) -> dict[str, str]:
    """Physical ids by logical id."""
    rows = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}


def state(cloudformation: Any, stack: str) -> str:
    """The stack's status; DELETE_COMPLETE when there is none."""
    try:
        return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
    except cloudformation.exceptions.ClientError:
        return "DELETE_COMPLETE"


@pytest.mark.parametrize("stack", ["providers"])
def test_mocked_types_are_real(localstack: BareLocalStack, stack: str) -> None:
    names = ("cloudformation", "cloudwatch", "logs", "ses")
    cloudformation, cloudwatch, logs, ses = (localstack.client(name, account=ACCOUNT) for name in names)
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(TEMPLATE))
    poll(lambda: state(cloudformation, stack).endswith(("COMPLETE", "FAILED")))
    assert state(cloudformation, stack) == "CREATE_COMPLETE", cloudformation.describe_stack_events(StackName=stack)
    ids = resources(cloudformation, stack)
    assert ids == {
        "Dashboard": "board",
        "Unnamed": f"{stack}-Unnamed",
        "Group": "/any/group",
        "Filter": f"{stack}-Filter",
        "Address": "shop@example.com",
        "Domain": "example.com",
        "Set": "mails",
        "Mail": "hello",
    }
    boards = {entry["DashboardName"] for entry in cloudwatch.list_dashboards()["DashboardEntries"]}
    assert boards == {"board", f"{stack}-Unnamed"}
    (metric_filter,) = logs.describe_metric_filters(logGroupName="/any/group")["metricFilters"]
    assert metric_filter["filterPattern"] == "ERROR"
    assert set(ses.list_identities()["Identities"]) == {"shop@example.com", "example.com"}
    assert ses.get_template(TemplateName="hello")["Template"]["SubjectPart"] == "Hello {{name}}"
    assert ses.list_configuration_sets()["ConfigurationSets"] == [{"Name": "mails"}]

    cloudformation.delete_stack(StackName=stack)
    poll(lambda: state(cloudformation, stack).endswith(("DELETE_COMPLETE", "FAILED")))
    assert cloudwatch.list_dashboards()["DashboardEntries"] == []
    assert ses.list_identities()["Identities"] == []
    assert ses.list_configuration_sets()["ConfigurationSets"] == []
    assert ses.list_templates()["TemplatesMetadata"] == []
