#!/usr/bin/env python3
"""Tests what turns runs into verdicts: pairing, goals, plans, plots. Usage: suite_test.py"""

import pathlib
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from suite import analysis, goals, measure, overview, plan, report, svg  # noqa: E402

LATENCY, RATE = plan.Case("latency"), plan.Case("throughput")


def results(case, metric, **programs):
    """program=[value of repetition 0, 1, ...]; None: not measured in that repetition."""
    runs = [(case, program, repetition, {metric: value, "disturbed": 0.0})
            for program, values in programs.items() for repetition, value in enumerate(values) if value is not None]
    return analysis.Results(runs)


def everything(entries):
    """A run of every program that takes part, all figures alike."""
    figures = {"rttP50Ns": 1000, "rttP99Ns": 2000, "rttP999Ns": 3000, "messagesPerSecond": 1e6, "bytesPerSecond": 1e8,
               "clientCpuNsPerMessage": 10.0, "serverCpuNsPerMessage": 10.0, "disturbed": 0.0}
    figures |= {name: 0.0 for name in measure.KEPT if name.removesuffix("Worse") in measure.COUNTED}
    runs = [(entry.case, program.name, 0,
             {**figures, "clientMemoryBytes": 3000 * entry.case.connections, "serverMemoryBytes": 3000 * entry.case.connections})
            for entry in entries for program in plan.PROGRAMS if plan.takes_part(program, entry)]
    return analysis.Results(runs, [{"compiler": "gcc", "level": "-O0", "source": "include_only", "seconds": 1.0}])


class Pairing(unittest.TestCase):
    def test_ratios_are_taken_inside_a_repetition_before_the_median(self):
        found = results(LATENCY, "rttP50Ns", tempeh=[10, 100, 40], raw_epoll=[10, 50, 10])
        self.assertEqual(found.ratio(LATENCY, "tempeh", "raw_epoll"), 2)  # of 1, 2, 4; of the medians it would be 4

    def test_a_repetition_that_one_lacks_does_not_count(self):
        found = results(LATENCY, "rttP50Ns", tempeh=[10, 999], raw_epoll=[5, None])
        self.assertEqual(found.ratio(LATENCY, "tempeh", "raw_epoll"), 2)

    def test_nothing_in_common_gives_no_ratio(self):
        self.assertIsNone(results(LATENCY, "rttP50Ns", tempeh=[10]).ratio(LATENCY, "tempeh", "zmq"))

    def test_an_advantage_is_above_one_for_short_times_and_for_high_rates(self):
        times = results(LATENCY, "rttP50Ns", tempeh=[10], zmq=[30])
        rates = results(RATE, "messagesPerSecond", tempeh=[30], zmq=[10])
        self.assertEqual(times.advantage(LATENCY, "tempeh", "zmq"), 3)
        self.assertEqual(rates.advantage(RATE, "tempeh", "zmq"), 3)

    def test_the_best_peer_is_neither_ours_nor_the_limit(self):
        found = results(RATE, "messagesPerSecond", tempeh=[9], tempeh_blocking=[8], raw_epoll=[7], zmq=[3], nng=[2])
        self.assertEqual(found.best_peer(RATE, 0), ("zmq", 3))


class Goals(unittest.TestCase):
    upper = goals.Goal("", goals.against(("tempeh",), "raw_epoll", goals.steady("latency")), 1.5, False)
    lower = goals.Goal("", goals.against(("tempeh",), "raw_epoll", goals.steady("throughput")), 0.5, True)

    def test_an_upper_bound(self):
        self.assertEqual(self.upper.judge(results(LATENCY, "rttP50Ns", tempeh=[15], raw_epoll=[10]))[0], "met")
        self.assertEqual(self.upper.judge(results(LATENCY, "rttP50Ns", tempeh=[16], raw_epoll=[10]))[0], "**not met**")

    def test_a_lower_bound(self):
        self.assertEqual(self.lower.judge(results(RATE, "messagesPerSecond", tempeh=[5], raw_epoll=[10]))[0], "met")
        self.assertEqual(self.lower.judge(results(RATE, "messagesPerSecond", tempeh=[4], raw_epoll=[10]))[0], "**not met**")

    def test_without_a_figure_it_is_not_measured(self):
        self.assertEqual(self.upper.judge(results(LATENCY, "rttP50Ns", tempeh=[15])), ("not measured", ""))

    def test_the_worst_case_decides(self):
        other = plan.Case("latency", 16)
        runs = [(LATENCY, "tempeh", 0, {"rttP50Ns": 10}), (LATENCY, "raw_epoll", 0, {"rttP50Ns": 10}),
                (other, "tempeh", 0, {"rttP50Ns": 30}), (other, "raw_epoll", 0, {"rttP50Ns": 10})]
        verdict, figure = self.upper.judge(analysis.Results(runs))
        self.assertEqual(verdict, "**not met**")
        self.assertIn("3.00 (tempeh, tcp 16 B); 1 of 2 miss", figure)

    def test_two_cores_and_polling_are_no_steady_figures(self):
        case = plan.Case("latency", pinning=plan.TWO_CORES)
        self.assertEqual(self.upper.judge(results(case, "rttP50Ns", tempeh=[1], raw_epoll=[1]))[0], "not measured")

    def test_growth_compares_the_last_connections_with_the_first(self):
        memory = {1000: 3_000_000, 10000: 30_000_000, 19000: 84_000_000}
        runs = [(plan.Case("idle", connections=n), "tempeh", 0, {"clientMemoryBytes": m}) for n, m in memory.items()]
        self.assertEqual([value for _, value in goals.idle_growth(analysis.Results(runs))], [2])


class Plans(unittest.TestCase):
    def test_every_goal_is_measured_by_both_plans(self):
        for entries in (plan.quick_plan(), plan.full_plan()):
            found = everything(entries)
            self.assertEqual([goal.text for goal in goals.GOALS if goal.judge(found)[0] == "not measured"], [])

    def test_no_case_comes_twice_and_each_has_its_limit_row(self):
        programs = {program.name: program for program in plan.PROGRAMS}
        for entries in (plan.quick_plan(), plan.full_plan()):
            cases = [entry.case for entry in entries]
            self.assertEqual(len(cases), len(set(cases)))
            for entry in entries:
                self.assertTrue(plan.takes_part(programs[entry.case.limit], entry), entry.case.label)

    def test_a_case_survives_the_results_file(self):
        for entry in plan.full_plan():
            self.assertEqual(plan.Case(**entry.case.fields()), entry.case)


class Counting(unittest.TestCase):
    def test_sides_are_added_and_the_worse_is_kept(self):
        result = {"steady": {"locks": 1.0, "syscalls": 0.5}, "server": {"steady": {"locks": 2.0}}}
        measure.flatten_counts(result)
        self.assertEqual((result["locks"], result["locksWorse"]), (3.0, 2.0))
        self.assertNotIn("syscalls", result)

    def test_the_total_of_strace_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "calls")
            path.write_text("  0.00    0.000000           0         1           rseq\n"
                            "100.00    0.257343           2    100029         1 total\n", encoding="utf-8")
            self.assertEqual(measure.traced_calls(path), 100029)


class Output(unittest.TestCase):
    def test_the_whole_report_is_written_and_its_plots_are_xml(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            report.write(everything(plan.full_plan()), out, {"date": "today"})
            page = (out / "README.md").read_text(encoding="utf-8")
            plots = list(out.glob("*.svg"))
            self.assertLessEqual({name for name, _, _ in overview.PLOTS}, {path.name for path in plots})
            for path in plots:
                ElementTree.parse(path)
                self.assertIn(f"({path.name})", page)

    def test_a_wide_range_is_logarithmic_and_a_narrow_one_is_not(self):
        self.assertTrue(svg.Scale([1, 1000]).logarithmic)
        self.assertFalse(svg.Scale([10, 60]).logarithmic)


if __name__ == "__main__":
    unittest.main()
