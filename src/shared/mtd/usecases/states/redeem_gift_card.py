"""The state `gift_card`: redeem the amount from the card, in one call."""

from dataclasses import dataclass, field

from mtd.domain.orders.totals import amounts
from mtd.domain.tax.issuer import TaxSettings
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.flow.tokens import LeasedToken
from mtd.usecases.ports import Legacy
from mtd.usecases.states.call_idempotently import call_idempotently

STATE = "gift_card"


@dataclass(frozen=True, slots=True)
class RedeemGiftCard:
    """Raises BusinessError with the card system's code, such as `insufficient_funds` or `card_unknown`.

    A hold before the redemption would be a second call in the same state, and protect nothing.
    """

    gift_cards: Legacy
    settings: TaxSettings = field(default_factory=TaxSettings)

    def __call__(self, token: LeasedToken) -> EffectResult:
        order = token.order
        amount = str(order.totals.prepaid or amounts(order, self.settings.issuer_of(order).prices).payable)
        request = {
            "card": order.gift_card,
            "amount": amount,
            "currency": order.currency,
            "order": order.number,
        }
        redeemed, hop = call_idempotently(
            self.gift_cards, "Gift card", token, "redeem", "/redemptions", request, "redemption_id"
        )
        return EffectResult(detail={"amount": amount, "redemption_id": redeemed["redemption_id"]}, hops=(hop,))
