#pragma once

/// Everything a program needs: the engine and flows. Not <tempeh/testing.hpp>, which is of another library,
/// nor <tempeh/message/fmt.hpp>, which needs the headers of fmt.

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
