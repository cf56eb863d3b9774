"""The console as a person meets it, in headless Chromium."""

import re
from urllib.parse import urlsplit

import pytest
from console_fake import BAD, HOSTILE, NEVER, STALE, FakeDesk
from console_visit import Visit
from playwright.sync_api import Browser, expect

PAGES = [
    pytest.param(
        "/", "en", ["Brine treatment", "Electrolysis", "5 of 7 armed", "1 of 2 sources connected"], id="overview"
    ),
    pytest.param(
        "/", "zh", ["盐水工段", "电解工段", "7 个中 5 个投用", "2 个数据源中 1 个已连接"], id="overview-zh"
    ),
    pytest.param("/trends", "en", ["Range", "Hold", "Line: mean of each 10 s"], id="trends"),
    pytest.param("/trends", "zh", ["暂停", "曲线：每 10 s 的平均值"], id="trends-zh"),
    pytest.param(
        "/interlocks",
        "en",
        [
            "Chlorine leak",
            "0 of 3 vote, 2 needed",
            "since 12:00:00",
            "IA-01 missed trip",
            "expected command within 2 s of the demand; seen no command after 360 s",
        ],
        id="interlocks",
    ),
    pytest.param(
        "/interlocks",
        "zh",
        [
            "氯气泄漏联锁",
            "0 / 3 票，需 2 票",
            "自 12:00:00",
            "IA-01 联锁拒动",
            "应为：要求出现后 2 s 内发出联锁指令；实际：360 s 后仍无联锁指令",
        ],
        id="interlocks-zh",
    ),
    pytest.param(
        "/alarms", "en", ["did not trip", "active, unacknowledged", "level gauge LT-101 under repair"], id="alarms"
    ),
    pytest.param("/alarms", "zh", ["联锁 IL-112 未动作", "报警，未确认", "搁置"], id="alarms-zh"),
    pytest.param("/energy", "en", ["GB 21257-2024", "meets grade 3", "≤ 350", "By day"], id="energy"),
    pytest.param("/energy", "zh", ["GB 21257-2024", "达到 3 级", "≤ 350", "按日"], id="energy-zh"),
    pytest.param(
        "/data", "en", ["Loss ledger", "SM-102: no message for 94 s", "spool full: oldest dropped"], id="data"
    ),
    pytest.param(
        "/data", "zh", ["数据损失台账", "SM-102: no message for 94 s", "批次 118 至 119 未到达"], id="data-zh"
    ),
]


@pytest.mark.parametrize(("path", "language", "words"), PAGES)
def test_each_page_shows_its_content_without_errors_or_outside_addresses(
    operator: Visit, path: str, language: str, words: list[str]
) -> None:
    page = operator.open(path, language)
    for word in words:
        expect(page.locator("body")).to_contain_text(word)
    assert page.locator("html").get_attribute("lang") == {"en": "en-US", "zh": "zh-CN"}[language]
    assert operator.errors == []
    assert {urlsplit(u).hostname for u in operator.requests if not u.startswith("data:")} == {"127.0.0.1"}


def test_no_finding_is_told_in_english_on_a_chinese_page(operator: Visit, desk: FakeDesk) -> None:
    page = operator.open("/interlocks", "zh")
    expect(page.locator(".pw-finding")).to_have_count(2)
    shown = page.locator("body").inner_text()
    for finding in desk.findings(10):
        assert finding.expected not in shown
        assert finding.seen not in shown
    page = operator.open("/alarms", "zh")
    expect(page.locator("body")).to_contain_text("IA-01 联锁拒动，IL-112")
    assert "missed trip" not in page.locator("body").inner_text()


def test_a_wrong_token_is_refused_and_opens_nothing(visit: Visit) -> None:
    visit.page.goto(f"{visit.address}/login")
    visit.page.get_by_label("Access token").fill("guessed")
    visit.page.get_by_role("button", name="Sign in").click()
    expect(visit.page.get_by_role("alert")).to_contain_text("wrong, expired or revoked")
    visit.page.goto(f"{visit.address}/alarms")
    assert urlsplit(visit.page.url).path == "/login"


def test_a_one_time_link_signs_in_once(visit: Visit, chromium: Browser, address: str) -> None:
    visit.page.goto(f"{address}/login?code=demo-code")
    expect(visit.page.locator(".pw-who")).to_contain_text("Li Na")
    other = chromium.new_context().new_page()
    other.goto(f"{address}/login?code=demo-code")
    expect(other.get_by_role("alert")).to_contain_text("used already")
    other.context.close()


def test_signing_out_ends_the_session(regulator: Visit) -> None:
    regulator.open("/").get_by_role("link", name="Sign out").click()
    regulator.page.goto(f"{regulator.address}/")
    assert urlsplit(regulator.page.url).path == "/login"


def test_acknowledging_names_one_occurrence_and_changes_its_row(operator: Visit) -> None:
    page = operator.open("/alarms")
    row = page.get_by_role("row").filter(has_text="Brine filter blocked")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row).to_contain_text("active, acknowledged")
    expect(row).to_contain_text("acknowledged by Li Na")
    expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_shelving_needs_a_reason_and_moves_the_alarm_to_the_shelf(operator: Visit) -> None:
    page = operator.open("/alarms")
    row = page.get_by_role("row").filter(has_text="Saturator nearly full")
    row.get_by_role("button", name="Shelve").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Shelve").click()
    expect(dialog).to_contain_text("it goes into the journal")
    dialog.get_by_label("Reason (needed)").fill("float stuck, work order 4711")
    dialog.get_by_role("button", name="Shelve").click()
    shelved = page.locator("section").filter(has_text="Shelved").first
    expect(shelved).to_contain_text("float stuck, work order 4711")
    shelf_row = shelved.get_by_role("row").filter(has_text="4711")
    shelf_row.get_by_role("button", name="Unshelve").click()
    expect(shelved).not_to_contain_text("4711")


def test_a_regulator_sees_the_alarms_and_no_action(regulator: Visit) -> None:
    page = regulator.open("/alarms")
    expect(page.locator("body")).to_contain_text("did not trip")
    for name in ("Acknowledge", "Shelve", "Unshelve"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_an_action_is_refused_once_the_token_is_revoked(visit: Visit, desk: FakeDesk) -> None:
    visit.sign_in("engineer-token")
    page = visit.open("/alarms")
    row = page.get_by_role("row").filter(has_text="did not trip")
    button = row.get_by_role("button", name="Acknowledge")
    expect(button).to_be_visible()
    desk.revoked.add("engineer-token")
    try:
        button.click()
        expect(page.locator(".q-notification").first).to_contain_text("Refused")
        expect(row).to_contain_text("active, unacknowledged")
    finally:
        desk.revoked.clear()


def test_a_value_that_is_not_good_is_never_shown_as_live(operator: Visit) -> None:
    page = operator.open("/")
    for point, word in ((BAD, "bad"), (STALE, "stale"), (NEVER, "no data")):
        tile = page.locator(f'a[href="/trends?points={point}"]')
        expect(tile).to_contain_text(word)
        assert tile.locator(".pw-live").inner_text() == "–"


def test_a_failed_update_is_written_across_the_page_and_ends_when_it_works_again(
    operator: Visit, desk: FakeDesk
) -> None:
    page = operator.open("/")
    desk.broken = True
    try:
        expect(page.get_by_role("alert").first).to_contain_text("The values shown are old")
    finally:
        desk.broken = False
    expect(page.get_by_role("alert").first).to_be_hidden()


def test_a_name_from_the_plant_file_is_text_and_never_markup(operator: Visit) -> None:
    page = operator.open("/")
    expect(page.locator(".pw-name").first).to_have_text(HOSTILE)
    page.goto(f"{operator.address}/trends?points=W-101.flow")
    expect(page.locator("body")).to_contain_text(HOSTILE)
    page.goto(f"{operator.address}/data")
    page.get_by_label("Filter").fill("W-101.flow")
    expect(page.locator("body")).to_contain_text(HOSTILE)
    assert page.evaluate("window.hacked") is None
    assert page.locator('img[src="x"]').count() == 0


def test_language_and_light_are_kept(operator: Visit) -> None:
    page = operator.open("/data", "zh")
    page.goto(f"{operator.address}/light/dark?to=/data")
    page.goto(f"{operator.address}/alarms")
    expect(page.locator("nav")).to_contain_text("联锁")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.goto(f"{operator.address}/light/light?to=/alarms")
    expect(page.locator("body")).not_to_have_class(re.compile("body--dark"))


def test_a_foreign_address_is_no_way_back(operator: Visit) -> None:
    operator.page.goto(f"{operator.address}/language/en?to=https://example.org/")
    assert operator.page.url == f"{operator.address}/"


def test_a_tile_leads_to_the_trend_of_its_point(operator: Visit) -> None:
    page = operator.open("/")
    page.locator('a[href="/trends?points=DP-104.pressure"]').click()
    expect(page.locator("body")).to_contain_text("DP-104.pressure")
    expect(page.locator(".nicegui-echart canvas").first).to_be_visible()


def test_the_ledger_can_be_filtered(operator: Visit) -> None:
    page = operator.open("/data")
    page.get_by_label("Filter").fill("SM-102")
    rows = page.locator("section").filter(has_text="Loss ledger").locator("tbody tr")
    expect(rows.filter(has_text="AM-101.total")).to_have_count(0)
    expect(rows.filter(has_text="SM-102.total")).to_contain_text("156")


def test_a_latched_alarm_can_be_reset(operator: Visit) -> None:
    page = operator.open("/alarms")
    active = page.locator("section").filter(has_text="Active").first
    row = active.get_by_role("row").filter(has_text="Chlorine in the compressor house")
    row.get_by_role("button", name="Reset").click()
    expect(row).to_have_count(0)
