"""The merge patch against the examples of RFC 7396, appendix A."""

import copy
import json

import pytest

from mtd.domain.orders.merge_patch import merged

# Target, patch, result.
APPENDIX_A = """
{"a":"b"}          {"a":"c"}                  {"a":"c"}
{"a":"b"}          {"b":"c"}                  {"a":"b","b":"c"}
{"a":"b"}          {"a":null}                 {}
{"a":"b","b":"c"}  {"a":null}                 {"b":"c"}
{"a":["b"]}        {"a":"c"}                  {"a":"c"}
{"a":"c"}          {"a":["b"]}                {"a":["b"]}
{"a":{"b":"c"}}    {"a":{"b":"d","c":null}}   {"a":{"b":"d"}}
{"a":[{"b":"c"}]}  {"a":[1]}                  {"a":[1]}
["a","b"]          ["c","d"]                  ["c","d"]
{"a":"b"}          ["c"]                      ["c"]
{"a":"foo"}        null                       null
{"a":"foo"}        "bar"                      "bar"
{"e":null}         {"a":1}                    {"e":null,"a":1}
[1,2]              {"a":"b","c":null}         {"a":"b"}
{}                 {"a":{"bb":{"ccc":null}}}  {"a":{"bb":{}}}
"""


@pytest.mark.parametrize("example", APPENDIX_A.strip().splitlines())
def test_the_examples_of_the_rfc(example: str) -> None:
    target, patch, result = map(json.loads, example.split())
    before = copy.deepcopy((target, patch))

    assert merged(target, patch) == result
    assert (target, patch) == before
