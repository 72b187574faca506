#pragma once

#include "base/thread_token.hpp"
#include "core/block_stock.hpp"
#include "core/channel_log.hpp"
#include "core/channel_table.hpp"
#include "core/counters.hpp"
#include "core/deadline_timer.hpp"
#include "core/engine_life.hpp"
#include "core/environment.hpp"
#include "core/group_list.hpp"
#include "core/inbound_budget.hpp"
#include "core/log.hpp"
#include "core/pool_shortage.hpp"
#include "core/posting.hpp"
#include "core/reactor_buffers.hpp"
#include "core/reactor_context.hpp"
#include "core/submit_queue.hpp"
#include "core/turns.hpp"
#include "core/writable_waits.hpp"
#include "message/message_pool.hpp"
#include "transport/transport.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh::core {

class Group;

/// The engine behind a Reactor: what all channels share. It owns the parts and says how they call each other;
/// what each of them does stands in its own file. "Reactor thread" means the thread whose token is this
/// engine's: its own thread, or whichever thread is in one of its turns on a caller's context.
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
    /// True also for handlers on the engine's executor outside its turns; slower. In virtual time always.
    bool wouldBlockReactor() const noexcept;
    /// Takes no lock for the executor of a thread of its own, nor on the reactor thread.
    bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept {
        return context_.isOwnExecutor(executor, isReactorThread());
    }

    std::shared_ptr<Group> createGroup(error_code& ec) noexcept;
    EngineStats stats() const;
    PoolStats poolStats() const;
    void setReadMode(Group& group, ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;
    /// Makes sure Mailbox::expire() of the group is called at `when`.
    void armReceive(Group& group, TimePoint when) noexcept;
    /// Group's errand.
    void armReceiveNow(Group& group) noexcept;
    /// A ChannelClosed is about to be taken: what has to come first, or the number is freed.
    MessageQueue onCloseNotice(std::uint64_t obligation) noexcept;

    /// Runs the job in a turn on the reactor thread, later; false when the context is gone (it will not run).
    /// `keepAlive` owns the job.
    bool submit(Job& job, std::shared_ptr<void> keepAlive) noexcept;
    /// SubmitQueue said that the reactor is to be woken.
    void wake() noexcept;
    /// Resumes a waiter on the reactor thread after what runs now, without a way through the scheduler.
    /// False: it is not of the kind that can be resumed so, or this is another thread.
    bool resumeSoon(detail::Waiter& waiter) noexcept;
    /// Messages are back, or shares have grown.
    void resumePausedSoon() noexcept { submit(resuming_, weak_from_this().lock()); }

    // --- Reactor thread ---

    /// One stretch of work on the reactor thread; at the end of the outermost one everything written
    /// meanwhile goes out.
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
    /// EngineLife: what is left of the context's. Reactor thread or no thread.
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
    OwnJob<Engine, &Engine::resumePaused> resuming_{*this};
};

}  // namespace tempeh::core
