"""Tax documents of random orders of every kind: whether the SII takes them, whether they add up, how long one takes.

    python -m tests.performance.tax --documents 10000 [--seed 1]

Prints a row a kind, then LibreDTE's published vectors; the last line is JSON. Ends with 1 unless all is right. Needs no
running instance. A boleta is valid by `legacy_simulator`'s rules alone where the SII's schema of it is not there.
"""

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from legacy_simulator.sii_schema import schema_errors
from mtd.domain.orders.order import Order
from mtd.domain.orders.totals import amounts
from mtd.domain.tax.amounts import notes
from mtd.domain.tax.document import TaxDocument
from mtd.domain.tax.documents import delivery_notes_of, documents_of
from mtd.domain.tax.wire.document_xml import write
from tests.support.dte_schema import has_boleta_schema, violations
from tests.support.tax_orders import KINDS, SETTINGS, random_order, wrong_sums
from tests.support.tax_vectors import figures, vectors

DAY = date(2026, 11, 30)
_NOTES = 0.15


def main() -> int:
    """Make, check, print; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.tax", description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, default=10_000, help="how many are checked")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    made, valid, right, shown = Counter[int](), Counter[int](), Counter[int](), 0
    seconds, timed = 0.0, 0
    chance = random.Random(arguments.seed)
    while made.total() < arguments.documents:
        order = random_order(chance, chance.choice(KINDS))
        started = time.perf_counter()
        sets = list(_sets(order, chance))
        sent = [[write(each) for each in documents] for documents in sets]
        seconds += time.perf_counter() - started
        timed += sum(len(each) for each in sent)
        for documents, contents in zip(sets, sent, strict=True):
            total = sum((each.totals.total for each in documents), Decimal(0))
            if documents is sets[0]:
                total = amounts(order).payable + (order.totals.prepaid or Decimal(0))
            wrong = wrong_sums(contents, total)
            left = max(0, arguments.documents - made.total())
            for document, content in list(zip(documents, contents, strict=True))[:left]:
                problems = violations(content) + [f"{code}: {text}" for code, text in schema_errors(content)]
                made[document.kind] += 1
                valid[document.kind] += not problems
                right[document.kind] += not wrong
                if (problems or wrong) and shown < 5:
                    shown += 1
                    print(f"{order.number}, {document.kind}: {problems[:2]} {wrong[:2]}", file=sys.stderr)

    print(f"{'kind':>5} {'documents':>10} {'schema valid':>13} {'sums right':>11}")
    for kind in sorted(made):
        print(f"{kind:>5} {made[kind]:>10,} {valid[kind]:>13,} {right[kind]:>11,}")
    published = vectors()
    equal = [each for each in published if figures(each) == each["expected"]]
    for each in published:
        if each not in equal:
            print(f"{each['source']}: {figures(each)}, published {each['expected']}", file=sys.stderr)
    print(f"LibreDTE's vectors: {len(equal)} of {len(published)} equal")
    if not has_boleta_schema():
        print("EnvioBOLETA_v11.xsd is not there: boletas are checked by legacy_simulator's rules alone")
    result = {
        "documents": made.total(),
        "schema_valid": valid.total(),
        "sums_right": right.total(),
        "vectors": len(published),
        "vectors_equal": len(equal),
        "us_per_document": round(seconds / timed * 1_000_000, 1),
    }
    print(json.dumps(result))
    perfect = made.total() == valid.total() == right.total() and len(equal) == len(published)
    return 0 if perfect else 1


def _sets(order: Order, chance: random.Random) -> Iterator[tuple[TaxDocument, ...]]:
    """The order's documents; of some of them what undoes them, of some facturas the guías that go before."""
    documents = documents_of(order, SETTINGS, DAY)
    yield documents
    if chance.random() < _NOTES:
        credits = tuple(notes.credit_note_of(each, 7, DAY) for each in documents)
        yield credits
        yield tuple(notes.debit_note_of(each, 8, DAY) for each in credits)
        if documents[0].kind in (33, 34):
            yield delivery_notes_of(order, SETTINGS, DAY)


if __name__ == "__main__":
    sys.exit(main())
