// What every kind of lock is for.

#pragma once

#include "lock/lock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace mdimappend::protocol_testing
{

/// Eight threads want a lock at once, the i-th by `acquire(i)`: each gets it,
/// and no two have it together.
inline void expectOneAtATime(
    const std::function<Result<std::unique_ptr<Lock>>(int)> &acquire)
{
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> got = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
    {
        threads.emplace_back(
            [&, i]
            {
                const auto lock = acquire(i);
                if (!lock)
                    return;
                ++got;
                most = std::max(most.load(), ++inside);
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
                --inside;
            });
    }
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(got, 8);
    EXPECT_EQ(most, 1);
}

}  // namespace mdimappend::protocol_testing
