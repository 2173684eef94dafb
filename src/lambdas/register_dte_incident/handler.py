"""A step of the state machine dte_incident: the failed tax document becomes an incident."""

from mtd.entrypoints.incidents import incident_handler
from mtd.usecases.states.dte_incident import register_dte_incident

handler = incident_handler(register_dte_incident)
