#pragma once

// The only place that holds the version; the build reads it from here.

/// Incremented for changes that break sources or behaviour (docs/compatibility.md).
#define TEMPEH_VERSION_MAJOR 0
/// Incremented for additions; before 1.0 for breaking changes, too.
#define TEMPEH_VERSION_MINOR 1
/// Incremented for corrections.
#define TEMPEH_VERSION_PATCH 0

/// For `#if TEMPEH_VERSION >= ...`: major * 10000 + minor * 100 + patch.
#define TEMPEH_VERSION (TEMPEH_VERSION_MAJOR * 10000 + TEMPEH_VERSION_MINOR * 100 + TEMPEH_VERSION_PATCH)
