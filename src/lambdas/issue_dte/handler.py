"""POST /states/emission_dte: Paperless issues the orders' tax documents."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.issue_dte import STATE, IssueDte


def _effect() -> IssueDte:
    return IssueDte(composition.paperless(), composition.tax_settings(), certification=composition.certification())


handler = state_handler(STATE, _effect, parallel=8, system="paperless")
