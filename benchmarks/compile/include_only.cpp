#include <tempeh/tempeh.hpp>
