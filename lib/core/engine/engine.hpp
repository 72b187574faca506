#pragma once

#include "base/thread_token.hpp"
#include "core/channel/channel_log.hpp"
#include "core/engine/block_stock.hpp"
#include "core/engine/counters.hpp"
#include "core/engine/deadline_timer.hpp"
#include "core/engine/engine_life.hpp"
#include "core/engine/environment.hpp"
#include "core/engine/group_list.hpp"
#include "core/engine/inbound_budget.hpp"
#include "core/engine/log.hpp"
#include "core/engine/pool_shortage.hpp"
#include "core/engine/posting.hpp"
#include "core/engine/reactor_buffers.hpp"
#include "core/engine/reactor_context.hpp"
#include "core/engine/turns.hpp"
#include "core/engine/writable_waits.hpp"
#include "core/submit/channel_table.hpp"
#include "core/submit/submit_queue.hpp"
#include "message/message_pool.hpp"
#include "transport/transport.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh::core {

class Group;

/// The engine behind a Reactor: what all channels share. It owns the parts and defines how they call each
/// other; each part is described in its own file. "Reactor thread" means the thread whose token is this
/// engine's: its own thread, or the thread that is currently in one of its turns on a caller's context.
class Engine final : public std::enable_shared_from_this<Engine>,
                     private PoolListener,
                     private transport::TimerTarget,
                     private Turns::Owner {
public:
    Engine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
           Environment environment, bool ownsThread);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // --- Any thread ---

    const Options& options() const noexcept { return options_; }
    const transport::Clock& clock() const noexcept { return clock_; }
    TimePoint now() const noexcept { return clock_.now(); }
    const Log& log() const noexcept { return log_; }
    EngineCounters& counters() noexcept { return counters_; }
    MessagePool& pool() noexcept { return *pool_; }
    ChannelTable& channelTable() noexcept { return channelTable_; }
    SubmitQueue& submitQueue() noexcept { return submitQueue_; }
    ReactorContext& context() noexcept { return context_; }
    Posting& posting() noexcept { return posting_; }
    WritableWaits& writableWaits() noexcept { return writableWaits_; }
    GroupList& groups() noexcept { return groups_; }
    EngineLife& life() noexcept { return life_; }

    bool ownsThread() const noexcept { return ownsThread_; }
    bool isReactorThread() const noexcept { return base::currentThreadToken() == this; }
    /// Also true for handlers on the engine's executor outside its turns; slower. Always true in virtual
    /// time.
    bool wouldBlockReactor() const noexcept;
    /// Takes no lock for the executor of the engine's own thread, nor on the reactor thread.
    bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept {
        return context_.isOwnExecutor(executor, isReactorThread());
    }

    std::shared_ptr<Group> createGroup(error_code& ec) noexcept;
    EngineStats stats() const;
    PoolStats poolStats() const;
    void setReadMode(Group& group, ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;
    /// Makes sure that the group's Mailbox::expire() is called at `when`.
    void armReceive(Group& group, TimePoint when) noexcept;
    /// Run by the group's task.
    void armReceiveNow(Group& group) noexcept;
    /// A ChannelClosed is about to be taken from the mailbox: returns messages that must come before it; if
    /// there are none, frees the number.
    MessageQueue onCloseNotice(std::uint64_t obligation) noexcept;

    /// Runs the task later, in a turn on the reactor thread. False: the context is gone and it will not run.
    /// `keepAlive` owns the task.
    bool submit(Task& task, std::shared_ptr<void> keepAlive) noexcept;
    /// Call when SubmitQueue says that the reactor must be woken.
    void wake() noexcept;
    /// Resumes a waiter on the reactor thread after the current handler, without going through the scheduler.
    /// False: this kind of waiter cannot be resumed that way, or this is another thread.
    bool resumeSoon(detail::Waiter& waiter) noexcept;
    /// Call when messages came back, or when shares have grown.
    void resumePausedSoon() noexcept { submit(resuming_, weak_from_this().lock()); }

    // --- Reactor thread ---

    /// One stretch of work on the reactor thread. The end of the outermost one sends everything written
    /// meanwhile.
    class Turn {
    public:
        explicit Turn(Engine& engine) noexcept : token_(&engine), scope_(engine.turns_) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        base::ThreadTokenScope token_;
        Turns::Scope scope_;
    };

    Turns& turns() noexcept { return turns_; }
    DeadlineTimer& timer() noexcept { return timer_; }
    InboundBudget& inbound() noexcept { return inbound_; }
    PoolShortage& poolShortage() noexcept { return poolShortage_; }
    ReactorBuffers& buffers() noexcept { return buffers_; }
    BlockStock& blocks() noexcept { return blocks_; }
    ChannelLog& channelLog() noexcept { return channelLog_; }
    transport::Network& network() noexcept { return *network_; }

    void setDeadline(Deadline& deadline, TimePoint when) noexcept {
        if (timer_.set(deadline, when) && !turns_.isInTurn()) armTimer();
    }
    /// EngineLife: releases the remaining parts of the context. Reactor thread or no thread.
    void releaseContext() noexcept;

private:
    std::shared_ptr<PoolListener> hold() noexcept override;
    void onReturned() noexcept override { resumePausedSoon(); }
    void onObligationDropped(std::uint64_t obligation) noexcept override;
    void onTimer() noexcept override;
    std::shared_ptr<Turns::Owner> holdOwner() noexcept override;
    void onTurnEnd() noexcept override;
    void onSoon() noexcept override;

    void sendWake() noexcept;
    void armTimer() noexcept;
    void resumePaused() noexcept { inbound_.resumePaused(); }

    const Options options_;
    const transport::Clock clock_;
    const bool ownsThread_;  // all handlers of the context run on the engine's own thread
    Log log_;
    struct ClosePool {
        void operator()(MessagePool* pool) const noexcept { pool->close(); }
    };
    std::unique_ptr<MessagePool, ClosePool> pool_;  // deletes itself when its last message is back
    EngineCounters counters_;
    ReactorContext context_;
    ChannelTable channelTable_;
    SubmitQueue submitQueue_{channelTable_};
    Posting posting_{*this};
    WritableWaits writableWaits_{*this};
    InboundBudget inbound_;
    GroupList groups_{inbound_};
    EngineLife life_{*this};

    // Reactor thread.
    Turns turns_;
    std::unique_ptr<transport::Network> network_;
    DeadlineTimer timer_;
    ReactorBuffers buffers_;
    BlockStock blocks_;
    ChannelLog channelLog_{log_};
    PoolShortage poolShortage_{*this};
    OwnTask<Engine, &Engine::resumePaused> resuming_{*this};
};

}  // namespace tempeh::core
