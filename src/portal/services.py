"""The services of the pages, wired once for each process."""

from dataclasses import dataclass

from mtd.adapters.aws.signed_api import SignedApi
from portal.access.accounts import Accounts, Authenticator
from portal.access.audit import Audit
from portal.access.balancer import BalancerAuthenticator
from portal.access.sessions import Sessions
from portal.clients.cloud import Cloud
from portal.clients.orders_api import OrdersApi
from portal.database import Database
from portal.live import LiveFeeds
from portal.pages.orders.saved_views import Views
from portal.rendering.assets import Assets
from portal.rendering.templates import Templates
from portal.settings import Settings

READER_CONNECTIONS = 8
OWN_CONNECTIONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`read` answers named queries on orders; it can change nothing. A page asks through its visit, for its tenant."""

    settings: Settings
    read: Database
    database: Database
    accounts: Accounts
    authenticator: Authenticator
    sessions: Sessions
    audit: Audit
    views: Views
    orders_api: OrdersApi
    cloud: Cloud
    live_feeds: LiveFeeds
    templates: Templates
    assets: Assets

    @classmethod
    def of(cls, settings: Settings) -> "Services":
        """Connects to nothing yet."""
        read = Database(settings.reader, read_only=True, connections=READER_CONNECTIONS)
        database = Database(settings.database, read_only=False, connections=OWN_CONNECTIONS)
        cloud = Cloud(settings.environment, settings.region, settings.mail_inbox)
        assets = Assets(settings.assets)
        accounts = Accounts(database)
        return cls(
            settings=settings,
            read=read,
            database=database,
            accounts=accounts,
            authenticator=BalancerAuthenticator(settings.balancer, accounts) if settings.balancer else accounts,
            sessions=Sessions(database, idle_seconds=settings.idle_seconds, longest_seconds=settings.longest_seconds),
            audit=Audit(database),
            views=Views(database),
            orders_api=OrdersApi(SignedApi(settings.api_url, settings.region)),
            cloud=cloud,
            live_feeds=LiveFeeds(read, cloud),
            templates=Templates(assets),
            assets=assets,
        )

    def open(self) -> None:
        """Opens the pools and makes the first user where there is none."""
        self.read.open()
        self.database.open()
        if self.settings.administrator:
            self.accounts.ensure_first(self.settings.administrator)

    def close(self) -> None:
        self.read.close()
        self.database.close()
