"""The environment of a function: variables, folders, layers, modules."""

import os
from pathlib import Path

import pytest
from tests.integration.executor.bare_localstack import BareLocalStack
from tests.integration.executor.functions import Functions

SEES = """
import os, sys, tempfile
def handler(event, context):
    return {"env": dict(os.environ), "path": sys.path, "cwd": os.getcwd(), "tmp": tempfile.gettempdir(),
            "pid": os.getpid(), "modules": sorted(sys.modules)}
"""


def test_the_environment_is_the_functions_alone(functions: Functions) -> None:
    functions.create("alone", SEES, environment={"MINE": "ä ö"})
    env = functions.invoke("alone").payload["env"]
    assert env["MINE"] == "ä ö"
    assert env["AWS_LAMBDA_FUNCTION_NAME"] == "alone"
    assert env["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert env["AWS_REGION"] == "us-west-2"
    emulators = {"MTD_LAMBDA_PYTHON", "GATEWAY_LISTEN", "LOCALSTACK_VOLUME_DIR", "LAMBDA_RUNTIME_EXECUTOR"}
    assert not emulators & env.keys()


def test_task_root_is_the_code_folder_and_the_working_folder(functions: Functions) -> None:
    functions.create("root", {"handler.py": SEES, "data.txt": "here"})
    seen = functions.invoke("root").payload
    assert Path(seen["env"]["LAMBDA_TASK_ROOT"], "data.txt").read_text() == "here"
    assert seen["cwd"] == seen["env"]["LAMBDA_TASK_ROOT"] == seen["path"][0]


def test_each_environment_has_a_tmp_of_its_own(functions: Functions) -> None:
    for name in ("tmp_one", "tmp_two"):
        functions.create(name, SEES)
    one, two = functions.invoke("tmp_one").payload["tmp"], functions.invoke("tmp_two").payload["tmp"]
    assert one != two
    assert Path(one).is_dir()
    assert Path(two).is_dir()


def test_layers_stand_between_the_code_and_the_runtime(functions: Functions) -> None:
    lower = functions.publish_layer("lower", {"python/shared.py": "who = 'lower'", "python/low.py": ""})
    upper = functions.publish_layer(
        "upper", {"python/shared.py": "who = 'upper'", "python/lib/python3.13/site-packages/deep.py": ""}
    )
    source = """
import deep, low, shared
def handler(event, context):
    return shared.who
"""
    functions.create("layered", source, layers=[lower, upper])
    assert functions.invoke("layered").payload == "upper", "the later layer overrides the earlier one"


def test_a_functions_own_copy_of_a_preloaded_package_wins(functions: Functions) -> None:
    files = {"handler.py": "import urllib3\ndef handler(e, c):\n    return urllib3.mine\n"}
    functions.create("vendored", {**files, "urllib3/__init__.py": "mine = 'my own urllib3'"})
    assert functions.invoke("vendored").payload == "my own urllib3"


def test_a_dependency_that_aws_does_not_ship_is_missing(functions: Functions) -> None:
    functions.create("lacking", "import localstack\ndef handler(e, c): pass\n")
    answer = functions.invoke("lacking")
    assert answer.failed
    assert answer.payload["errorType"] == "Runtime.ImportModuleError"


def test_a_function_reaches_aws_through_localstack(functions: Functions) -> None:
    source = """
import boto3
def handler(event, context):
    boto3.client("s3").create_bucket(Bucket=event, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return [bucket["Name"] for bucket in boto3.client("s3").list_buckets()["Buckets"]]
"""
    functions.create("reaches", source)
    answer = functions.invoke("reaches", f"made-by-a-function-{os.getpid()}")
    assert answer.payload == [f"made-by-a-function-{os.getpid()}"]


def test_third_party_modules_are_preloaded_and_our_code_never(functions: Functions, localstack: BareLocalStack) -> None:
    layer = functions.publish_layer("ours", {"python/ours.py": "", "python/psycopg/__init__.py": "layered = 1"})
    functions.create("preloaded", SEES, layers=[layer])
    modules = functions.invoke("preloaded").payload["modules"]
    assert {"boto3", "botocore.session", "urllib3", "psycopg"} <= set(modules)
    assert "ours" not in modules
    assert "threads; forks of it may hang" not in localstack.log.read_text()


@pytest.mark.parametrize("size", [100_000, 5_900_000])
def test_large_payloads_pass_both_ways(functions: Functions, size: int) -> None:
    functions.create("echo", "def handler(event, context):\n    return event\n", MemorySize=1024)
    event = "ñ" * (size // 2)
    assert functions.invoke("echo", event).payload == event


def test_unicode_passes_both_ways(functions: Functions) -> None:
    functions.create("unicode", "def handler(event, context):\n    print(event)\n    return event\n")
    event = 'Ñandú 🛵 \u2028 "quoted" \\ \' </script>'
    answer = functions.invoke("unicode", event)
    assert answer.payload == event
    assert event in answer.log


def test_a_response_over_the_limit_is_refused_as_on_aws(functions: Functions) -> None:
    functions.create("huge", "def handler(event, context):\n    return 'x' * event\n", MemorySize=1024)
    answer = functions.invoke("huge", 6_400_000)
    assert answer.failed
    assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert functions.invoke("huge", 3).payload == "xxx"


def test_a_first_client_reads_no_service_description(functions: Functions) -> None:
    source = """
import sys, boto3
read = []
sys.addaudithook(lambda name, arguments: read.append(str(arguments[0])) if name == "open" else None)
def handler(event, context):
    read.clear()
    boto3.client(event)
    return [path for path in read if "botocore" in path and ".json" in path]
"""
    functions.create("clients", source)
    assert functions.invoke("clients", "sqs").payload == []
    assert functions.invoke("clients", "acm").payload != [], "the fork server has not read this one"
