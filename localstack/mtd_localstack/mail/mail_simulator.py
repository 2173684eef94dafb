"""SES's mailbox simulator: its addresses bounce or complain, and an event goes to the configuration set's destination.

Source: Amazon SES, "Using the mailbox simulator manually" and "Contents of event data that Amazon SES publishes to
Amazon SNS".
"""

import json
from datetime import UTC, datetime
from typing import Any

from localstack.services.ses import provider
from localstack.services.ses.provider import SNSEmitter

_SIMULATOR = "@simulator.amazonses.com"


def tell_of(context: Any, configuration_set: str | None, mail: Any, tags: list[dict[str, str]]) -> None:
    """Publish the bounce or complaint of a mail to the simulator, if a destination of the set takes such events."""
    to = [address for address in mail["Destination"].get("ToAddresses", []) if address.endswith(_SIMULATOR)]
    if not to or configuration_set is None:
        return
    wanted = provider.get_ses_backend(context).config_set_event_destination.get(configuration_set) or {}
    for address in to:
        event = outcome(address, datetime.now(UTC).isoformat())
        topic = wanted.get("SNSDestination", {}).get("TopicARN")
        if event is None or topic is None or event["eventType"].lower() not in wanted.get("MatchingEventTypes", []):
            continue
        event["mail"] = {
            "messageId": mail["Id"],
            "source": mail["Source"],
            "destination": mail["Destination"]["ToAddresses"],
            "tags": {tag["Name"]: [tag["Value"]] for tag in tags},
        }
        SNSEmitter._client_for_topic(topic).publish(TopicArn=topic, Message=json.dumps(event))


def outcome(address: str, at: str) -> dict[str, Any] | None:
    """The event of a mail to this address of the simulator; None when it is delivered. Labels after + are ignored."""
    mailbox = address.removesuffix(_SIMULATOR).partition("+")[0]
    if mailbox == "bounce":
        bounced = {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": address, "action": "failed", "status": "5.1.1"}],
            "timestamp": at,
        }
        return {"eventType": "Bounce", "bounce": bounced}
    if mailbox == "complaint":
        complained = {
            "complainedRecipients": [{"emailAddress": address}],
            "complaintFeedbackType": "abuse",
            "timestamp": at,
        }
        return {"eventType": "Complaint", "complaint": complained}
    return None
