// The append is run until the chosen step, where its process "dies".

#include "support/left_behind.h"

#include "transaction/writer.h"

#include <algorithm>
#include <filesystem>

namespace mdimappend::protocol_testing
{

std::vector<std::string> LeftBehind::namesIn(const std::string &folder) const
{
    std::vector<std::string> names;
    const auto path = campaign.target() + ".mdimappend/" + folder;
    if (!std::filesystem::exists(path))
        return names;
    for (const auto &entry : std::filesystem::directory_iterator(path))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<PendingTransaction::State> LeftBehind::pendingState() const
{
    const auto before = everything();
    const auto reader = openForReading(campaign.target(), "");
    EXPECT_TRUE(reader);
    const auto found = pending(*reader->storage, reader->site);
    EXPECT_TRUE(found) << found.status().message();
    EXPECT_EQ(difference(before, everything()), "") << "asking changed it";
    if (!found || found->size() != 1)
        return std::nullopt;
    return found->front().state;
}

std::string LeftBehind::wrongIfFrozen()
{
    const auto before = everythingButDecisions();
    FaultPosix found;
    found.copiesAreTheSame = campaign.copiesAreTheSame;
    const auto recovered = recoverTarget(campaign.target(), found);
    if (recovered)
        return "recovery reported success\n" + campaign.describeState();
    if (recovered.kind() != Failure::Conflict)
        return "recovery reported no conflict, but: " + recovered.message();
    FaultPosix clean;
    const auto report = campaign.append(clean);
    if (report.status || report.status.kind() != Failure::Conflict)
        return "the next append reported no conflict: " +
               report.status.message();
    if (const auto changed = difference(before, everythingButDecisions());
        !changed.empty())
        return "something was changed:\n" + changed;

    const auto store = campaign.store();
    WriterRequest request;
    request.target = campaign.target();
    const auto writer = openForWriting(request);
    const auto moved = setAside(*writer->storage, writer->site);
    if (!moved)
        return "setAside failed: " + moved.status().message();
    if (const auto changed = difference(store, campaign.store());
        !changed.empty())
        return "setAside changed the store:\n" + changed;
    const auto again = recover(*writer->storage, writer->site, *writer->lock);
    if (!again)
        return "frozen after setAside: " + again.status().message();
    return "";
}

}  // namespace mdimappend::protocol_testing
