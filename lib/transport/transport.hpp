#pragma once

#include "transport/connector.hpp"
#include "transport/error_classes.hpp"
#include "transport/listener.hpp"
#include "transport/network.hpp"
#include "transport/stream.hpp"
#include "transport/timer.hpp"

/// The contract between the engine and a transport, which moves bytes. Every transport keeps these rules; the
/// comment of a class or function states what it requires beyond them.
///
/// Threads. An engine has one executor, whose handlers never run concurrently. All calls come from it, one at
/// a time, except Stream::writeSome() (see there). No call may block, wait for another thread, or call back
/// into the engine: later results come through the executor.
///
/// Ownership. The engine owns what it receives (unique_ptr) and destroys it on the executor while none of its
/// awaitables is suspended. There is one exception: the io_context's destructor destroys objects and
/// suspended coroutines in any order, without further calls to either, so the destructor of anything a
/// coroutine holds must not use the object. `error_code&` parameters outlive the call.
///
/// Ending. close() and cancel() may be called on the executor at any time and more than once. Pending waits
/// then end with asio::error::operation_aborted, through the executor, never inline; later calls fail with it
/// too. The engine ends waits in no other way: an awaitable need not honour its cancellation slot.
///
/// Errors. `ec` is always set or cleared. Functions that are not noexcept may throw std::bad_alloc and
/// nothing else; an awaitable may also throw it, or end with asio::error::no_memory.
///
/// Adding a transport takes a folder beside tcp/ and uds/ with its Connector, Listener, Stream and Scheme,
/// and a line in scheme.cpp (docs/decisions/transports.md).
namespace tempeh::transport {}
