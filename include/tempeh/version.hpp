#pragma once

// The one place that holds the version: the build reads it from here.

#define TEMPEH_VERSION_MAJOR 0
#define TEMPEH_VERSION_MINOR 1
#define TEMPEH_VERSION_PATCH 0

/// For `#if TEMPEH_VERSION >= ...`: major * 10000 + minor * 100 + patch.
#define TEMPEH_VERSION (TEMPEH_VERSION_MAJOR * 10000 + TEMPEH_VERSION_MINOR * 100 + TEMPEH_VERSION_PATCH)
