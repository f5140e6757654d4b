// What the process around an append provides, and no settings file can: the
// machine's system calls and clock, datasets that are open, and who listens.

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

class GDALDataset;

namespace mdimappend
{

class Posix;

struct Surroundings
{
    /// A test's own; the system's if null.
    Posix *posix = nullptr;
    /// Of leases: the time since some moment. The system's if there is none.
    std::function<std::chrono::duration<double>()> clock{};
    /// Of AppendOptions::slices those that are open already, by their place;
    /// null, or none at all, where a slice is opened by its name.
    std::vector<GDALDataset *> datasets{};

    /// Called with 0..1; false asks the append to stop and undo.
    std::function<bool(double)> progress{};
    /// Asked now and then; true stops the append and undoes it.
    std::function<bool()> cancelled{};
    std::function<void(const std::string &)> warn{};
    /// Called with one line for each slice when it is settled.
    std::function<void(const std::string &)> tell{};
};

}  // namespace mdimappend
