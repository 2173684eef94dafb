"""The settings of all tests: Hypothesis tries many examples, and times none."""

import hypothesis

# A busy machine makes any single example slow; time is measured in tests/performance only.
hypothesis.settings.register_profile("mtd", deadline=None)
hypothesis.settings.load_profile("mtd")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """No long ids: an id stands in the environment of every process that a test starts."""
    return f"{argname} of {len(val)}" if isinstance(val, str | bytes) and len(val) > 120 else None
