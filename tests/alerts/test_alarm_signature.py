"""Signatures of Standard Webhooks: the published vector, and an independent computation."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notifiers.signature import key, sign
from plant.errors import FixError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_published_vector() -> None:
    """From the reference libraries' own tests: github.com/standard-webhooks/standard-webhooks, libraries/."""
    signature = sign(key(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64), st.text(), st.integers(0, 2**40), st.binary())
def test_it_is_an_hmac_over_id_time_and_body(secret: bytes, name: str, time: int, body: bytes) -> None:
    name = name.encode("utf-8", "replace").decode()
    expected = hmac.digest(secret, b".".join([name.encode(), b"%d" % time, body]), hashlib.sha256)
    text = "whsec_" + base64.b64encode(secret).decode()
    assert sign(key(text), name, time, body) == "v1," + base64.b64encode(expected).decode()


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        pytest.param("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", id="no prefix"),
        pytest.param("whsec_not base64!", "base64", id="no base64"),
        pytest.param("whsec_" + base64.b64encode(b"x" * 23).decode(), "23 bytes", id="too short"),
        pytest.param("whsec_" + base64.b64encode(b"x" * 65).decode(), "65 bytes", id="too long"),
        pytest.param("whsec_é", "base64", id="not ASCII"),
    ],
)
def test_a_secret_of_another_form_is_refused_without_being_shown(secret: str, reason: str) -> None:
    with pytest.raises(FixError, match=reason) as refused:
        key(secret)
    assert secret not in str(refused.value)
