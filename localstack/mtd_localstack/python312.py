"""Lets LocalStack run on Python 3.12: one of its modules imports ``warnings.deprecated``, which came with 3.13."""

import warnings

from localstack.runtime.hooks import on_runtime_create


@on_runtime_create()
def mtd_create() -> None:
    """Runs before LocalStack loads its services; does nothing on newer Pythons."""
    if not hasattr(warnings, "deprecated"):
        from typing_extensions import deprecated

        warnings.deprecated = deprecated  # type: ignore[attr-defined, unused-ignore]
