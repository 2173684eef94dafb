"""The gateway's address, its additions, the S3 folder, and hot reload with recycling."""

import json
import socket
import threading
import urllib.error
from pathlib import Path

import pytest
from tests.integration.executor.bare_localstack import BareLocalStack, poll
from tests.integration.executor.functions import Functions


def test_the_gateway_binds_the_loopback_interface_only(localstack: BareLocalStack) -> None:
    port = f"{localstack.port:04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        if Path(table).exists()
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port}") and line.split()[3] == "0A"
    ]
    assert listening == [f"0100007F:{port}"]


def test_s3_objects_lie_in_the_instances_own_folder(localstack: BareLocalStack) -> None:
    s3 = localstack.client("s3", account="400000000001")
    s3.create_bucket(Bucket="in-its-own-folder", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert (localstack.folder / "s3" / "in-its-own-folder").is_dir()


def test_requests_are_counted_inside_and_out(tmp_path: Path) -> None:
    with BareLocalStack(tmp_path / "localstack") as localstack:
        sqs = localstack.client("sqs")
        localstack.request("DELETE", "/_mtd/requests")
        assert localstack.request("GET", "/_mtd/requests")["external"] == {}
        for number in range(3):
            sqs.create_queue(QueueName=f"queue-{number}")
        functions = Functions(localstack, "000000000000")
        functions.create("counted", "def handler(e, c): pass\n")
        functions.invoke("counted")
        counts = localstack.request("GET", "/_mtd/requests")
        assert counts["external"]["sqs.CreateQueue"] == 3
        assert counts["external"]["lambda.Invoke"] == 1
        assert counts["internal"]["sts.AssumeRole"] >= 1
        assert localstack.request("DELETE", "/_mtd/requests")["external"]["sqs.CreateQueue"] == 3
        assert localstack.request("GET", "/_mtd/requests")["external"] == {}


def test_environments_are_listed(functions: Functions) -> None:
    functions.create("listed", "def handler(e, c): pass\n")
    assert functions.environments("listed") == []
    functions.invoke("listed")
    (row,) = functions.environments("listed")
    assert row["qualifier"] == "$LATEST"
    assert row["state"] == "idle"
    assert row["pid"] > 0
    assert 10 < row["memory_mb"] < 256
    assert row["since"] > 1_600_000_000


@pytest.mark.parametrize("body", [None, [], {}, {"functions": "name"}, {"functions": [1]}])
def test_a_malformed_recycle_is_refused_with_a_reason(localstack: BareLocalStack, body: object) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        localstack.request("POST", "/_mtd/recycle", body)
    assert caught.value.code == 400
    assert "functions" in json.load(caught.value)["error"]


def test_recycling_gives_the_named_functions_fresh_processes(functions: Functions) -> None:
    source = "import os\ndef handler(e, c):\n    return os.getpid()\n"
    for name in ("recycled", "kept"):
        functions.create(name, source)
    before = {name: functions.invoke(name).payload for name in ("recycled", "kept")}
    answer = functions.localstack.request("POST", "/_mtd/recycle", {"functions": ["recycled", "unknown"]})
    assert answer == {"recycled": {"recycled": 1, "unknown": 0}}
    assert functions.invoke("recycled").payload != before["recycled"]
    assert functions.invoke("kept").payload == before["kept"]


def test_recycling_does_not_interrupt_a_running_call(functions: Functions, tmp_path: Path) -> None:
    source = """
import os, pathlib, time
def handler(event, context):
    here = pathlib.Path(event)
    (here / "running").touch()
    deadline = time.monotonic() + 15
    while not (here / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return os.getpid()
"""
    functions.create("running", source, Timeout=20)
    pids: list[int] = []
    call = threading.Thread(target=lambda: pids.append(functions.invoke("running", str(tmp_path)).payload))
    call.start()
    poll((tmp_path / "running").exists)
    functions.localstack.request("POST", "/_mtd/recycle", {"functions": ["running"]})
    (tmp_path / "go").touch()
    call.join(30)
    assert len(pids) == 1
    assert functions.invoke("running", str(tmp_path)).payload != pids[0]


def test_hot_code_is_served_after_recycling_through_an_alias(functions: Functions, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()

    def save(text: str) -> None:
        (code / "handler.py").write_text(text)
        functions.localstack.request("POST", "/_mtd/recycle", {"functions": ["hot"]})

    save("def handler(e, c):\n    return 'one'\n")
    functions.create("hot", "", hot=str(code))
    version = functions.client.publish_version(FunctionName="hot")["Version"]
    functions.client.create_alias(FunctionName="hot", Name="live", FunctionVersion=version)
    poll(
        lambda: (
            functions.client.get_function(FunctionName="hot", Qualifier=version)["Configuration"]["State"] == "Active"
        )
    )
    assert functions.invoke("hot", qualifier="live").payload == "one"
    for word in ("two", "six", "ten"):
        save(f"def handler(e, c):\n    return '{word}'\n")
        assert functions.invoke("hot", qualifier="live").payload == word, "same second, same size, new code"
    save("def handler(e, c:\n")
    assert functions.invoke("hot", qualifier="live").payload["errorType"] == "Runtime.UserCodeSyntaxError"
    save("def handler(e, c):\n    return 'healed'\n")
    assert functions.invoke("hot", qualifier="live").payload == "healed"
    assert not list(code.glob("**/__pycache__")), "nothing is written into the developer's folder"


def test_a_hot_layer_overlays_the_published_one_for_hot_functions_only(
    functions: Functions, tmp_path: Path, hot_folder: Path
) -> None:
    source = "import third, ours\ndef handler(e, c):\n    return [third.name, ours.name]\n"
    files = {"python/third.py": "name = 'from the layer'", "python/ours.py": "name = 'published'"}
    layer = functions.publish_layer("hot", files)
    (hot_folder / "ours.py").write_text("name = 'saved'")
    (tmp_path / "handler.py").write_text(source)
    functions.create("hot", "", hot=str(tmp_path), layers=[layer])
    functions.create("packed", source, layers=[layer])
    assert functions.invoke("hot").payload == ["from the layer", "saved"]
    assert functions.invoke("packed").payload == ["from the layer", "published"]


def test_a_taken_port_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError, match=f"127.0.0.1:{port}"):
            BareLocalStack(tmp_path, {"GATEWAY_LISTEN": f"127.0.0.1:{port}"})
