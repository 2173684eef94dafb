"""POST /states/validation: do the orders' amounts add up, and can tax documents be made of them?"""

from functools import partial

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.validate_order import STATE, validate_order

handler = state_handler(STATE, lambda: partial(validate_order, settings=composition.tax_settings()))
