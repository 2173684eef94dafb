"""POST /states/sales_support: the after-sales system opens the orders' cases."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.open_sales_support import STATE, OpenSalesSupport

handler = state_handler(
    STATE, lambda: OpenSalesSupport(composition.legacy("sales_support")), parallel=8, system="sales_support"
)
