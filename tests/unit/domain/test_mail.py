from tests.support.orders import OrderFile

from mtd.domain.orders import mail, ubl


def test_a_subject_is_one_line_whatever_the_order_says() -> None:
    order = ubl.parse_order(OrderFile(number="N 1", buyer_name="A\nBcc: all@example.com").xml().encode())

    message = mail.being_processed(order, "boleta electrónica N° 7")

    assert message.subject == "Your order N 1 is being processed"
    assert "\nBcc" not in message.body
    assert "boleta electrónica N° 7" in message.body
    assert message.to == "ana@example.cl"
