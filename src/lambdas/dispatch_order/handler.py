"""POST /states/dispatch: EOM ships the orders."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.dispatch_order import STATE, DispatchOrder

handler = state_handler(STATE, lambda: DispatchOrder(composition.legacy("eom")), parallel=8, system="eom")
