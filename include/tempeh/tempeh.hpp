#pragma once

/// The whole engine. <tempeh/all.hpp> has flows as well.

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/core/accept_policy.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/blocking_channel_group.hpp>
#include <tempeh/core/channel_group.hpp>
#include <tempeh/core/channel_info.hpp>
#include <tempeh/core/options.hpp>
#include <tempeh/core/reactor.hpp>
#include <tempeh/core/reactor_group.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/core/stats.hpp>
#include <tempeh/message/allocation_strategy.hpp>
#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/body.hpp>
#include <tempeh/message/message.hpp>
#include <tempeh/message/message_queue.hpp>
#include <tempeh/message/op_code.hpp>
#include <tempeh/message/status.hpp>
#include <tempeh/message/text_headers.hpp>
#include <tempeh/transport/credentials.hpp>
#include <tempeh/transport/test_addresses.hpp>
#include <tempeh/version.hpp>
#include <tempeh/wire/address.hpp>
#include <tempeh/wire/fd_address.hpp>
#include <tempeh/wire/mem_address.hpp>
