"""POST /states/allocation: EOM reserves the orders' stock."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.allocate_order import STATE, AllocateOrder

handler = state_handler(STATE, lambda: AllocateOrder(composition.legacy("eom")), parallel=8, system="eom")
