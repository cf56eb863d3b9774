"""Sign-in links: once, in time, and worth a token of the right role."""

from pathlib import Path

from plant.access import Principal, Role, TokenStore
from plant.clock import SECOND
from plantwatch.login_codes import LIFETIME, SESSION, LoginCodes, exchange

NOW = 1_800_000_000 * SECOND


def test_a_code_signs_in_once_and_is_stored_only_as_a_hash(tmp_path: Path) -> None:
    with LoginCodes(tmp_path / "codes.db") as codes:
        code = codes.create("Li Na", Role.OPERATOR, now=NOW)
        assert codes.redeem(code, now=NOW) == Principal("Li Na", Role.OPERATOR)
        assert codes.redeem(code, now=NOW) is None
        second = codes.create("Li Na", Role.OPERATOR, now=NOW)
    assert all(second.encode() not in f.read_bytes() for f in tmp_path.iterdir())


def test_a_code_ends_exactly_at_its_time_and_a_wrong_one_is_nothing(tmp_path: Path) -> None:
    with LoginCodes(tmp_path / "codes.db") as codes:
        good, late = (codes.create("x", Role.ADMIN, now=NOW) for _ in range(2))
        assert codes.redeem(good, now=NOW + LIFETIME - 1) is not None
        assert codes.redeem(late, now=NOW + LIFETIME) is None
        assert codes.redeem("\udcff", now=NOW) is None


def test_the_file_is_closed_to_others_and_shared_between_processes(tmp_path: Path) -> None:
    with LoginCodes(tmp_path / "codes.db") as maker, LoginCodes(tmp_path / "codes.db") as server:
        assert server.redeem(maker.create("x", Role.ENGINEER, now=NOW), now=NOW) is not None
    assert (tmp_path / "codes.db").stat().st_mode & 0o077 == 0


def test_the_token_behind_a_link_has_the_role_and_ends_with_the_shift(tmp_path: Path) -> None:
    with LoginCodes(tmp_path / "codes.db") as codes, TokenStore(tmp_path / "tokens.db") as tokens:
        token = exchange(codes, tokens, codes.create("Li Na", Role.REGULATOR, now=NOW), now=NOW)
        found = tokens.authenticate(token, NOW + SESSION - 1)
        assert isinstance(found, Principal)
        assert found.role is Role.REGULATOR
        assert found.name.startswith("Li Na")
        assert not isinstance(tokens.authenticate(token, NOW + SESSION), Principal)
        assert exchange(codes, tokens, "wrong", now=NOW) is None
