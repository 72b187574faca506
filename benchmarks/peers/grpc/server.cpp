#include "common.hpp"
#include "program.hpp"
#include "responder.hpp"

#include <cstdlib>
#include <cstring>
#include <deque>
#include <grpcpp/generic/async_generic_service.h>
#include <memory>
#include <utility>

namespace bench::grpc_peer {
namespace {

/// One stream; reads and writes go on independently, one of each outstanding, as gRPC demands.
class Stream {
public:
    /// A step of the stream; its address is the tag of the operation.
    struct Step {
        Stream* stream;
        void (Stream::*run)(bool ok);
    };

    Stream(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue, Responder& responder)
        : service_(service), queue_(queue), responder_(responder), io_(&context_) {
        service_.RequestCall(&context_, &io_, &queue_, &queue_, &accepted_);
    }

private:
    void onAccepted(bool ok) {
        if (!ok) return;  // shutting down
        new Stream(service_, queue_, responder_);
        io_.Read(&incoming_, &read_);
    }

    void onRead(bool ok) {
        if (!ok) {
            ended_ = true;
            finishWhenIdle();
            return;
        }
        const Action action = withBody(incoming_, [this](const std::byte* body, std::size_t n) {
            return responder_.onMessage(body, n);
        });
        if (action == Action::Echo) {
            unsent_.push_back(std::move(incoming_));
        } else if (action == Action::Summarize) {
            unsent_.push_back(makeMessage(kSummarySize, [this](std::byte* to) {
                const Summary summary = responder_.summary();
                std::memcpy(to, &summary, kSummarySize);
            }));
        }
        incoming_.Clear();
        writeNext();
        io_.Read(&incoming_, &read_);  // after the write, so that the window update travels with it
    }

    void onWritten(bool ok) {
        writing_ = false;
        if (!ok) unsent_.clear();
        writeNext();
        finishWhenIdle();
    }

    void writeNext() {
        if (writing_ || unsent_.empty()) return;
        writing_ = true;
        leaving_ = std::move(unsent_.front());
        unsent_.pop_front();
        grpc::WriteOptions options;
        if (!unsent_.empty()) options.set_buffer_hint();
        io_.Write(leaving_, options, &write_);
    }

    void finishWhenIdle() {
        if (!ended_ || writing_ || finishing_) return;
        finishing_ = true;
        io_.Finish(grpc::Status::OK, &finish_);
    }

    void onFinished(bool) { delete this; }

    grpc::AsyncGenericService& service_;
    grpc::ServerCompletionQueue& queue_;
    Responder& responder_;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter io_;
    grpc::ByteBuffer incoming_;
    grpc::ByteBuffer leaving_;
    std::deque<grpc::ByteBuffer> unsent_;
    bool writing_ = false;
    bool ended_ = false;
    bool finishing_ = false;
    Step accepted_{this, &Stream::onAccepted};
    Step read_{this, &Stream::onRead};
    Step write_{this, &Stream::onWritten};
    Step finish_{this, &Stream::onFinished};
};

}  // namespace

void serve(const Options& options) {
    Responder responder(options);
    Address bound = options.address;
    grpc::AsyncGenericService service;
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);  // saves a frame and a write per message
    builder.AddListeningPort(targetOf(bound), grpc::InsecureServerCredentials(), &port);
    builder.RegisterAsyncGenericService(&service);
    const std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server) throw std::runtime_error("cannot listen on " + bound.text());
    if (!bound.uds) bound.port = static_cast<std::uint16_t>(port);
    new Stream(service, *queue, responder);  // owns itself until its call ends
    responder.ready(bound);
    onStdinEnd([&responder] {
        responder.report();
        std::_Exit(0);
    });
    void* tag = nullptr;
    bool ok = false;
    while (queue->Next(&tag, &ok)) {
        const auto* step = static_cast<Stream::Step*>(tag);
        (step->stream->*step->run)(ok);
    }
}

}  // namespace bench::grpc_peer
