"""POST /errors/{state}: a failure for good becomes an incident, which a person can retry."""

from mtd.entrypoints.states import state_handler
from mtd.usecases.flow.control_error import NODE, control_error

handler = state_handler(NODE, lambda: control_error)
