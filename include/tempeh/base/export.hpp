#pragma once

/// TEMPEH_EXPORT marks what a shared library exports; everything else is hidden. Put it on every public class
/// with members defined outside its header, on every public free function defined in lib/, and on every type
/// that is thrown or identified by its address (exceptions, error categories). CMake defines TEMPEH_SHARED
/// for the library and its users, and TEMPEH_BUILDING for the library alone. TEMPEH_TESTING_EXPORT and
/// TEMPEH_BUILDING_TESTING are the same for the library tempeh::testing, and those with ACTORS and TLS for
/// tempeh::actors and tempeh::tls.
#if !defined(TEMPEH_SHARED)
#define TEMPEH_EXPORT
#define TEMPEH_TESTING_EXPORT
#define TEMPEH_ACTORS_EXPORT
#define TEMPEH_TLS_EXPORT
#elif defined(_WIN32) || defined(__CYGWIN__)
#if defined(TEMPEH_BUILDING)
#define TEMPEH_EXPORT __declspec(dllexport)
#else
#define TEMPEH_EXPORT __declspec(dllimport)
#endif
#if defined(TEMPEH_BUILDING_TESTING)
#define TEMPEH_TESTING_EXPORT __declspec(dllexport)
#else
#define TEMPEH_TESTING_EXPORT __declspec(dllimport)
#endif
#if defined(TEMPEH_BUILDING_ACTORS)
#define TEMPEH_ACTORS_EXPORT __declspec(dllexport)
#else
#define TEMPEH_ACTORS_EXPORT __declspec(dllimport)
#endif
#if defined(TEMPEH_BUILDING_TLS)
#define TEMPEH_TLS_EXPORT __declspec(dllexport)
#else
#define TEMPEH_TLS_EXPORT __declspec(dllimport)
#endif
#else
#define TEMPEH_EXPORT [[gnu::visibility("default")]]
#define TEMPEH_TESTING_EXPORT [[gnu::visibility("default")]]
#define TEMPEH_ACTORS_EXPORT [[gnu::visibility("default")]]
#define TEMPEH_TLS_EXPORT [[gnu::visibility("default")]]
#endif
