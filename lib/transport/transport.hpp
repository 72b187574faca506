#pragma once

#include "transport/connector.hpp"
#include "transport/error_classes.hpp"
#include "transport/listener.hpp"
#include "transport/network.hpp"
#include "transport/stream.hpp"
#include "transport/timer.hpp"

/// The contract between the engine and what moves bytes. A transport keeps these rules; what a class or a
/// call has beyond them stands there.
///
/// Threads. An engine has one executor, whose handlers never run side by side. Every call comes from it, one
/// at a time, but for Stream::writeSome() (see there). No call may block, wait for another thread, or call
/// back into the engine: what comes of it later comes through the executor.
///
/// Ownership. The engine owns what it is given (unique_ptr) and destroys it on the executor, with none of its
/// awaitables suspended. The one exception: when the io_context goes, objects and suspended coroutines are
/// destroyed in any order, without another call to either; so what a coroutine holds must not reach for the
/// object in its destructor. `error_code&` parameters outlive the call they are given to.
///
/// Ending. close() and cancel() may be called at any time on the executor and more than once. What waits then
/// ends with asio::error::operation_aborted, through the executor, never inline; what is called later fails
/// too. The engine uses nothing else to end a wait: an awaitable need not heed its cancellation slot.
///
/// Errors. `ec` is always set or cleared. Functions that are not noexcept may throw std::bad_alloc, and
/// nothing else; an awaitable may throw it too, or end with asio::error::no_memory.
///
/// Adding a transport: a folder beside tcp/ and uds/ with its Connector, Listener, Stream and Scheme, and a
/// line in scheme.cpp (docs/decisions/transports.md).
namespace tempeh::transport {}
