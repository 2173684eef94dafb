"""The configuration of a Lambda: the only reader of the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mtd.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings that differ between backends. No URL has a trailing slash."""

    function: str
    function_prefix: str
    region: str
    database_secret_id: str
    api_url: str
    orders_queue_url: str
    waiting_queue_url: str
    transitions_queue_url: str
    notifications_queue_url: str
    operations_queue_url: str
    archive_bucket: str
    dte_incident_arn: str
    warnings_topic_arn: str
    gift_card_url: str
    eom_url: str
    paperless_url: str
    sales_support_url: str
    mail_sender: str
    mail_template: str
    #: Has SES report bounces and complaints.
    mail_configuration_set: str
    #: The delay before the second try of an effect; it doubles with each try.
    retry_base_seconds: float
    legacy_timeout_seconds: float
    lease_seconds: float
    #: Calls of state APIs that `route_order` makes at a time.
    state_calls_at_once: int
    #: Orders in a row without an answer that open a circuit.
    circuit_threshold: int
    circuit_probe_seconds: float
    #: Released orders a second.
    circuit_drain_rate: float
    #: How route_order calls the states: `api`, or `direct` by their functions' aliases.
    state_calls: str
    #: Paperless in the SII's certification environment, for deployments' own orders; '' for none.
    paperless_certification_url: str
    tax_settings: str = ""
    #: Hosts of connected systems, separated by commas: `fraud.example`, `*.retailer.example`, `127.0.0.1:4600`.
    system_hosts: str = ""
    #: Networks of private addresses that connected systems may have, CIDR, separated by commas.
    system_networks: str = ""
    #: The names of connected systems' secrets begin so.
    system_secrets: str = ""

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> "Config":
        """Read all variables. Raises one ConfigurationError that names every missing or malformed variable."""
        env = os.environ if environment is None else environment
        problems: list[str] = []

        def text(name: str) -> str:
            value = env.get(name, "")
            if not value:
                problems.append(f"{name} is missing")
            return value

        def number(name: str) -> float:
            value = text(name)
            try:
                return float(value) if value else 0.0
            except ValueError:
                problems.append(f"{name} is not a number: {value!r}")
                return 0.0

        config = cls(
            function=text("AWS_LAMBDA_FUNCTION_NAME").rpartition("-")[2],
            function_prefix="".join(env.get("AWS_LAMBDA_FUNCTION_NAME", "").rpartition("-")[:2]),
            region=text("AWS_REGION"),
            database_secret_id=text("DATABASE_SECRET_ID"),
            api_url=text("API_URL").rstrip("/"),
            orders_queue_url=text("ORDERS_QUEUE_URL"),
            waiting_queue_url=text("WAITING_QUEUE_URL"),
            transitions_queue_url=text("TRANSITIONS_QUEUE_URL"),
            notifications_queue_url=text("NOTIFICATIONS_QUEUE_URL"),
            operations_queue_url=text("OPERATIONS_QUEUE_URL"),
            archive_bucket=text("ARCHIVE_BUCKET"),
            dte_incident_arn=text("DTE_INCIDENT_ARN"),
            warnings_topic_arn=text("WARNINGS_TOPIC_ARN"),
            gift_card_url=text("GIFT_CARD_URL").rstrip("/"),
            eom_url=text("EOM_URL").rstrip("/"),
            paperless_url=text("PAPERLESS_URL").rstrip("/"),
            sales_support_url=text("SALES_SUPPORT_URL").rstrip("/"),
            mail_sender=text("MAIL_SENDER"),
            mail_template=text("MAIL_TEMPLATE"),
            mail_configuration_set=text("MAIL_CONFIGURATION_SET"),
            retry_base_seconds=number("RETRY_BASE_SECONDS"),
            legacy_timeout_seconds=number("LEGACY_TIMEOUT_SECONDS"),
            lease_seconds=number("LEASE_SECONDS"),
            state_calls_at_once=int(number("STATE_CALLS_AT_ONCE")),
            circuit_threshold=int(number("CIRCUIT_THRESHOLD")),
            circuit_probe_seconds=number("CIRCUIT_PROBE_SECONDS"),
            circuit_drain_rate=number("CIRCUIT_DRAIN_RATE"),
            state_calls=env.get("STATE_CALLS") or "api",
            paperless_certification_url=env.get("PAPERLESS_CERTIFICATION_URL", "").rstrip("/"),
            tax_settings=env.get("TAX_SETTINGS", ""),
            system_hosts=env.get("SYSTEM_HOSTS", ""),
            system_networks=env.get("SYSTEM_NETWORKS", ""),
            system_secrets=env.get("SYSTEM_SECRETS", ""),
        )
        if problems:
            raise ConfigurationError("set in the template's Globals: " + "; ".join(problems))
        return config


@cache
def config() -> Config:
    """The environment's configuration, read once."""
    return Config.from_env()
