"""A client of debugpy: the messages of the Debug Adapter Protocol that a breakpoint needs."""

import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

type Json = dict[str, Any]

_SECONDS = 30.0


class Ide:
    """An attached client. https://microsoft.github.io/debug-adapter-protocol"""

    def __init__(self, port: int) -> None:
        self._socket = _connected(port)
        self._file = self._socket.makefile("rb")
        self._sequence = 0
        self._seen: list[Json] = []
        self.ask("initialize", {"adapterID": "mtd", "pathFormat": "path"})
        self._send("attach", {"justMyCode": False})
        self.wait(lambda message: message.get("event") == "initialized")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()
        self._socket.close()

    def stop_at(self, path: Path, line: int) -> Json:
        """Sets one breakpoint and lets the process go on; the breakpoint as debugpy has it."""
        answer = self.ask("setBreakpoints", {"source": {"path": str(path)}, "breakpoints": [{"line": line}]})
        self.ask("configurationDone", {})
        found: Json = answer["body"]["breakpoints"][0]
        return found

    def stopped(self) -> Json:
        """Waits for a stop; the frame on top."""
        event = self.wait(lambda message: message.get("event") == "stopped")
        thread = event["body"]["threadId"]
        frame: Json = self.ask("stackTrace", {"threadId": thread, "levels": 1})["body"]["stackFrames"][0]
        return frame | {"threadId": thread}

    def evaluate(self, expression: str, frame: Json) -> str:
        answer = self.ask("evaluate", {"expression": expression, "frameId": frame["id"], "context": "watch"})
        return str(answer["body"]["result"])

    def go_on(self, frame: Json) -> None:
        self.ask("continue", {"threadId": frame["threadId"]})

    def leave(self) -> None:
        """Without ending the process."""
        self.ask("disconnect", {"terminateDebuggee": False})

    def ask(self, command: str, arguments: Json) -> Json:
        sequence = self._send(command, arguments)
        answer = self.wait(lambda message: message.get("request_seq") == sequence)
        assert answer["success"], answer
        return answer

    def wait(self, accept: Callable[[Json], bool]) -> Json:
        for message in self._seen:
            if accept(message):
                self._seen.remove(message)
                return message
        while True:
            message = self._read()
            if accept(message):
                return message
            self._seen.append(message)

    def _send(self, command: str, arguments: Json) -> int:
        self._sequence += 1
        message = {"seq": self._sequence, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return self._sequence

    def _read(self) -> Json:
        length = 0
        while line := self._file.readline().strip():
            length = int(line.partition(b":")[2])
        assert length, "the debugger hung up"
        message: Json = json.loads(self._file.read(length))
        return message


def _connected(port: int) -> socket.socket:
    """Once it listens; in a container the port is open before anybody does, and says nothing."""
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
            connection.settimeout(1.0)
            if connection.recv(1, socket.MSG_PEEK):
                connection.settimeout(_SECONDS)
                return connection
        except TimeoutError:
            connection.settimeout(_SECONDS)
            return connection  # it waits for our first word
        except OSError:
            pass
        assert time.monotonic() < deadline, f"nothing listens on {port}"
        time.sleep(0.1)
