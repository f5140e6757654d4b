// What an append did, slice by slice: for humans and as JSON.

#pragma once

#include "json/json_text.h"
#include "status.h"
#include "transaction/recovery.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

struct SliceReport
{
    enum class Outcome
    {
        Appended,
        AlreadyThere,
        WouldAppend,  ///< --dry-run
        Failed,
        NotTried  ///< one before it ended the run
    };
    std::string slice;
    Outcome outcome = Outcome::NotTried;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    std::uint64_t rowsReplaced = 0;
    std::uint64_t rowsAlreadyThere = 0;
    std::string firstLabel;
    std::string lastLabel;
    bool created = false;

    /// Of a slice with several groups: what each got; "" is the target itself.
    struct Group
    {
        std::string group;
        std::uint64_t firstRow = 0;
        std::uint64_t rows = 0;
        std::uint64_t rowsReplaced = 0;
        std::uint64_t rowsAlreadyThere = 0;
    };

    std::vector<Group> groups;
    std::uint64_t sequence = 0;
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
    /// Values that did not fit, and were clamped or filled.
    std::uint64_t alteredValues = 0;
    /// How far values were rounded to a target's integers at most, in its
    /// units: of arrays of which any were.
    std::map<std::string, double> roundings;
    double seconds = 0;
    Status status;
    Json plan;  ///< --dry-run: what would be written
};

struct Report
{
    std::string target;
    std::string appendDim;
    RecoveryReport recovery;
    std::vector<std::string> warnings;
    std::vector<SliceReport> slices;
    /// Why the run ended early, or the first failure that was passed over.
    Status status;
};

/// The exit status that section "Exit status" of the guide promises.
int exitStatus(const Status &status);

Json toJson(const Report &report);
/// A line for each slice, but that slices which were in before, one after the
/// other, are one line unless `verbose`; of several slices, a line that sums
/// up.
std::string toText(const Report &report, bool verbose);
/// That line: "5 slices: 3 appended (36 steps of time), 2 already there".
std::string summaryOf(const Report &report);
std::string toText(const RecoveryReport &recovered);
/// One line; of a slice that failed, with the reason. With --dry-run, the plan
/// below it.
std::string toText(const SliceReport &slice, const std::string &appendDim);

/// "1 step", "2 steps".
std::string counted(std::uint64_t count, const std::string &noun);

/// "1.5 MiB".
std::string sizeText(double bytes);

/// ", 2024-01-01 to 2024-01-31", ", 2024-01-01" if they are the same, or
/// nothing.
std::string labelRange(const std::string &first, const std::string &last);

/// A failure's message for a terminal, in one line, which quotes no whole book.
std::string messageText(const Status &status);

/// Text with names and attributes of files in it, for a terminal: control
/// characters but line feeds and tabs become \xNN, so that no file moves a
/// cursor or names a window; URLs are without their secrets.
std::string printable(std::string_view text);

/// The same in one line: a line feed becomes \n.
std::string printableLine(std::string_view text);

}  // namespace mdimappend
