"""Where an object is, in every home."""

import pytest

from mtd.adapters.aws.objects import object_url

AMAZON = "https://s3.us-west-2.amazonaws.com"


@pytest.mark.parametrize(
    ("endpoint", "key", "version", "url"),
    [
        (AMAZON, "orders/1.xml", None, "https://inbox.s3.us-west-2.amazonaws.com/orders/1.xml"),
        (
            AMAZON,
            "a/ñ b+?.xml",
            "v/+",
            "https://inbox.s3.us-west-2.amazonaws.com/a/%C3%B1%20b%2B%3F.xml?versionId=v%2F%2B",
        ),
        ("http://127.0.0.1:4566", "orders/1.xml", "v1", "http://127.0.0.1:4566/inbox/orders/1.xml?versionId=v1"),
        ("http://localstack:4566", "~/..a.xml", None, "http://localstack:4566/inbox/~/..a.xml"),
    ],
)
def test_the_bucket_is_in_the_host_where_amazon_serves_it(
    endpoint: str, key: str, version: str | None, url: str
) -> None:
    assert object_url(endpoint, "inbox", key, version) == url
