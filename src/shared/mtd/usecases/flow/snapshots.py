"""Where an order stood when it failed, as its incident keeps it: what a retry puts back."""

from collections.abc import Iterable, Mapping

from mtd.domain.json_types import Json
from mtd.engine.model.tokens import Token, TokenChanges, Tokens, token_from_json, token_json
from mtd.engine.runtime.restoring import renumbered
from mtd.usecases.flow.cases import LockedOrder


def snapshot_of_all(held: LockedOrder) -> Json:
    """All tokens of an order that cannot go on at all."""
    return _stood((each.token for each in held.standing.values()), goes_on=False)


def snapshot_before_failure(failure: Json, tokens: Tokens, own: int, step: TokenChanges | None) -> Json:
    """Where the order stood before it failed, and what else its error way has cost it.

    `failure` is the data of the token `own`, which is on the error way. `step` is the way's latest, None where the
    order cannot go on and all of its tokens are lost.
    """
    before = [token_from_json(each) for each in failure.get("stood") or ()]
    lost = {
        token_id: token
        for token_id, token in tokens.items()
        if token_id != own and (step is None or token_id in step.consumed)
    }
    goes_on = step is not None and step.outcome is None and own not in step.consumed
    return _stood([*lost.values(), *renumbered(lost, before)], goes_on=goes_on)


def _stood(tokens: Iterable[Token], *, goes_on: bool) -> Json:
    return {"tokens": [token_json(token) for token in tokens], "goes_on": goes_on}


def snapshot_tokens(stood: Mapping[str, object] | None, state: str) -> list[Token]:
    """The tokens of what an incident keeps. One of an older release kept nothing: its order had one token."""
    kept = (stood or {}).get("tokens")
    if not isinstance(kept, list) or not kept:
        return [token_from_json({"id": 1, "node": state, "waits": "service"})]
    return [token_from_json(each) for each in kept]
