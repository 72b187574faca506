#pragma once

// The one place that holds the version: the build reads it from here.

/// Breaks sources or behaviour (docs/compatibility.md).
#define TEMPEH_VERSION_MAJOR 0
/// Adds; before 1.0 breaks, too.
#define TEMPEH_VERSION_MINOR 1
/// Mends.
#define TEMPEH_VERSION_PATCH 0

/// For `#if TEMPEH_VERSION >= ...`: major * 10000 + minor * 100 + patch.
#define TEMPEH_VERSION (TEMPEH_VERSION_MAJOR * 10000 + TEMPEH_VERSION_MINOR * 100 + TEMPEH_VERSION_PATCH)
