#pragma once

namespace tempeh::actors::detail {

/// A queue of things that have a `next`, one at a time. It owns nothing.
template <typename T>
class NodeQueue {
public:
    bool isEmpty() const noexcept { return first_ == nullptr; }
    T* front() const noexcept { return first_; }

    void push(T& node) noexcept {
        node.next = nullptr;
        if (first_ == nullptr)
            first_ = &node;
        else
            last_->next = &node;
        last_ = &node;
    }
    /// Null if it is empty.
    T* pop() noexcept {
        T* const node = first_;
        if (node != nullptr) first_ = static_cast<T*>(node->next);
        return node;
    }

private:
    T* first_ = nullptr;
    T* last_ = nullptr;
};

}  // namespace tempeh::actors::detail
