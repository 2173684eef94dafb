from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.unit.support.fakes import leased

from mtd.adapters.legacy.paperless import read_answer
from mtd.domain.errors import BusinessError, NotFound, RetryableError
from mtd.domain.json_types import Json
from mtd.usecases.flow.effects import EffectResult
from mtd.usecases.ports import DteRequest, IssuedDte
from mtd.usecases.states.allocate_order import AllocateOrder
from mtd.usecases.states.dispatch_order import DispatchOrder
from mtd.usecases.states.issue_dte import IssueDte
from mtd.usecases.states.redeem_gift_card import RedeemGiftCard
from mtd.usecases.states.validate_order import validate_order


@dataclass(slots=True)
class FakeLegacy:
    done: dict[str, Json] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    answer: Json = field(default_factory=dict)

    def call(self, method: str, path: str, body: Json | None, idempotency_key: str | None) -> Json:
        self.calls.append((method, path))
        if method == "GET":
            key = path.rpartition("/")[2]
            if key not in self.done:
                raise NotFound(key)
            return self.done[key]
        assert body is not None
        assert idempotency_key
        self.done[idempotency_key] = self.answer
        return self.answer


@dataclass(slots=True)
class FakePaperless:
    issued: dict[str, IssuedDte] = field(default_factory=dict)
    requests: list[DteRequest] = field(default_factory=list)

    def issue(self, request: DteRequest) -> IssuedDte:
        self.requests.append(request)
        issued = IssuedDte(document_type=request.document_type, folio=len(self.requests), issued_at="2026-11-20")
        return self.issued.setdefault(request.key, issued)

    def recover(self, key: str) -> IssuedDte | None:
        return self.issued.get(key)


def test_validation_computes_the_total() -> None:
    done = validate_order(leased("validation", payable=None, tax=None))

    assert done.total == 23800


def test_validation_refuses_a_wrong_total() -> None:
    with pytest.raises(BusinessError):
        validate_order(leased("validation", payable="1"))


def test_a_first_try_asks_once_and_does_not_recover() -> None:
    eom = FakeLegacy(answer={"allocation_id": "A", "warehouse": "W"})

    done = AllocateOrder(eom)(leased("allocation"))

    assert eom.calls == [("POST", "/allocations")]
    assert done.detail == {"allocation_id": "A", "warehouse": "W"}


@pytest.mark.parametrize(("attempts", "outcome_unknown"), [(2, False), (1, True)])
def test_after_trouble_the_system_is_asked_what_it_has_done(attempts: int, outcome_unknown: bool) -> None:
    eom = FakeLegacy(answer={"shipment_id": "S", "carrier": "C"})
    DispatchOrder(eom)(leased("dispatch"))
    eom.calls.clear()

    done = DispatchOrder(eom)(leased("dispatch", attempts=attempts, outcome_unknown=outcome_unknown))

    assert [method for method, _ in eom.calls] == ["GET"]
    assert done.hops[0]["what"] == "ship recovered"


def test_a_second_try_of_what_never_happened_does_it() -> None:
    eom = FakeLegacy(answer={"allocation_id": "A", "warehouse": "W"})

    AllocateOrder(eom)(leased("allocation", attempts=2))

    assert [method for method, _ in eom.calls] == ["GET", "POST"]


def test_a_gift_card_is_redeemed_in_one_call() -> None:
    cards = FakeLegacy(answer={"redemption_id": "R"})

    done = RedeemGiftCard(cards)(leased("gift_card", gift_card="GC-1"))

    assert cards.calls == [("POST", "/redemptions")]
    assert done.detail == {"amount": "23800", "redemption_id": "R"}


def test_a_tax_document_is_recovered_before_it_is_issued_again() -> None:
    paperless = FakePaperless()
    first = IssueDte(paperless)(leased("emission_dte"))

    again = IssueDte(paperless)(leased("emission_dte", attempts=2))

    assert len(paperless.requests) == 1
    assert again.documents == first.documents
    assert again.hops[0]["what"] == "DTE recovered"


def test_the_tax_document_says_what_the_sii_asks() -> None:
    paperless = FakePaperless()

    done = IssueDte(paperless)(leased("emission_dte"))

    [request] = paperless.requests
    assert (request.document_type, request.receiver_rut, request.net, request.tax, request.total) == (
        39,
        "12345678-5",
        "20000",
        "3800",
        "23800",
    )
    assert done.mails == ("being_processed",)


def test_without_an_address_no_mail_is_asked_for() -> None:
    done = IssueDte(FakePaperless())(leased("emission_dte", mail=None))

    assert done.mails == ()
    assert "no e-mail" in done.detail["mail"]


@pytest.mark.parametrize(
    "mail", ["ana", "ana@", "a@b\nBcc: c@d.cl", "Ana &lt;a@b.cl&gt;", "a@b.cl, c@d.cl", "ñ@b.cl", "a b@c.cl"]
)
def test_a_malformed_address_gets_no_mail_and_the_timeline_says_so(mail: str) -> None:
    done = IssueDte(FakePaperless())(leased("emission_dte", mail=mail))

    assert done.mails == ()
    assert "not an address" in done.detail["mail"]


@pytest.mark.parametrize("effect", [AllocateOrder, RedeemGiftCard, DispatchOrder])
def test_an_unreadable_answer_is_asked_for_again(effect: Any) -> None:
    with pytest.raises(RetryableError) as caught:
        effect(FakeLegacy(answer={"unknown": 1}))(leased("x", gift_card="GC-1"))
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    "fields", ["", "<TipoDTE>39</TipoDTE>", "<TipoDTE>39</TipoDTE><Folio>x</Folio><FechaEmision/>"]
)
def test_an_unreadable_tax_document_is_asked_for_again(fields: str) -> None:
    with pytest.raises(RetryableError) as caught:
        read_answer(200, f"<Respuesta><Codigo>0</Codigo>{fields}</Respuesta>".encode())
    assert caught.value.code == "unreadable"


def test_a_deployments_own_order_is_issued_where_documents_have_no_effect() -> None:
    """The SII's certification environment (maullin.sii.cl); its folios are nobody's to declare."""
    real, certification = FakePaperless(), FakePaperless()

    def issued(number: str, effect: IssueDte) -> EffectResult:
        one = leased("emission_dte")
        return effect(replace(one, order=replace(one.order, number=number)))

    done = issued("SMOKE-0123456789ab", IssueDte(real, certification=certification))
    assert (real.requests, len(certification.requests)) == ([], 1)
    assert done.documents == ()
    assert done.detail["certification"] is True

    for number in ("SMOKE-1", "CL-2026-000001"):
        assert issued(number, IssueDte(real, certification=certification)).documents
    assert len(certification.requests) == 1
    assert issued("SMOKE-0123456789ab", IssueDte(real)).documents
