"""The runner's use of its descriptors."""

import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from mtd_localstack.executor.function_runner import readable


@contextmanager
def high(fd: int) -> Iterator[int]:
    """The same descriptor above what select() can take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    copied = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 2000)
    try:
        yield copied
    finally:
        os.close(copied)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_is_watched_however_many_files_the_emulator_has_open() -> None:
    reader, writer = os.pipe()
    with high(reader) as watched:
        assert watched >= 2000
        assert not readable(watched, 0)
        os.close(writer)  # as a process that ends
        assert readable(watched, 0)
        assert readable(watched, None)
    os.close(reader)
