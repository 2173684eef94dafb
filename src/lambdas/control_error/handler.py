"""POST /errors/{state}: what failed for good becomes an incident, ready to be retried."""

from mtd.entrypoints.states import state_handler
from mtd.usecases.flow.control_error import NODE, control_error

handler = state_handler(NODE, lambda: control_error)
