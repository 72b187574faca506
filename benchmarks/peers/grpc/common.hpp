#pragma once

#include "content.hpp"
#include "options.hpp"

#include <cstddef>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>
#include <string>

/// gRPC: one bidirectional stream per connection, generic (no protobuf), completion queue, one thread a side:
/// the least it can do per message.
namespace bench::grpc_peer {

void serve(const Options& options);
void drive(const Options& options);

inline constexpr const char* kMethod = "/bench.Peer/Exchange";

inline std::string targetOf(const Address& address) {
    return address.uds ? "unix:" + address.path : address.host + ":" + std::to_string(address.port);
}

/// A message of `size` bytes filled by `write(bytes)`.
template <typename Write>
grpc::ByteBuffer makeMessage(std::size_t size, Write&& write) {
    grpc_slice raw = grpc_slice_malloc(size);
    write(reinterpret_cast<std::byte*>(GRPC_SLICE_START_PTR(raw)));
    const grpc::Slice slice(raw, grpc::Slice::STEAL_REF);
    return grpc::ByteBuffer(&slice, 1);
}

/// Calls `onBody(bytes, size)` with the message in one piece.
template <typename OnBody>
auto withBody(const grpc::ByteBuffer& buffer, OnBody&& onBody) {
    grpc::Slice slice;
    if (!buffer.TrySingleSlice(&slice).ok() && !buffer.DumpToSingleSlice(&slice).ok())
        fail("an empty gRPC message");
    return onBody(reinterpret_cast<const std::byte*>(slice.begin()), slice.size());
}

}  // namespace bench::grpc_peer
