#pragma once

#include <tempeh/flows/stream_reader.hpp>

#include <memory>
#include <utility>

namespace tempeh::flows::detail {

/// Makes the readers of streams that this side began.
class StreamReaderAccess {
public:
    static StreamReader make(std::shared_ptr<StreamState> state) noexcept {
        return StreamReader(std::move(state));
    }
};

}  // namespace tempeh::flows::detail
