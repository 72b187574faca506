#pragma once

namespace tempeh::transport {

/// This process's number. One implementation for each kind of system (posix/, windows/).
long processId() noexcept;

}  // namespace tempeh::transport
