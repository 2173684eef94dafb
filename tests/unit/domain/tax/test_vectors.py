"""The cases that LibreDTE publishes as right, one by one."""

import pytest
from tests.support.dte_schema import violations
from tests.support.tax_vectors import Vector, document_of, figures, vectors

from mtd.domain.tax.wire.document_xml import write


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["source"])
def test_amounts_are_those_that_libredte_publishes(vector: Vector) -> None:
    document = document_of(vector)

    assert figures(vector) == vector["expected"]
    assert int(document.kind) == vector["kind"]
    assert violations(write(document)) == []
