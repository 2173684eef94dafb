"""A worker of the system `warehouse`, which picks goods: `python warehouse.py API_URL`.

It stands for a program beside a system on premise. The warehouse here is a folder: each pick is a file named by its
key, so that a repeated one is the same pick.
"""

import json
import logging
import sys
from pathlib import Path

from mtd_worker import Refused, Task, Worker


def main(url: str, folder: Path, region: str = "us-west-2") -> None:
    """Work until SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    worker = Worker(url, region, system="warehouse")

    @worker.operation("pick")
    def pick(task: Task) -> dict[str, object]:
        lines = task.request["lines"]
        if not lines:
            raise Refused("nothing_to_pick", f"order {task.order} has no lines")
        picked = folder / task.key.replace(":", "_")
        if not picked.exists():
            picked.write_text(json.dumps({"order": task.order, "lines": lines}), "utf-8")
        return {"picked": len(lines)}

    worker.run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(sys.argv[1], Path(sys.argv[2] if len(sys.argv) > 2 else "picked"))
