// Frames to bytes and back, without a socket. The argument is the size of the body; time is per message.

#include "base/thread_token.hpp"
#include "message/message_pool.hpp"
#include "wire/decoder.hpp"
#include "wire/encoder.hpp"
#include "wire/frame_batch.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tempeh::bench {
namespace {

constexpr std::size_t burst = 64;
constexpr std::size_t plenty = std::size_t{1} << 30;

/// A pool whose own list belongs to the running benchmark, as it does in the engine.
class OwnedPool {
public:
    OwnedPool() { pool_->setOwner(this); }
    ~OwnedPool() {
        pool_->setOwner(nullptr);
        pool_->close();
    }
    MessagePool& operator*() const noexcept { return *pool_; }
    MessagePool* operator->() const noexcept { return pool_; }

private:
    MessagePool* pool_ = MessagePool::create({8192, 8192, 65536, plenty});
    base::ThreadTokenScope scope_{this};
};

MessagePtr makeMessage(MessagePool& pool, std::size_t bodySize, bool withHeaders) {
    MessagePtr message = pool.get(AllocationStrategy::PoolOnly);
    message->header.channelNumber = 7;
    message->header.messageId = 42;
    if (withHeaders) {
        message->textHeaders.append("topic", "weather/amsterdam");
        message->textHeaders.append("reply-to", "meteo-1");
    }
    message->body.append(std::string(bodySize, 'x'));
    return message;
}

void countMessages(benchmark::State& state) {
    using benchmark::Counter;
    const double messages = static_cast<double>(state.iterations()) * burst;
    state.counters["ns/message"] = Counter(messages * 1e-9, Counter::kIsRate | Counter::kInvert);
}

std::vector<std::byte> encodeBurst(const Message& message) {
    const std::size_t size = wire::frameSize(message);
    std::vector<std::byte> bytes(size * burst);
    for (std::size_t i = 0; i < burst; ++i)
        wire::encodeFrame(message, bytes.data() + i * size);
    return bytes;
}

/// What a writer does with a full queue.
void gather(benchmark::State& state) {
    const OwnedPool pool;
    const MessagePtr message =
        makeMessage(*pool, static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
    std::vector<std::byte> scratch(wire::FrameBatch::targetBytes + 65'535 + 16);
    wire::FrameBatch batch(scratch);
    for (auto _ : state) {
        for (std::size_t i = 0; i < burst; ++i) {
            if (!batch.add(*message)) {
                benchmark::DoNotOptimize(batch.spans().data());
                batch.clear();
                batch.add(*message);
            }
        }
        benchmark::ClobberMemory();
    }
    countMessages(state);
}

/// What a reader does with a buffer of whole frames: messages come from the pool and go back to it.
void decode(benchmark::State& state) {
    const OwnedPool pool;
    const MessagePtr message =
        makeMessage(*pool, static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
    const std::vector<std::byte> bytes = encodeBurst(*message);
    wire::Decoder decoder;
    for (auto _ : state) {
        std::span<const std::byte> input(bytes);
        for (auto step = decoder.advance(input); step != wire::Decoder::Step::NeedInput;
             step = decoder.advance(input)) {
            if (step == wire::Decoder::Step::NeedMessage) {
                decoder.supply(pool->get(AllocationStrategy::PoolOnly));
            } else if (step == wire::Decoder::Step::FrameReady) {
                pool->put(decoder.take());
            } else {
                return state.SkipWithError("malformed");
            }
        }
    }
    countMessages(state);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"body", "headers"});
    for (const int size : {16, 128, 1024, 16'384})
        benchmark->Args({size, 0});
    benchmark->Args({16, 1});
}
BENCHMARK(gather)->Apply(sizes);
BENCHMARK(decode)->Apply(sizes);

}  // namespace
}  // namespace tempeh::bench
