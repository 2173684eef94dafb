import boto3
import pytest
from mtd_localstack.cloudformation.api_calls import UnknownProperty, shaped


def parameters(service: str, operation: str, properties: dict[str, object]) -> object:
    session = boto3.Session("x", "x", region_name="us-west-2")
    client = session.client(service)  # type: ignore[call-overload]
    return shaped(properties, client.meta.service_model.operation_model(operation).input_shape)


def test_texts_become_the_numbers_and_truths_that_the_api_takes() -> None:
    template = {"AllocatedStorage": "100", "MultiAZ": "true", "DeletionProtection": False, "Iops": 4000.0, "Port": 5432}

    assert parameters("rds", "CreateDBInstance", template) == {
        "AllocatedStorage": 100,
        "MultiAZ": True,
        "DeletionProtection": False,
        "Iops": 4000,
        "Port": 5432,
    }


def test_names_get_the_first_letters_of_the_api_but_not_those_that_are_data() -> None:
    container = {
        "Name": "portal",
        "PortMappings": [{"ContainerPort": "8080"}],
        "LogConfiguration": {"LogDriver": "awslogs", "Options": {"awslogs-Group": "/g"}},
    }

    assert parameters("ecs", "RegisterTaskDefinition", {"Cpu": 512, "ContainerDefinitions": [container]}) == {
        "cpu": "512",
        "containerDefinitions": [
            {
                "name": "portal",
                "portMappings": [{"containerPort": 8080}],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-Group": "/g"}},
            }
        ],
    }


def test_a_property_that_the_api_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownProperty, match=r"ImageScanningConfiguration\.OnPush is no parameter"):
        parameters("ecr", "CreateRepository", {"ImageScanningConfiguration": {"OnPush": True}})
