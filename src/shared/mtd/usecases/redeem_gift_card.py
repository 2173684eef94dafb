"""The state `gift_card`: hold the amount on the card, then redeem the hold."""

from dataclasses import dataclass

from mtd.domain.totals import amounts
from mtd.usecases.legacy_effect import once
from mtd.usecases.ports import Case, Done, Legacy

STATE = "gift_card"


@dataclass(frozen=True, slots=True)
class RedeemGiftCard:
    """Raises BusinessError with the card system's code, such as `insufficient_funds` or `card_unknown`."""

    gift_cards: Legacy

    def __call__(self, case: Case) -> Done:
        order = case.order
        amount = str(order.totals.prepaid or amounts(order).payable)
        request = {
            "card": order.gift_card, "amount": amount, "currency": order.currency, "order": order.number,
        }  # fmt: skip
        hold, held = once(self.gift_cards, "Gift card", case, "hold", "/holds", request, "hold_id")
        redeemed, hop = once(
            self.gift_cards,
            "Gift card",
            case,
            "redeem",
            f"/holds/{hold['hold_id']}/redeem",
            {"order": order.number},
            "redemption_id",
        )
        return Done(
            detail={"amount": amount, "redemption_id": redeemed["redemption_id"]},
            hops=(held, hop),
        )
