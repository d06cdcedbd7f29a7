"""The tier and suite of a test: by the plan, by what its markers and names say, by its folder."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plan.discovery import MOST_TIERS, TestFacts, assign
from tui.plan.model import Plan, Suite, Tier

NO_PLAN = Plan()


def _facts(path: str = "tests/test_a.py", function: str = "test_it", **more: object) -> TestFacts:
    return TestFacts(f"{path}::{function}", path, function, **more)  # type: ignore[arg-type]


def _tiers(*facts: TestFacts) -> list[str]:
    return [tier for tier, _ in assign(facts, NO_PLAN).tests]


def _in(paths: Iterable[str]) -> list[TestFacts]:
    return [_facts(path) for path in paths]


class TestMarkers:
    @pytest.mark.parametrize("marker", ["p1", "P1"])
    def test_a_priority(self, marker: str) -> None:
        assert _tiers(_facts(markers=((marker, ()),))) == ["P1"]

    @pytest.mark.parametrize(("argument", "tier"), [("P2", "P2"), ("p2", "P2"), ("security", "security")])
    def test_a_tier_by_name(self, argument: str, tier: str) -> None:
        assert _tiers(_facts(markers=(("tier", (argument,)),))) == [tier]

    def test_the_closest_wins(self) -> None:
        assert _tiers(_facts(markers=(("slow", ()), ("p3", ()), ("tier", ("P1",))))) == ["P3"]

    def test_markers_win_over_names(self) -> None:
        assert _tiers(_facts(function="test_p1_pay", markers=(("p2", ()),))) == ["P2"]

    @pytest.mark.parametrize("marker", [("p7", ()), ("tier", ()), ("tier", ("  ",)), ("tier", ("a\nb",)), ("p1x", ())])
    def test_others_say_nothing(self, marker: tuple[str, tuple[str, ...]]) -> None:
        assert _tiers(_facts(markers=(marker,))) == ["tests"]


class TestNames:
    @pytest.mark.parametrize(
        "function",
        [
            "test_priority1_pay",
            "test_p1_pay",
            "p1_pay",
            "test_p1",
            "test_p1[p2_x]",
            "TEST_P1_pay",
            "test_priority_1_pay",
        ],
    )
    def test_of_functions(self, function: str) -> None:
        assert _tiers(_facts(function=function)) == ["P1"]

    @pytest.mark.parametrize(
        "function", ["test_p2p_chat", "test_p12_x", "test_xp1_a", "test_pay_p1", "test_p7_x", "test_P2P_x"]
    )
    def test_that_only_look_like_it(self, function: str) -> None:
        assert _tiers(_facts(function=function)) == ["tests"]

    @pytest.mark.parametrize("name", ["TestP2", "TestP2Pay", "P2Tests", "TestPriority2Pay", "Test_p2_pay"])
    def test_of_classes(self, name: str) -> None:
        assert _tiers(_facts(class_names=(name,))) == ["P2"]

    @pytest.mark.parametrize("name", ["TestP2PNode", "TestP25", "TestPay", "TestP2p"])
    def test_of_classes_that_only_look_like_it(self, name: str) -> None:
        assert _tiers(_facts(class_names=(name,))) == ["tests"]

    @pytest.mark.parametrize("path", ["tests/test_p3_pay.py", "tests/p3_pay_test.py", "tests/test_priority3.py"])
    def test_of_modules(self, path: str) -> None:
        assert _tiers(_facts(path)) == ["P3"]

    def test_the_nearest_wins(self) -> None:
        path, classes = "tests/test_p3_x.py", ("TestP1Outer", "TestP2Inner")
        assert _tiers(
            _facts(path, "test_p4_x", class_names=classes), _facts(path, class_names=classes), _facts(path)
        ) == ["P4", "P2", "P3"]  # fmt: skip


class TestFolders:
    def test_top_folders(self) -> None:
        assert _tiers(*_in(["unit/test_a.py", "smoke/deep/test_b.py", "test_c.py"])) == ["unit", "smoke", "top"]

    def test_below_one_top_folder_its_subfolders(self) -> None:
        assert _tiers(*_in(["tests/unit/test_a.py", "tests/ws/x/test_b.py", "tests/test_c.py"])) == [
            "unit",
            "ws",
            "tests",
        ]

    def test_below_a_package_its_test_folder(self) -> None:
        assert _tiers(*_in(["src/shop/tests/unit/test_a.py", "src/shop/tests/ws/test_b.py"])) == ["unit", "ws"]

    def test_below_one_top_folder_that_is_not_for_tests(self) -> None:
        assert _tiers(*_in(["checks/api/v1/test_a.py", "checks/api/v2/test_b.py"])) == ["api", "api"]

    def test_one_folder_alone_has_the_tier_it_has_among_others(self) -> None:
        assert _tiers(*_in(["tests/unit/test_a.py", "tests/unit/deep/test_b.py"])) == ["unit", "unit"]
        assert _tiers(*_in(["tests/test_a.py"])) == ["tests"]

    def test_of_priorities(self) -> None:
        assert _tiers(*_in(["tests/p1/test_a.py", "tests/priority2_x/test_b.py", "tests/p2p/test_c.py"])) == [
            "P1",
            "P2",
            "p2p",
        ]

    def test_odd_paths(self) -> None:
        assert _tiers(*_in(["../other/test_a.py", "", "/abs/test_b.py", "./c/test_c.py"])) == [
            "other",
            "top",
            "abs",
            "c",
        ]


class TestMany:
    def test_the_smallest_are_merged(self) -> None:
        paths = [f"f{number:02}/test_{n}.py" for number in range(20) for n in range(number + 1)]
        found = assign(_in(paths), NO_PLAN)
        assert [tier.id for tier in found.tiers] == [f"f{number:02}" for number in range(9, 20)] + ["other"]
        assert len(found.tiers) == MOST_TIERS
        assert [tier for tier, _ in found.tests].count("other") == sum(range(1, 10))

    def test_twelve_fit(self) -> None:
        found = assign(_in(f"f{number:02}/test_a.py" for number in range(12)), NO_PLAN)
        assert [tier.id for tier in found.tiers] == [f"f{number:02}" for number in range(12)]

    def test_priorities_are_first_and_never_merged(self) -> None:
        paths = [f"f{number:02}/test_a.py" for number in range(20)]
        said = [_facts(markers=((f"p{number}", ()),)) for number in range(6, 0, -1)]
        tiers = assign([*_in(paths), *said], NO_PLAN).tiers
        assert [tier.id for tier in tiers] == [
            "P1",
            "P2",
            "P3",
            "P4",
            "P5",
            "P6",
            "f00",
            "f01",
            "f02",
            "f03",
            "f04",
            "other",
        ]
        assert [tier.title for tier in tiers][:2] == ["critical", "high"]
        assert [tier.order for tier in tiers] == sorted(tier.order for tier in tiers)


class TestLater:
    """Tests that are collected later, such as those of an edited file."""

    def test_a_known_folder_keeps_its_tier(self) -> None:
        first = assign(_in(["tests/unit/test_a.py", "tests/ws/test_b.py"]), NO_PLAN)
        later = assign(_in(["tests/unit/test_new.py"]), NO_PLAN, first.layout)
        assert [tier for tier, _ in later.tests] == ["unit"]
        assert later.layout == first.layout

    def test_a_new_folder_outside_of_what_all_shared(self) -> None:
        first = assign(_in(["tests/unit/test_a.py", "tests/ws/test_b.py"]), NO_PLAN)
        later = assign(_in(["docs/test_c.py", "test_d.py", "tests/test_e.py"]), NO_PLAN, first.layout)
        assert [tier for tier, _ in later.tests] == ["docs", "top", "tests"]
        assert [tier.id for tier in later.tiers] == ["unit", "ws", "docs", "tests", "top"]

    def test_without_room_it_is_other(self) -> None:
        first = assign(_in(f"f{number:02}/test_a.py" for number in range(12)), NO_PLAN)
        later = assign(_in(["a/test_a.py", "f03/test_b.py"]), NO_PLAN, first.layout)
        assert [tier for tier, _ in later.tests] == ["other", "f03"]

    def test_after_a_collection_that_found_nothing(self) -> None:
        first = assign([], NO_PLAN)
        later = assign(_in(["tests/unit/test_a.py"]), NO_PLAN, first.layout)
        assert [tier for tier, _ in later.tests] == ["unit"]

    @given(st.lists(st.lists(st.sampled_from("abcdefghijklmnopq"), max_size=3), min_size=1, max_size=40), st.data())
    def test_each_test_given_again_has_the_same_tier(self, folders: list[list[str]], data: st.DataObject) -> None:
        facts = [_facts("/".join([*folder, f"test_{n}.py"])) for n, folder in enumerate(folders)]
        whole = assign(facts, NO_PLAN)
        assert whole == assign(facts, NO_PLAN)
        assert {tier for tier, _ in whole.tests} == {tier.id for tier in whole.tiers}
        assert len(whole.tiers) <= MOST_TIERS
        some = data.draw(st.lists(st.sampled_from(range(len(facts)))))
        again = assign([facts[n] for n in some], NO_PLAN, whole.layout)
        assert again.tests == [whole.tests[n] for n in some]
        assert again.layout == whole.layout


class TestSuites:
    def test_without_a_plan_the_module(self) -> None:
        found = assign(
            [_facts("tests/test_a.py"), _facts("tests/test_a.py", "test_p1_x"), _facts("tests/test_b.py")], NO_PLAN
        )
        assert found.tests == [("tests", "tests/test_a.py"), ("P1", "tests/test_a.py"), ("tests", "tests/test_b.py")]
        assert found.suites == (Suite("tests/test_a.py", "P1"), Suite("tests/test_b.py", "tests"))


class TestWithPlan:
    PLAN = Plan(
        source="stagewatch.toml",
        tiers=(Tier("core", order=5), Tier("P1", "mine", order=2)),
        suites=(Suite("pay", "P1"), Suite("ws", "core"), Suite("tests/test_a.py", "core")),
    )

    def test_the_first_suite_in_the_plan_wins(self) -> None:
        assert assign([_facts(suites=(1, 0), markers=(("p3", ()),))], self.PLAN).tests == [("P1", "pay")]

    def test_unclaimed_tests_are_where_discovery_puts_them(self) -> None:
        found = assign(
            [
                _facts("tests/test_b.py", markers=(("p1", ()),)),
                _facts("tests/unit/test_c.py"),
                _facts("tests/test_a.py"),
            ],
            self.PLAN,
        )
        assert found.tests == [
            ("P1", "tests/test_b.py"),
            ("unit", "tests/unit/test_c.py"),
            ("tests", "tests/test_a.py (rest)"),
        ]

    def test_the_tiers_of_the_plan_come_first_in_its_order(self) -> None:
        found = assign(
            [_facts(suites=(1,)), _facts("a/test_b.py", markers=(("p2", ()),)), _facts("b/test_b.py")], self.PLAN
        )
        assert [(tier.id, tier.title) for tier in found.tiers] == [
            ("P1", "mine"),
            ("core", ""),
            ("P2", "high"),
            ("b", ""),
        ]
        orders = [tier.order for tier in found.tiers]
        assert orders == sorted(orders)

    def test_all_suites_of_the_plan_are_there(self) -> None:
        assert assign([], self.PLAN).suites == self.PLAN.suites
        assert [tier.id for tier in assign([], self.PLAN).tiers] == ["P1", "core"]
