#pragma once

/// Everything a program needs: the engine and flows. Without <tempeh/testing.hpp>, which belongs to another
/// library, and <tempeh/message/fmt.hpp>, which needs the headers of fmt.

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
