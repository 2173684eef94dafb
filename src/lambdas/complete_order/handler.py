"""POST /states/completion: the orders are delivered."""

from mtd.entrypoints.states import state_handler
from mtd.usecases.states.complete_order import STATE, complete_order

handler = state_handler(STATE, lambda: complete_order)
