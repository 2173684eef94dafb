"""POST /states/emission_dte: Paperless issues the orders' tax documents."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.issue_dte import STATE, IssueDte

handler = state_handler(
    STATE, lambda: IssueDte(composition.paperless(), composition.tax_settings()), parallel=8, system="paperless"
)
