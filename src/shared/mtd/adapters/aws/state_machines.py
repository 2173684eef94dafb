"""Step Functions behind `ports.StateMachines`."""

import json
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from mtd.adapters.aws.clients import client
from mtd.domain.errors import ProcessError, RetryableError
from mtd.domain.json_types import Json


class StepFunctions:
    """`arns` maps a state machine's name in bindings to its ARN."""

    def __init__(self, arns: Mapping[str, str]) -> None:
        self._arns = arns

    def start(self, name: str, execution: str, body: Json) -> None:
        if name not in self._arns:
            raise ProcessError(
                f"there is no state machine {name!r}: deploy it, or bind the task to another server",
                code="nobody_serves",
            )
        try:
            client("stepfunctions").start_execution(
                stateMachineArn=self._arns[name], name=execution[:80], input=json.dumps(body)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                raise RetryableError(f"Step Functions {name}: {error}", code="sfn_unavailable") from error
        except BotoCoreError as error:
            raise RetryableError(f"Step Functions {name}: {error}", code="sfn_unavailable") from error
