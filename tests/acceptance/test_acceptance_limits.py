"""What the simulator is told of a limit is what a person reads in the standard."""

from datetime import date

from accepted_run import DATA, LIMIT, PLANT

from plantwatch.true_limits import product_limits


def test_the_packaged_data_give_the_numbers_that_the_acceptance_has_by_hand() -> None:
    assert product_limits(PLANT, DATA, date(2026, 1, 1)) == (LIMIT,)


def test_an_edition_that_is_not_in_force_limits_nothing() -> None:
    assert product_limits(PLANT, DATA, date(2025, 4, 30)) == ()
