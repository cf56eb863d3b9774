"""Tokens and roles: hashed, bounded in time, revocable, and never shown again."""

import hashlib
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plant.access import PREFIX, Action, Principal, Refusal, Role, TokenInfo, TokenStore, Why, may
from plant.errors import FixError, Unavailable

NOW = 1_800_000_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TokenStore]:
    with TokenStore(tmp_path / "tokens.db") as opened:
        yield opened


# --- roles ----------------------------------------------------------------------------------------

VIEW, OPERATE = {Action.VIEW}, {Action.VIEW, Action.ACKNOWLEDGE, Action.SHELVE, Action.RESET}


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.REGULATOR, VIEW),
        (Role.OPERATOR, OPERATE),
        (Role.ENGINEER, OPERATE | {Action.OUT_OF_SERVICE, Action.CONFIGURE, Action.WRITE_DATA}),
        (Role.ADMIN, set(Action)),
    ],
)
def test_a_role_may_exactly_this(role: Role, allowed: set[Action]) -> None:
    assert {action for action in Action if may(role, action)} == allowed


def test_only_an_admin_manages_tokens() -> None:
    assert [role for role in Role if may(role, Action.MANAGE_TOKENS)] == [Role.ADMIN]


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_opens_for_its_holder_in_its_role(store: TokenStore) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    assert store.authenticate(token, NOW) == Principal("li", Role.OPERATOR)


def test_a_token_has_256_random_bits_and_a_prefix_that_scanners_know(store: TokenStore) -> None:
    tokens = {store.create(f"n{n}", Role.OPERATOR, now=NOW) for n in range(20)}
    assert len(tokens) == 20
    # 32 bytes in base64 without padding are 43 characters (RFC 4648)
    assert {(t[: len(PREFIX)], len(t)) for t in tokens} == {(PREFIX, len(PREFIX) + 43)}


@pytest.mark.parametrize("token", [None, ""])
def test_no_token_is_missing(store: TokenStore, token: str | None) -> None:
    assert store.authenticate(token, NOW) == Refusal(Why.MISSING)


def test_any_change_of_a_token_is_unknown(store: TokenStore) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    for wrong in (token[:-1], token + "x", token.lower(), token.swapcase(), " " + token, token[len(PREFIX) :]):
        assert store.authenticate(wrong, NOW) == Refusal(Why.UNKNOWN)
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert store.authenticate(digest, NOW) == Refusal(Why.UNKNOWN), "the stored hash is no token"


def test_a_token_ends_at_the_very_nanosecond(store: TokenStore) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW, expires=NOW + 1000)
    assert isinstance(store.authenticate(token, NOW + 999), Principal)
    assert store.authenticate(token, NOW + 1000) == Refusal(Why.EXPIRED, "li")


def test_a_revoked_token_is_refused_at_once_and_for_good(store: TokenStore) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    store.revoke("li")
    assert store.authenticate(token, NOW) == Refusal(Why.REVOKED, "li")
    with pytest.raises(FixError, match="exists already"):
        store.create("li", Role.ADMIN, now=NOW)
    assert store.list() == (TokenInfo("li", Role.OPERATOR, NOW, None, revoked=True),)


def test_another_process_sees_a_revocation(store: TokenStore, tmp_path: Path) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    with TokenStore(tmp_path / "tokens.db") as other:
        other.revoke("li")
    assert store.authenticate(token, NOW) == Refusal(Why.REVOKED, "li")


def test_revoking_nobody_is_an_error(store: TokenStore) -> None:
    with pytest.raises(FixError, match="'wang'"):
        store.revoke("wang")


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\nb", "a\x1b[31m", "\ud800", "a\u202eb"])
def test_a_name_that_could_deceive_a_reader_of_the_journal_is_refused(store: TokenStore, name: str) -> None:
    with pytest.raises(FixError, match="printable"):
        store.create(name, Role.OPERATOR, now=NOW)


def test_a_token_that_would_be_expired_already_is_not_made(store: TokenStore) -> None:
    with pytest.raises(FixError, match="later"):
        store.create("li", Role.OPERATOR, now=NOW, expires=NOW)
    assert store.list() == ()


# --- at rest --------------------------------------------------------------------------------------


def test_no_file_holds_a_token_and_only_its_owner_may_read(store: TokenStore, tmp_path: Path) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    store.authenticate(token, NOW)
    files = list(tmp_path.iterdir())
    assert len(files) == 3, "the database, its write-ahead log and index"
    for file in files:
        assert token.encode() not in file.read_bytes()
        assert token.removeprefix(PREFIX).encode() not in file.read_bytes()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_object_shows_a_token(store: TokenStore) -> None:
    token = store.create("li", Role.OPERATOR, now=NOW)
    shown = repr([store, store.list(), store.authenticate(token, NOW), store.authenticate(token + "x", NOW)])
    assert token not in shown


def test_a_store_that_cannot_be_used_lets_nobody_in(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "tokens.db")
    token = store.create("li", Role.ADMIN, now=NOW)
    store.close()
    uses = [
        lambda: store.authenticate(token, NOW),
        store.list,
        lambda: store.revoke("li"),
        lambda: store.create("wang", Role.ADMIN, now=NOW),
    ]
    for use in uses:
        with pytest.raises(Unavailable, match=r"tokens\.db"):
            use()


def test_a_role_that_nobody_knows_lets_nobody_in(store: TokenStore, tmp_path: Path) -> None:
    token = store.create("li", Role.ADMIN, now=NOW)
    with sqlite3.connect(tmp_path / "tokens.db") as db:
        db.execute("UPDATE token SET role = 'emperor'")
    db.close()
    assert store.authenticate(token, NOW) == Refusal(Why.UNKNOWN, "li")


def test_what_is_no_store_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"no database " * 100)
    with pytest.raises(FixError, match=r"no\.db cannot be opened"):
        TokenStore(tmp_path / "no.db")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters()) | st.text(min_size=100) | st.from_regex(r"pw_[\w-]{43}"))
def test_nothing_else_is_a_token(store: TokenStore, text: str) -> None:
    assert store.authenticate(text, NOW) in {Refusal(Why.UNKNOWN), Refusal(Why.MISSING)}
