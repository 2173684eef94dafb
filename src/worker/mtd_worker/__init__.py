"""Works off tasks of MTD for a system that nobody can reach from outside."""

from mtd_worker.client import Client, LeaseLost, Unreachable
from mtd_worker.signing import Credentials
from mtd_worker.worker import Later, Refused, Task, Worker

__all__ = ["Client", "Credentials", "Later", "LeaseLost", "Refused", "Task", "Unreachable", "Worker"]
