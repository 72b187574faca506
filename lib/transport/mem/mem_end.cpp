#include "transport/mem/mem_end.hpp"

#include <utility>

namespace tempeh::transport {

void MemEnd::awaitInput(std::span<std::byte> into, Completion done) {
    into_ = into;
    reader_.emplace(std::move(done));
    if (connection_->isReadable(side_)) ring();
}

void MemEnd::awaitRoom(Completion done) {
    writer_.emplace(std::move(done));
    if (connection_->isWritable(side_)) ring();
}

void MemEnd::look() {
    if (connection_->isClosed(side_)) return abort();
    if (reader_ && connection_->isReadable(side_)) {
        error_code ec;
        std::size_t size = 0;
        if (!into_.empty()) size = connection_->read(side_, {&into_, 1}, ec);
        Completion done(std::move(*reader_));
        reader_.reset();
        done(ec, size);
    }
    if (writer_ && connection_->isWritable(side_)) {
        Completion done(std::move(*writer_));
        writer_.reset();
        done({});
    }
}

void MemEnd::abort() noexcept {
    abortWait(reader_);
    abortWait(writer_);
}

}  // namespace tempeh::transport
