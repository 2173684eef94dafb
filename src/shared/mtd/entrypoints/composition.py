"""Wires adapters to the configuration, once an environment, on first use."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from mtd.config import config
from mtd.domain.errors import ConfigurationError
from mtd.domain.lanes import LANES, MAIN

if TYPE_CHECKING:
    from mtd.adapters.aws.functions_api import FunctionsApi
    from mtd.adapters.aws.invoked_states import InvokedStates
    from mtd.adapters.aws.mailer import SesMailer
    from mtd.adapters.aws.objects import S3Objects
    from mtd.adapters.aws.queues import SqsQueues
    from mtd.adapters.aws.state_machines import StepFunctions
    from mtd.adapters.aws.topics import Outgoing
    from mtd.adapters.forms import JsonSchemas
    from mtd.adapters.legacy.http import HttpLegacy
    from mtd.adapters.legacy.paperless import HttpPaperless
    from mtd.adapters.legacy.paperless_lists import HttpRegister
    from mtd.adapters.postgres.database import Database
    from mtd.adapters.postgres.flow.circuits import PostgresCircuits
    from mtd.adapters.postgres.flow.deadlines import PostgresDeadlines
    from mtd.adapters.postgres.flow.outbox import PostgresOutbox
    from mtd.adapters.postgres.flow.store import PostgresFlowStore
    from mtd.adapters.postgres.intake.registration import PostgresRegistrar
    from mtd.adapters.postgres.messages.messages import PostgresMessages
    from mtd.adapters.postgres.operations.bulk_operations import PostgresOperations
    from mtd.adapters.postgres.operations.notes import PostgresNotes
    from mtd.adapters.postgres.processes.processes import PostgresVersions
    from mtd.adapters.postgres.records.archive import ArchivedOrders, PostgresArchive
    from mtd.adapters.postgres.records.chain import PostgresAudit
    from mtd.adapters.postgres.records.erasure import PostgresErasing
    from mtd.adapters.postgres.records.invariants import PostgresInvariants
    from mtd.adapters.postgres.reporting.reconciliation import PostgresDocuments
    from mtd.adapters.postgres.reporting.summaries import PostgresSummaries
    from mtd.adapters.postgres.reporting.warnings import PostgresWarnings
    from mtd.adapters.postgres.systems.systems import PostgresSystems
    from mtd.adapters.postgres.systems.work import PostgresWork
    from mtd.adapters.postgres.tasks.tasks import PostgresTasks
    from mtd.adapters.postgres.tenants.tenants import PostgresTenants
    from mtd.adapters.postgres.users import PostgresUsers
    from mtd.adapters.systems.addresses import AllowedAddresses
    from mtd.adapters.systems.connection import HttpSystems
    from mtd.adapters.systems.own_services import AwsServices
    from mtd.domain.tax.issuer import TaxSettings
    from mtd.usecases.flow.circuit_breaker import CircuitSettings
    from mtd.usecases.operations.correct_order import LegacySystems


@cache
def database() -> "Database":
    from mtd.adapters.aws.secrets import secret
    from mtd.adapters.postgres.database import Database, conninfo_from_secret

    return Database(lambda: conninfo_from_secret(secret(config().database_secret_id)))


@cache
def queues() -> "SqsQueues":
    from mtd.adapters.aws.queues import SqsQueues

    return SqsQueues(
        {
            "orders": config().orders_queue_url,
            "waiting": config().waiting_queue_url,
            **{lane: config().transitions_queue_url + lane.removeprefix(MAIN) for lane in LANES},
            "notifications": config().notifications_queue_url,
            "operations": config().operations_queue_url,
        }
    )


def users(secrets: Mapping[str, str], *, owner: str) -> "PostgresUsers":
    """The users' adapter; `secrets` are ids: `administrator`, `reader`, and `portal` where the stack has one."""
    from mtd.adapters.aws.secrets import secret
    from mtd.adapters.postgres.users import PostgresUsers

    return PostgresUsers(
        secret,
        administrator=secrets["administrator"],
        owner=owner,
        reader=secrets["reader"],
        portal=secrets.get("portal"),
    )


@cache
def flow_store() -> "PostgresFlowStore":
    from mtd.adapters.postgres.flow.store import PostgresFlowStore

    return PostgresFlowStore(database(), queues().send_all, config().lease_seconds)


@cache
def registrar() -> "PostgresRegistrar":
    from mtd.adapters.postgres.intake.registration import PostgresRegistrar

    return PostgresRegistrar(database(), flow_store())


@cache
def operations() -> "PostgresOperations":
    from mtd.adapters.postgres.operations.bulk_operations import PostgresOperations

    return PostgresOperations(database(), flow_store())


@cache
def circuits() -> "PostgresCircuits":
    from mtd.adapters.postgres.flow.circuits import PostgresCircuits

    return PostgresCircuits(database(), flow_store())


def tasks() -> "PostgresTasks":
    from mtd.adapters.postgres.tasks.tasks import PostgresTasks

    return PostgresTasks(database())


def messages() -> "PostgresMessages":
    from mtd.adapters.postgres.messages.messages import PostgresMessages

    return PostgresMessages(database())


def circuit_settings() -> "CircuitSettings":
    from mtd.usecases.flow.circuit_breaker import CircuitSettings

    return CircuitSettings(
        threshold=config().circuit_threshold,
        probe_seconds=config().circuit_probe_seconds,
        drain_rate=config().circuit_drain_rate,
    )


@cache
def versions() -> "PostgresVersions":
    from mtd.adapters.postgres.processes.processes import PostgresVersions

    return PostgresVersions(database())


@cache
def outbox() -> "PostgresOutbox":
    from mtd.adapters.postgres.flow.outbox import PostgresOutbox

    return PostgresOutbox(database(), outgoing().send_all)


@cache
def outgoing() -> "Outgoing":
    """The sender of outbox messages to queues and topics."""
    from mtd.adapters.aws.topics import Outgoing

    return Outgoing(queues(), {"warnings": config().warnings_topic_arn})


@cache
def warnings() -> "PostgresWarnings":
    from mtd.adapters.postgres.flow.store import PostgresFlowStore
    from mtd.adapters.postgres.reporting.warnings import PostgresWarnings

    return PostgresWarnings(database(), PostgresFlowStore(database(), outgoing().send_all, config().lease_seconds))


@cache
def deadlines() -> "PostgresDeadlines":
    from mtd.adapters.postgres.flow.deadlines import PostgresDeadlines

    return PostgresDeadlines(database(), queues().send_all)


@cache
def summaries() -> "PostgresSummaries":
    from mtd.adapters.postgres.reporting.summaries import PostgresSummaries

    return PostgresSummaries(database())


@cache
def tenants() -> "PostgresTenants":
    from mtd.adapters.postgres.tenants.tenants import PostgresTenants

    return PostgresTenants(database())


@cache
def audit() -> "PostgresAudit":
    from mtd.adapters.postgres.records.chain import PostgresAudit

    return PostgresAudit(database())


@cache
def invariants() -> "PostgresInvariants":
    from mtd.adapters.postgres.records.invariants import PostgresInvariants

    return PostgresInvariants(database())


@cache
def archive() -> "PostgresArchive":
    from mtd.adapters.postgres.records.archive import PostgresArchive

    return PostgresArchive(database())


@cache
def archived_orders() -> "ArchivedOrders":
    from mtd.adapters.postgres.records.archive import ArchivedOrders

    return ArchivedOrders(database(), objects(), config().archive_bucket)


@cache
def erasing() -> "PostgresErasing":
    from mtd.adapters.postgres.records.erasure import PostgresErasing

    return PostgresErasing(database())


@cache
def register() -> "HttpRegister":
    from mtd.adapters.legacy.paperless_lists import HttpRegister

    return HttpRegister(config().paperless_url, config().legacy_timeout_seconds)


@cache
def documents() -> "PostgresDocuments":
    from mtd.adapters.postgres.reporting.reconciliation import PostgresDocuments

    return PostgresDocuments(database())


@cache
def forms() -> "JsonSchemas":
    from mtd.adapters.forms import JsonSchemas

    return JsonSchemas()


@cache
def notes() -> "PostgresNotes":
    from mtd.adapters.postgres.operations.notes import PostgresNotes

    return PostgresNotes(database())


@cache
def objects() -> "S3Objects":
    from mtd.adapters.aws.objects import S3Objects

    return S3Objects()


@cache
def api() -> "FunctionsApi":
    from mtd.adapters.aws.functions_api import FunctionsApi

    return FunctionsApi(config().api_url, config().region)


@cache
def states() -> "FunctionsApi | InvokedStates":
    """The states as route_order calls them: by the API, or by their functions' aliases (STATE_CALLS)."""
    if config().state_calls != "direct":
        return api()
    from mtd.adapters.aws.invoked_states import InvokedStates

    return InvokedStates(config().function_prefix, api())


@cache
def state_machines() -> "StepFunctions":
    from mtd.adapters.aws.state_machines import StepFunctions

    return StepFunctions({"dte_incident": config().dte_incident_arn})


@cache
def mailer() -> "SesMailer":
    from mtd.adapters.aws.mailer import SesMailer

    return SesMailer(config().mail_sender, config().mail_template, config().mail_configuration_set)


@cache
def tax_settings() -> "TaxSettings":
    from mtd.adapters.tax_settings import read_tax_settings

    return read_tax_settings(config().tax_settings)


@cache
def certification() -> "HttpPaperless | None":
    """Paperless in the SII's certification environment, for the orders of deployments; None without one."""
    from mtd.adapters.legacy.paperless import HttpPaperless

    url = config().paperless_certification_url
    return HttpPaperless(url, config().legacy_timeout_seconds) if url else None


@cache
def paperless() -> "HttpPaperless":
    from mtd.adapters.legacy.paperless import HttpPaperless

    return HttpPaperless(config().paperless_url, config().legacy_timeout_seconds)


@cache
def systems() -> "PostgresSystems":
    from mtd.adapters.postgres.systems.systems import PostgresSystems

    return PostgresSystems(database())


@cache
def own_services() -> "AwsServices":
    from mtd.adapters.systems.own_services import AwsServices

    return AwsServices(f"{config().function_prefix}system-")


@cache
def work() -> "PostgresWork":
    from mtd.adapters.postgres.systems.work import PostgresWork

    return PostgresWork(database())


@cache
def system_addresses() -> "AllowedAddresses":
    from mtd.adapters.systems.addresses import AllowedAddresses

    try:
        return AllowedAddresses.read(config().system_hosts, config().system_networks)
    except ValueError as error:
        raise ConfigurationError(f"SYSTEM_NETWORKS: {error}") from None


@cache
def system_connection() -> "HttpSystems":
    from mtd.adapters.aws.secrets import secret
    from mtd.adapters.systems.connection import HttpSystems

    return HttpSystems(system_addresses(), lambda name: secret(config().system_secrets + name))


@cache
def legacy(system: str) -> "HttpLegacy":
    """The legacy system `gift_card`, `eom` or `sales_support`."""
    from mtd.adapters.legacy.http import HttpLegacy

    urls = {
        "gift_card": config().gift_card_url,
        "eom": config().eom_url,
        "sales_support": config().sales_support_url,
    }
    return HttpLegacy(urls[system], config().legacy_timeout_seconds)


@cache
def legacy_systems() -> "LegacySystems":
    """All four legacy systems."""
    from mtd.usecases.operations.correct_order import LegacySystems

    return LegacySystems(
        gift_cards=legacy("gift_card"), eom=legacy("eom"), paperless=paperless(), sales_support=legacy("sales_support")
    )
