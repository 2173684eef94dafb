"""POST /states/validation: do the orders' amounts add up?"""

from mtd.entrypoints.states import state_handler
from mtd.usecases.states.validate_order import STATE, validate_order

handler = state_handler(STATE, lambda: validate_order)
