"""From runs to figures: medians, spread, and ratios paired inside each repetition."""

from collections import defaultdict
from statistics import median

from .plan import KINDS, LIMIT, OURS, PROGRAMS


class Results:
    """All runs: case -> program -> repetition -> the run's dictionary; and the compile times."""

    def __init__(self, runs, compile_times=()):
        self.compile_times = list(compile_times)
        self.table = defaultdict(lambda: defaultdict(dict))
        for case, program, repetition, run in runs:
            self.table[case][program][repetition] = run

    def cases(self):
        return list(self.table)

    def programs(self):
        present = {program for by_program in self.table.values() for program in by_program}
        return [program.name for program in PROGRAMS if program.name in present]

    def values(self, case, program, metric=None):
        """repetition -> value"""
        metric = metric or case.metric
        runs = self.table[case].get(program, {}) if case in self.table else {}
        return {repetition: run[metric] for repetition, run in runs.items() if metric in run}

    def median(self, case, program, metric=None):
        values = self.values(case, program, metric)
        return median(values.values()) if values else None

    def spread(self, case, program):
        """Half the range, relative to the median."""
        values = list(self.values(case, program).values())
        middle = median(values) if values else 0
        return (max(values) - min(values)) / 2 / middle if middle else 0.0

    def ratio(self, case, program, other, metric=None, other_case=None):
        """Median of the ratios inside each repetition; None without a common one."""
        mine = self.values(case, program, metric)
        theirs = self.values(other_case or case, other, metric)
        ratios = [mine[repetition] / theirs[repetition] for repetition in mine if theirs.get(repetition)]
        return median(ratios) if ratios else None

    def advantage(self, case, program, other):
        """How many times better than another: above 1 is better, whatever the figure."""
        ratio = self.ratio(case, program, other)
        if not ratio:
            return None
        return 1 / ratio if case.lower_is_better else ratio

    def best_peer(self, case, repetition):
        """(name, value) of the best that is neither ours nor the limit row."""
        found = [(program, self.values(case, program).get(repetition)) for program in self.table[case]
                 if KINDS.get(program) not in (OURS, LIMIT)]
        found = [(program, value) for program, value in found if value]
        if not found:
            return None
        choose = min if case.lower_is_better else max
        return choose(found, key=lambda item: item[1])

    def ratio_to_best(self, case, program):
        mine = self.values(case, program)
        ratios = []
        for repetition, value in mine.items():
            best = self.best_peer(case, repetition)
            if best:
                ratios.append(value / best[1])
        return median(ratios) if ratios else None

    def disturbed(self):
        """Share of the runs during which something else took more than a tenth of the cores measured on."""
        shares = [run["disturbed"] for by_program in self.table.values() for runs in by_program.values()
                  for run in runs.values()]
        return sum(share > 0.1 for share in shares) / len(shares) if shares else 0.0
