"""A step of the state machine dte_incident: the customer gets a mail, the order ends as an exception."""

from mtd.entrypoints.incidents import incident_handler
from mtd.usecases.states.dte_incident import notify_dte_incident

handler = incident_handler(notify_dte_incident)
