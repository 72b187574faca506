#pragma once

namespace tempeh::transport {

/// The id of this process. One implementation for each kind of system (posix/, windows/).
long processId() noexcept;

}  // namespace tempeh::transport
