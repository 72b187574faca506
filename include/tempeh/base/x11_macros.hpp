// No #pragma once: the check repeats wherever the names are used.
//
// X11's headers define everyday words as macros. Without this check that causes errors in unrelated places.

#if defined(Status) || defined(Success) || defined(Always)
#error \
    "X11 defines Status, Success and Always as macros, which are names of tempeh's: #undef them between the two"
#endif
