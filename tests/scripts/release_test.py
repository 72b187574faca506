#!/usr/bin/env python3
"""scripts/release, run on a repository of its own: what it refuses, and what a release consists of."""

import datetime
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COPIED = ["scripts/release", "scripts/lib/common.sh", "include/tempeh/version.hpp", "README.md", "ports/tempeh/vcpkg.json"]
TODAY = datetime.date.today().isoformat()
HEADER = "include/tempeh/version.hpp"
CHANGELOG = f"""# Changelog

## [Unreleased]

## [7.8.9] - {TODAY}

### Added

- Something
  useful.

## [0.0.1] - 2020-01-01

- Older.
"""


class Release(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in COPIED:
            if (ROOT / name).exists():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.root / name)
        self.write("CHANGELOG.md", CHANGELOG)
        # Nothing of the machine's own settings: a hook or a signing key is no part of this.
        self.environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull,
                            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org",
                            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit()

    def write(self, name, text):
        (self.root / name).write_text(text)

    def git(self, *arguments):
        return subprocess.run(["git", *arguments], cwd=self.root, env=self.environment, check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A commit")

    def release(self, *arguments):
        return subprocess.run([self.root / "scripts/release", *arguments], cwd=self.root, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def assertRefuses(self, reason, *arguments):
        before = self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")
        result = self.release(*(arguments or ["7.8.9"]))
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertIn(reason, result.stdout)
        self.assertEqual(before, (self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")))
        self.assertEqual(self.git("tag", "--list", "v7.8.9"), "")

    def testReleases(self):
        result = self.release("7.8.9")
        self.assertEqual(result.returncode, 0, result.stdout)
        header = (self.root / HEADER).read_text()
        for line in ["MAJOR 7", "MINOR 8", "PATCH 9"]:
            self.assertIn(f"#define TEMPEH_VERSION_{line}\n", header)
        self.assertIn("find_package(tempeh 7.8 ", (self.root / "README.md").read_text())
        if (self.root / COPIED[-1]).exists():
            self.assertIn('"7.8.9"', (self.root / COPIED[-1]).read_text())
        self.assertEqual(self.git("status", "--porcelain"), "")
        self.assertEqual(self.git("log", "-1", "--format=%s"), "Release 7.8.9")
        self.assertEqual(self.git("rev-parse", "v7.8.9^{commit}"), self.git("rev-parse", "HEAD"))
        self.assertEqual(self.git("cat-file", "-t", "v7.8.9"), "tag")
        self.assertEqual(self.git("tag", "--list", "--format=%(contents)", "v7.8.9"),
                         "### Added\n\n- Something\n  useful.")

    def testTagsTheVersionThatTheHeaderAlreadyHas(self):
        self.assertEqual(self.release("7.8.9").returncode, 0)
        self.git("tag", "--delete", "v7.8.9")
        before = self.git("rev-parse", "HEAD")
        self.assertEqual(self.release("7.8.9").returncode, 0)
        self.assertEqual(self.git("rev-parse", "v7.8.9^{commit}"), before)

    def testDryRunChangesNothing(self):
        before = self.git("rev-parse", "HEAD")
        result = self.release("--dry-run", "7.8.9")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("- Something\n  useful.\n", result.stdout)
        self.assertNotIn("Older", result.stdout)
        self.assertEqual((self.git("rev-parse", "HEAD"), self.git("tag"), self.git("status", "--porcelain")),
                         (before, "", ""))

    def testWantsACleanTree(self):
        self.write("new.txt", "")
        self.assertRefuses("the tree is not clean")

    def testWantsMain(self):
        self.git("switch", "--quiet", "--create", "other")
        self.assertRefuses("main for a release, not other")

    def testWantsTheChangelogOfToday(self):
        self.write("CHANGELOG.md", CHANGELOG.replace(TODAY, "2020-01-02"))
        self.commit()
        self.assertRefuses(f"no section '## [7.8.9] - {TODAY}'")

    def testWantsTextInTheSection(self):
        self.write("CHANGELOG.md", f"## [Unreleased]\n\n## [7.8.9] - {TODAY}\n\n## [0.0.1] - 2020-01-01\n\n- Older.\n")
        self.commit()
        self.assertRefuses("no section '## [7.8.9]")

    def testWantsAPlaceForWhatComesNext(self):
        self.write("CHANGELOG.md", CHANGELOG.replace("## [Unreleased]", ""))
        self.commit()
        self.assertRefuses("no section [Unreleased]")

    def testWantsAVersion(self):
        for wrong in ["7.8", "7.8.9-rc1", "07.8.9", "7.8.100", "v7.8.9"]:
            self.assertRefuses("no version X.Y.Z", wrong)
        self.assertRefuses("which version?", "--dry-run")

    def testDoesNotGoBack(self):
        self.git("tag", "v7.9.0")
        self.assertRefuses("v7.9.0 is there already")

    def testIsNotOlderThanTheHeader(self):
        header = (self.root / HEADER).read_text()
        self.write(HEADER, re.sub(r"(TEMPEH_VERSION_M\w+) \d+$", r"\1 8", header, flags=re.MULTILINE))
        self.commit()
        self.assertRefuses(f"{HEADER} already says 8.8.")


if __name__ == "__main__":
    unittest.main()
