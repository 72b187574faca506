#pragma once

// Every status, once. A new one is a row at the end, its number the next, and a line in docs/wire.md and in
// docs/concepts/errors.md (both are compared). The enumeration, names, texts and counters follow from it.
//
//     ROW(number, name, reach, "What happened; what to do")
//
// Wire: the protocol has it, so a frame may carry it. Local: tempeh's own, from 64 up, never in a frame.

// clang-format off
#define TEMPEH_STATUSES(ROW)                                                                        \
    ROW(0, Success, Wire,                                                                           \
        "Done; nothing to do")                                                                      \
    ROW(1, NotImplementedYet, Wire,                                                                 \
        "This engine does not offer the operation; use another way or a newer version")             \
    ROW(2, WrongAddress, Wire,                                                                      \
        "The message has no address header of its kind; format a client address into a "            \
        "HelloRequest or a server address into a WelcomeRequest")                                   \
    ROW(3, NotAllowed, Wire,                                                                        \
        "The operation is not allowed here and now; one waiter at a time, and make blocking "       \
        "calls on a thread other than the reactor's")                                               \
    ROW(4, NullMessage, Wire,                                                                       \
        "There is no message in the pointer; get one from the engine and check it for null")        \
    ROW(5, InvalidMessage, Wire,                                                                    \
        "The message or its text headers break the rules of the protocol; check names, values and " \
        "order of messages on the side that made it")                                               \
    ROW(6, InvalidOpCode, Wire,                                                                     \
        "The opcode is unknown or may not be used here; use one that the state of the channel "     \
        "allows")                                                                                   \
    ROW(7, InvalidHeadersLen, Wire,                                                                 \
        "The text headers are longer than 65,535 bytes; shorten them or move data into the body")   \
    ROW(8, InvalidBodyLen, Wire,                                                                    \
        "The body is too long; a message carries at most 65,535 bytes, send more in parts or as a " \
        "stream")                                                                                   \
    ROW(9, InvalidMoreUsage, Wire,                                                                  \
        "The more flag is set on a message that cannot have it; use it only on Request, Response "  \
        "and Signal")                                                                               \
    ROW(10, InvalidChannelNumber, Wire,                                                             \
        "No open channel has this number; use the number that the Hello or Welcome got, until "     \
        "ChannelClosed")                                                                            \
    ROW(11, InvalidChannelGroup, Wire,                                                              \
        "The channel belongs to another group, or the handle is empty; use the group that opened "  \
        "it")                                                                                       \
    ROW(12, InvalidMessageId, Wire,                                                                 \
        "The message id cannot be used here; give an answer the id of its request, and a request "  \
        "an id that is not in flight")                                                              \
    ROW(13, InvalidAddress, Wire,                                                                   \
        "The address is malformed; write tcp|HOST|PORT or uds|PATH, a path of at most 107 bytes, "  \
        "no control characters")                                                                    \
    ROW(14, UdsPathNotFound, Wire,                                                                  \
        "Nothing exists at the path of the Unix socket; start the server first or correct the "     \
        "path")                                                                                     \
    ROW(15, NotificationDisabled, Wire,                                                             \
        "Waking the engine is switched off; create a new engine")                                   \
    ROW(16, NotificationFailed, Wire,                                                               \
        "The engine could not be woken; check the process's limits and create a new engine")        \
    ROW(17, PeerDisconnected, Wire,                                                                 \
        "The peer closed the connection; connect again if you still need it")                       \
    ROW(18, CommunicationFailed, Wire,                                                              \
        "The connection broke or the peer stayed silent too long; connect again and check the "     \
        "network")                                                                                  \
    ROW(19, PoolEmpty, Wire,                                                                        \
        "All messages of the pool are in use and reading stopped; release received messages or "    \
        "raise maxPoolMessages")                                                                    \
    ROW(20, AllocationFailed, Wire,                                                                 \
        "There is no memory for the operation; release messages or lower the limits")               \
    ROW(21, ReceiverUpdate, Wire,                                                                   \
        "A thread of this application called updateReceiver; handle its message")                   \
    ROW(22, ChannelClosed, Wire,                                                                    \
        "The channel has ended and its number is no longer valid; connect again if you still need " \
        "it")                                                                                       \
    ROW(23, ShutdownStarted, Wire,                                                                  \
        "The engine is shutting down; stop posting and release its groups and messages")            \
    ROW(24, ConnectFailed, Wire,                                                                    \
        "The connection could not be made; check that the server listens there and is reachable, "  \
        "then try again")                                                                           \
    ROW(25, ListenFailed, Wire,                                                                     \
        "The listener could not be opened; check that it is free, local and permitted, or "         \
        "choose another")                                                                           \
    ROW(26, AcceptFailed, Wire,                                                                     \
        "A connection could not be accepted; check the limit of open descriptors, the listener "    \
        "tries again")                                                                              \
    ROW(27, SendFailed, Wire,                                                                       \
        "The message could not be sent completely; connect again and send it once more if sending " \
        "it twice is safe")                                                                         \
    ROW(28, RecvFailed, Wire,                                                                       \
        "Reading from the connection failed; connect again and check the network")                  \
    ROW(29, SetsockoptFailed, Wire,                                                                 \
        "A socket option was refused by the system; check the options given to the engine")         \
    ROW(30, ProcessingFailed, Wire,                                                                 \
        "The message was received, but handling it failed; see its text headers for the cause "     \
        "before trying again")                                                                      \
    ROW(31, UnknownError, Wire,                                                                     \
        "Something failed that has no status of its own; see ~reason and the log")                  \
    ROW(64, SendQueueFull, Local,                                                                   \
        "The channel's send queue is full; await waitWritable and post the message again")          \
    ROW(65, TooManyChannels, Local,                                                                 \
        "The engine has reached its limit of channels; close some or raise maxChannels")            \
    ROW(66, Returned, Local,                                                                        \
        "The message was not sent, because this side closed the channel or had said bye; post it "  \
        "on another channel if it still matters")                                                   \
    ROW(67, InvalidOption, Local,                                                                   \
        "An option is out of its range; give it a value in that range")
// clang-format on
