#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/status.hpp>

/// What an error of a transport means for the engine.
namespace tempeh::transport {

/// The Status that tells an application why a connection could not be made, as far as the error alone says.
TEMPEH_EXPORT Status connectStatus(const error_code& ec) noexcept;

/// True for the errors that tell of the peer, or of the way to it; the others are this side's.
bool isOfPeer(const error_code& ec) noexcept;

/// True for the errors of a process or system out of descriptors or memory: worth waiting for.
bool isOutOfResources(const error_code& ec) noexcept;

}  // namespace tempeh::transport
