// No #pragma once: looked at again wherever the names are used.
//
// X11's headers define everyday words as macros. What comes of it would be errors in the middle of nowhere.

#if defined(Status) || defined(Success) || defined(Always)
#error \
    "X11 defines Status, Success and Always as macros, which are names of tempeh's: #undef them between the two"
#endif
