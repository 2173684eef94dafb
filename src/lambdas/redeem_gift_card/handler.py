"""POST /states/gift_card: redeem the amounts that orders pay by gift card."""

from mtd.entrypoints import composition
from mtd.entrypoints.states import state_handler
from mtd.usecases.states.redeem_gift_card import STATE, RedeemGiftCard

handler = state_handler(
    STATE,
    lambda: RedeemGiftCard(composition.legacy("gift_card"), composition.tax_settings()),
    parallel=8,
    system="gift_card",
)
