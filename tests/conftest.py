"""What all tests share: examples are many, but none is timed."""

import hypothesis

# A busy machine makes any single example slow; time is measured in tests/performance only.
hypothesis.settings.register_profile("mtd", deadline=None)
hypothesis.settings.load_profile("mtd")
