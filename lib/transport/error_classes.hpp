#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/status.hpp>

/// Classifies the errors of a transport for the engine.
namespace tempeh::transport {

/// The Status that tells the application why a connection could not be made, as far as the error alone shows.
TEMPEH_EXPORT Status connectStatus(const error_code& ec) noexcept;

/// True for errors of the peer or of the network path to it; all others are local.
TEMPEH_EXPORT bool isOfPeer(const error_code& ec) noexcept;

/// True when the process or the system is out of descriptors or memory: retrying later may help.
bool isOutOfResources(const error_code& ec) noexcept;

}  // namespace tempeh::transport
