#pragma once

#include "flows/hub/hub_lock.hpp"
#include "flows/hub/wait.hpp"

#include <tempeh/message/binary_header.hpp>

namespace tempeh::flows::detail {

/// Hears that the peer no longer waits for the answer to one of its requests.
class CancelSink {
public:
    virtual void onCancel(MessageId request, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;

protected:
    ~CancelSink() = default;
};

}  // namespace tempeh::flows::detail
