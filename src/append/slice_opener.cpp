// Opening a slice now, ahead in a thread of its own, or when it is complete.

#include "append/slice_opener.h"

#include "append/slice_request.h"
#include "secrets.h"
#include "slice/slice_name.h"
#include "storage/object_address.h"
#include "trace.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace mdimappend
{

namespace
{

/// A store cannot be read while it is written to.
Status checkNotTarget(const std::string &slice, const std::string &intended)
{
    namespace fs = std::filesystem;
    const auto file = fileOf(slice);
    if (const auto target = parseObjectAddress(intended))
    {
        const auto named = parseObjectAddress(file);
        if (named && (named->path() + "/").starts_with(target->path() + "/"))
            return refused("slice '" + withoutSecrets(slice) +
                           "' is in the target itself. Nothing was written.");
        return Status::ok();
    }
    std::error_code code;
    const auto from = fs::canonical(file, code);
    const auto into = code ? fs::path() : fs::canonical(intended, code);
    const auto store = into.native() + "/";
    if (!code && (from.native() + "/").starts_with(store))
        return refused("slice '" + slice + "' is " +
                       (from == into ? "" : "inside ") +
                       "the target itself. Nothing was written.");
    return Status::ok();
}

}  // namespace

void SliceOpener::lookAhead()
{
    if (!waits() || m_options.slices.size() < 2)
        return;
    for (const auto &input : slicesOf(m_options, m_around))
        m_sightings.look(requestFor(input), m_around.cancelled);
}

SliceRequest SliceOpener::requestFor(const SliceInput &input) const
{
    return sliceRequest(m_options, input, m_appendDim.known());
}

void SliceOpener::openAhead()
{
    const auto *next = m_queue.ahead();
    if (!next || next->dataset || m_ahead || waits() ||
        m_options.threads == 1 || !Slice::mayOpenBesideAnother())
        return;
    const CPLStringList configuration(CPLGetThreadLocalConfigOptions());
    const auto request = requestFor(*next);
    m_ahead.emplace(request, std::async(std::launch::async,
                                        [this, configuration, request]
                                        {
                                            CPLSetThreadLocalConfigOptions(
                                                configuration.List());
                                            auto offer = open(request);
                                            if (offer)
                                                for (auto &part : offer->parts)
                                                    part.slice->readAhead();
                                            return offer;
                                        }));
}

Result<Offer> SliceOpener::openNext(const SliceInput &input)
{
    if (auto ahead = std::exchange(m_ahead, std::nullopt))
    {
        auto offer = ahead->offer.get();
        const auto &opened = ahead->request;
        if (offer && opened.name == input.name && opened.label == input.label &&
            opened.appendDim == requestFor(input).appendDim &&
            std::ranges::all_of(offer->parts, [](const Offer::Part &part)
                                { return part.slice->changed().empty(); }))
            return offer;
        trace("", "the slice that was opened ahead is opened again");
    }
    return open(input);
}

Result<Offer> SliceOpener::open(const SliceInput &input)
{
    auto request = requestFor(input);
    auto dimension = m_appendDim.find();
    if (!dimension)
        return nothingAppended(dimension.takeStatus());
    request.appendDim = std::move(*dimension);
    return open(request);
}

Result<Offer> SliceOpener::open(const SliceRequest &request)
{
    try
    {
        return tryOpen(request);
    }
    catch (const std::exception &failure)
    {
        // Not enough memory, most of all.
        return Status(Failure::Unavailable, "slice '" + request.name +
                                                "': " + failure.what() +
                                                ". Nothing was written.");
    }
}

Result<Offer> SliceOpener::tryOpen(const SliceRequest &request)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkNotTarget(request.name, m_options.target));
    Offer offer;
    const auto openAll = [&]() -> Status
    {
        MDIMAPPEND_ASSIGN(offer, openOffer(request, m_options.groups));
        return Status::ok();
    };
    if (!waits())
    {
        MDIMAPPEND_RETURN_IF_ERROR(openAll());
        return offer;
    }
    WaitRequest wait;
    wait.timeout = m_options.wait ? m_options.waitTimeout
                                  : std::optional<WaitRequest::Seconds>(0);
    wait.pollInterval = m_options.pollInterval;
    wait.readySuffix = m_options.readySuffix;
    wait.cancelled = m_around.cancelled;
    MDIMAPPEND_RETURN_IF_ERROR(
        openWhenComplete(request, wait, openAll, &m_sightings));
    return offer;
}

}  // namespace mdimappend
