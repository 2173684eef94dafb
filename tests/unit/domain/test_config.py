import pytest

from mtd.config import Config
from mtd.domain.errors import ConfigurationError

_TEXTS = (
    "AWS_REGION DATABASE_SECRET_ID API_URL ORDERS_QUEUE_URL WAITING_QUEUE_URL TRANSITIONS_QUEUE_URL "
    "NOTIFICATIONS_QUEUE_URL DTE_INCIDENT_ARN GIFT_CARD_URL EOM_URL PAPERLESS_URL SALES_SUPPORT_URL MAIL_SENDER "
    "MAIL_TEMPLATE MAIL_CONFIGURATION_SET OPERATIONS_QUEUE_URL ARCHIVE_BUCKET WARNINGS_TOPIC_ARN"
).split()
_NUMBERS = (
    "RETRY_BASE_SECONDS",
    "LEGACY_TIMEOUT_SECONDS",
    "LEASE_SECONDS",
    "CIRCUIT_THRESHOLD",
    "CIRCUIT_PROBE_SECONDS",
    "CIRCUIT_DRAIN_RATE",
    "STATE_CALLS_AT_ONCE",
)
_FULL = {
    "AWS_LAMBDA_FUNCTION_NAME": "mtd-local-issue_dte",
    **dict.fromkeys(_TEXTS, "https://x/"),
    **dict.fromkeys(_NUMBERS, "1.5"),
}


def test_a_full_environment() -> None:
    config = Config.from_env(_FULL)

    assert (config.function, config.lease_seconds, config.api_url) == ("issue_dte", 1.5, "https://x")


def test_all_that_is_missing_or_wrong_is_told_at_once() -> None:
    broken = {name: value for name, value in _FULL.items() if name not in ("API_URL", "EOM_URL")}
    broken["LEASE_SECONDS"] = "soon"

    with pytest.raises(ConfigurationError) as caught:
        Config.from_env(broken)

    assert str(caught.value).count(";") == 2
    for fault in ("API_URL is missing", "EOM_URL is missing", "LEASE_SECONDS is not a number: 'soon'"):
        assert fault in str(caught.value)
