// A batch on its way from the lock to the commit, one slice after the other.

#include "append/batch.h"

#include "append/packing_range.h"
#include "append/plan_report.h"
#include "append/plan_warnings.h"
#include "chunks/pipeline.h"
#include "secrets.h"
#include "trace.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace mdimappend
{

namespace
{

std::uint64_t alteredValues(const OfferPlan &plan)
{
    std::uint64_t altered = 0;
    for (const auto &part : plan.parts)
        for (const auto &slab : part.slabs)
            altered += slab.conversion.altered();
    return altered;
}

/// In words, where there are several.
Status inGroup(Status status, const Offer &offer, const std::string &group)
{
    return offer.hasGroups()
               ? std::move(status).prefixed("group '/" + group + "'")
               : std::move(status);
}

}  // namespace

bool Batch::hasGroupsOf(const Offer &offer) const
{
    return std::ranges::all_of(
        offer.parts, [&](const Offer::Part &part)
        { return std::ranges::find(m_groups, part.group) != m_groups.end(); });
}

BatchMember &Batch::memberOf(const Offer::Part &part) const
{
    const auto number =
        std::ranges::find(m_groups, part.group) - m_groups.begin();
    return *m_members.at(static_cast<std::size_t>(number));
}

Status Batch::fit(Offer &offer) const
{
    for (auto &part : offer.parts)
    {
        MDIMAPPEND_ASSIGN(part.slice,
                          withVaryingArrays(std::move(part.slice),
                                            memberOf(part).cube().target,
                                            m_options));
    }
    return Status::ok();
}

Result<OfferPlan> Batch::plan(const Offer &offer)
{
    m_confirmed = false;
    MDIMAPPEND_RETURN_IF_ERROR(checkNames(offer));
    OfferPlan plan;
    SharedDocuments shared;
    std::vector<std::string> groups;
    for (const auto &part : offer.parts)
        groups.push_back(memberOf(part).group());
    for (const auto &part : offer.parts)
    {
        auto planned = memberOf(part).plan(
            *part.slice, {shared, labelsFor(part, offer, plan), groups});
        if (!planned)
            return inGroup(planned.takeStatus(), offer, memberOf(part).group());
        MDIMAPPEND_ASSIGN(auto more, warningsOfPacking(*part.slice, *planned));
        std::ranges::move(more, std::back_inserter(planned->warnings));
        if (offer.hasGroups())
            shared.note(planned->intent);
        plan.parts.push_back(std::move(*planned));
    }
    std::vector<Intent> intents;
    for (std::size_t i = 0; i < plan.parts.size(); ++i)
    {
        shared.putInto(plan.parts[i].after.target, groups[i]);
        intents.push_back(std::move(plan.parts[i].intent));
    }
    plan.intent = jointIntent(std::move(intents), groups);
    return plan;
}

/// Of the group around it whose labels are its own, if that is planned.
const LabelledRows *Batch::labelsFor(const Offer::Part &part,
                                     const Offer &offer,
                                     const OfferPlan &plan) const
{
    const auto &around = memberOf(part).cube().target.labelledBy;
    for (std::size_t i = 0; around && i < plan.parts.size(); ++i)
    {
        const auto &labelled = plan.parts[i].labelled;
        if (memberOf(offer.parts[i]).group() == *around && labelled)
            return &*labelled;
    }
    return nullptr;
}

/// What the settings say of an array holds in each group that has it.
Status Batch::checkNames(const Offer &offer) const
{
    if (!m_options.groups)
        return Status::ok();
    const auto has = [](const Slice &slice, const std::string &name)
    {
        return std::ranges::find(slice.arrays(), name, &SliceArray::name) !=
               slice.arrays().end();
    };
    for (const auto &[name, ignored] : m_options.encodings)
    {
        const bool isThere = std::ranges::any_of(
            offer.parts, [&, &wanted = name](const Offer::Part &part)
            { return has(*part.slice, wanted); });
        if (name != "*" && !isThere)
            return refused("the settings name an array '" + name +
                           "', which none of its groups has.");
    }
    return Status::ok();
}

bool Batch::isPlanned(const OfferPlan &plan) const
{
    return !m_transaction ||
           std::ranges::all_of(plan.intent.arrays,
                               [&](const ViewArray &array)
                               {
                                   return m_transaction->view()
                                       .find(array.document.path)
                                       .has_value();
                               });
}

Status Batch::add(Offer offer, OfferPlan plan, SliceReport &report,
                  const std::function<bool(double)> &progress)
{
    for (std::size_t i = 0; i < plan.parts.size(); ++i)
    {
        auto &part = plan.parts[i];
        if (memberOf(offer.parts[i]).isWaiting(*offer.parts[i].slice))
            part.rowsAlreadyThere = std::exchange(part.rows, 0);
    }
    describe(plan, offer, report);
    if (plan.isEmpty())
    {
        report.outcome = SliceReport::Outcome::AlreadyThere;
        return Status::ok();
    }
    if (m_options.dryRun)
    {
        report.outcome = SliceReport::Outcome::WouldAppend;
        report.plan = toJson(plan.intent);
        for (std::size_t i = 0; i < plan.parts.size(); ++i)
            memberOf(offer.parts[i]).take(std::move(plan.parts[i].after));
        return Status::ok();
    }
    std::vector<std::string> states;
    for (const auto &part : offer.parts)
        states.push_back(part.slice->fingerprint());
    // Many may be waiting for the commit. The last one is left open until then:
    // closing it would wait for the next, which is being opened (libhdf5 has
    // one lock for all).
    if (!m_waiting.empty())
        for (const auto &part : m_waiting.back().parts)
            part.slice->closeFiles();
    MDIMAPPEND_RETURN_IF_ERROR(write(offer, plan, report, progress));
    report.outcome = SliceReport::Outcome::Appended;
    note(offer, plan, states, report);
    m_waiting.push_back(std::move(offer));
    return Status::ok();
}

/// What was written is part of the commit.
void Batch::note(const Offer &offer, const OfferPlan &plan,
                 const std::vector<std::string> &states, SliceReport &report)
{
    for (std::size_t i = 0; i < plan.parts.size(); ++i)
    {
        const auto &part = plan.parts[i];
        auto &member = memberOf(offer.parts[i]);
        if (!part.isEmpty())
            member.add(*offer.parts[i].slice, states[i], part);
        member.take(part.after);
        m_createsStore = m_createsStore ||
                         (part.create && (!m_open.site.exists ||
                                          !m_open.site.overwriting.empty()));
        for (const auto &warning : warningsOf(part, report.slice))
        {
            auto text = textWithoutSecrets(warning);
            if (std::ranges::find(m_warnings, text) == m_warnings.end())
                m_warnings.push_back(std::move(text));
        }
    }
    trace(m_transaction->name(), "slice '", report.slice,
          "' written: ", report.chunks, " chunks, ", report.bytes, " bytes");
}

Status Batch::write(const Offer &offer, OfferPlan &plan, SliceReport &report,
                    const std::function<bool(double)> &progress)
{
    const auto chunks =
        m_transaction ? m_transaction->view().chunksWritten() : 0;
    const auto bytes = m_transaction ? m_transaction->view().bytesWritten() : 0;
    // What was compared is not what is written.
    const auto altered = alteredValues(plan);
    for (const auto &part : plan.parts)
        for (const auto &slab : part.slabs)
            slab.conversion.forgetRounding();
    MDIMAPPEND_RETURN_IF_ERROR(runPipelines(offer, plan, progress));
    report.chunks = m_transaction->view().chunksWritten() - chunks;
    report.bytes = m_transaction->view().bytesWritten() - bytes;
    report.alteredValues = alteredValues(plan) - altered;
    for (const auto &part : plan.parts)
        report.roundings.merge(roundingsOf(part.slabs));
    return Status::ok();
}

/// One after the other: each has all threads.
Status Batch::runPipelines(const Offer &offer, OfferPlan &plan,
                           const std::function<bool(double)> &progress)
{
    std::vector<PipelineOptions> pipelines;
    const auto share = 1.0 / static_cast<double>(plan.parts.size());
    for (std::size_t i = 0; i < plan.parts.size(); ++i)
    {
        auto pipeline = PipelineOptions::of(
            m_options.threads, plan.intent.arrays, *m_open.writer.storage,
            offer.parts[i].slice.get());
        pipeline.progress = [&progress, i, share](double fraction)
        { return progress((static_cast<double>(i) + fraction) * share); };
        pipelines.push_back(std::move(pipeline));
    }
    MDIMAPPEND_RETURN_IF_ERROR(beginOrExtend(std::move(plan.intent)));
    for (std::size_t i = 0; i < plan.parts.size(); ++i)
    {
        pipelines[i].transaction = m_transaction->name();
        if (auto written =
                runPipeline(m_transaction->view(), offer.parts[i].slice.get(),
                            plan.parts[i].slabs, pipelines[i]);
            !written)
            return giveUp(std::move(written));
    }
    return Status::ok();
}

Status Batch::beginOrExtend(Intent intent)
{
    if (m_transaction)
    {
        auto extended = m_transaction->extend(std::move(intent));
        return extended ? Status::ok() : giveUp(std::move(extended));
    }
    auto begun = Transaction::begin(m_open.site, *m_open.writer.storage,
                                    *m_open.writer.lock, m_options.durability,
                                    std::move(intent));
    if (!begun)
        return nothingAppended(begun.takeStatus());
    m_transaction = std::move(*begun);
    m_transaction->view().known().note(std::exchange(m_kept.chunks, {}));
    return Status::ok();
}

Status Batch::giveUp(Status why)
{
    trace(m_transaction->name(), "batch given up: ", why.message());
    if (auto undone = undoTransaction(); !undone)
        return Transaction::undoneLater(why, undone);
    return std::move(why).suffixed("Nothing was appended.");
}

Status Batch::undoTransaction()
{
    m_undone = true;
    trace(m_transaction->name(), "batch undone, with ", m_waiting.size(),
          " slices that waited for its commit");
    return m_transaction->undo();
}

void Batch::undo()
{
    if (m_transaction && !m_undone)
        undoTransaction().ignore("the next run undoes it");
}

}  // namespace mdimappend
