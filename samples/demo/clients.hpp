#pragma once

#include "conversation.hpp"

namespace demo {

/// Leads a conversation from hello to bye, in the style that the settings name: "coroutine" or "thread".
/// Throws when it fails.
void runClient(const ClientSettings& settings);

}  // namespace demo
