// Plans a transaction for its parts, writes what they do not bring, and leaves
// the lease to them.

#include "distributed/begin.h"

#include "append/plan.h"
#include "append/plan_warnings.h"
#include "append/slice_request.h"
#include "cube/label_match.h"
#include "cube/open_target.h"
#include "cube/settings_check.h"
#include "cube/target_attributes.h"
#include "cube/target_documents.h"
#include "cube/varying_arrays.h"
#include "distributed/open_part.h"
#include "distributed/region.h"
#include "distributed/renewal.h"
#include "distributed/session.h"
#include "distributed/session_coordinates.h"
#include "distributed/session_statics.h"
#include "distributed/stage_slabs.h"
#include "distributed/tall_slice.h"
#include "secrets.h"
#include "storage/object_address.h"
#include "transaction/protocol.h"

namespace mdimappend
{

namespace
{

/// What `begin` itself writes has this name among the parts.
constexpr const char *ownPart = "begin";

class Beginning
{
  public:
    explicit Beginning(const BeginRequest &request)
        : m_request(request), m_options(request.options)
    {
        if (!isRemote(m_options.target))
            m_options.lock = LockMode::Lease;
        // Rows that are there already are nobody's part.
        m_options.onDuplicate = OnDuplicate::Error;
    }

    Result<Begun> begin()
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkSettings(m_options));
        MDIMAPPEND_ASSIGN(m_open, openTarget(m_options,
                                             placeOf(m_options, m_connection,
                                                     m_request.around),
                                             m_begun.recovered));
        auto begun = beginLocked();
        if (!begun && !m_session.transaction.empty())
        {
            // What cannot be removed now is given up by the next writer.
            auto *settlements = m_open.writer.lock->settlements();
            if (tidy(storage(), m_open.site, m_session.transaction) &&
                settlements)
                settlements->settled(std::nullopt);
        }
        return begun;
    }

  private:
    Storage &storage()
    {
        return *m_open.writer.storage;
    }

    Result<Begun> beginLocked()
    {
        MDIMAPPEND_RETURN_IF_ERROR(openTemplate());
        AppendPlan plan;
        if (m_request.region.empty())
        {
            MDIMAPPEND_ASSIGN(plan, planRows());
            describeRows(plan);
        }
        else
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                describeRegion({m_request.region, m_options, m_open.site,
                                storage(), *m_template},
                               m_cube, m_session));
        }
        m_session.group = m_open.site.group;
        m_session.options = m_options;
        MDIMAPPEND_RETURN_IF_ERROR(describeDocuments());
        if (m_request.isAttended)
            m_session.syncedByCommit = storage().barrierReach();
        m_begun.warnings = warningsOf(plan, withoutSecrets(m_template->name()));
        MDIMAPPEND_RETURN_IF_ERROR(nameTransaction());
        MDIMAPPEND_RETURN_IF_ERROR(writeOwnSlabs(plan));
        MDIMAPPEND_RETURN_IF_ERROR(
            keepCoordinates(storage(), m_open.site, m_session,
                            m_request.region.empty() ? *plan.after.coordinates
                                                     : *m_cube.coordinates));
        if (m_session.creates)
            MDIMAPPEND_RETURN_IF_ERROR(
                keepStaticsOf(*m_template, storage(), m_open.site, m_session));
        MDIMAPPEND_RETURN_IF_ERROR(
            writeSession(storage(), m_open.site, m_session));
        MDIMAPPEND_RETURN_IF_ERROR(checkUnchanged(*m_template));
        MDIMAPPEND_ASSIGN(
            const auto lease,
            leaveLease(*m_open.writer.lock, m_request.isAttended
                                                ? LeftUntil::ThisProcessEnds
                                                : LeftUntil::Time));
        m_begun.token = {m_open.site.store(),     m_open.site.group,
                         m_session.transaction,   lease,
                         m_options.lease.count(), planJson()};
        if (m_request.isAttended)
            keepRenewing(m_begun.token, m_options, m_open.writer.storage);
        return std::move(m_begun);
    }

    Status openTemplate()
    {
        MDIMAPPEND_ASSIGN(m_cube.target, readTarget(storage(), m_open.site,
                                                    m_options.appendDim));
        m_cube.committedRows = m_cube.target.size;
        MDIMAPPEND_ASSIGN(
            m_cube.documents,
            storedDocuments(storage(), m_open.site, m_cube.target));
        if (m_request.mustCreate && m_cube.target.exists)
            return {Failure::Usage, "the target '" + m_options.target +
                                        "' exists already, and --create makes "
                                        "a new one. Nothing was written."};
        if (!m_request.region.empty() && !m_cube.target.exists)
            return error("the target '" + m_options.target +
                         "' does not exist, so there is no region to write "
                         "to. Nothing was written.");
        const auto slices = slicesOf(m_options, m_request.around);
        MDIMAPPEND_ASSIGN(m_template,
                          Slice::open(sliceRequest(m_options, slices.front(),
                                                   m_cube.target.appendDim)));
        MDIMAPPEND_ASSIGN(
            m_template,
            withVaryingArrays(std::move(m_template), m_cube.target, m_options));
        return Status::ok();
    }

    Result<AppendPlan> planRows()
    {
        const auto rows = m_request.rows.value_or(m_template->size());
        if (rows == 0)
            return Status(Failure::Usage,
                          "--size 0: there is nothing to write");
        m_labelsComeLater = rows != m_template->size();
        std::unique_ptr<Slice> tall;
        if (m_labelsComeLater)
            tall = std::make_unique<TallSlice>(*m_template, rows);
        LoggedSlices log;
        auto plan = planAppend({m_options, m_open.site, storage(),
                                tall ? *tall : *m_template, log},
                               m_cube);
        if (!plan && plan.status().kind() == Failure::Refused)
            return plan.takeStatus()
                .prefixed("template '" + m_template->name() + "'")
                .suffixed("Nothing was written.");
        return plan;
    }

    void describeRows(const AppendPlan &plan)
    {
        auto &session = m_session;
        session.creates = plan.create;
        session.createsStore = plan.create && !m_open.site.exists;
        session.firstRow = plan.firstRow;
        session.rows = plan.rows;
        session.target = plan.after.target;
        session.target.exists = true;
        for (const auto &[key, text] : plan.intent.next)
            session.target.documents[key] = text;
        session.order = plan.intent.order;
        session.atOnce = plan.intent.atOnce;
        session.base = plan.intent.base;
        session.deletions = plan.intent.deletions;
        for (const auto &slab : plan.slabs)
            session.arrays.push_back(describe(slab));
        if (m_labelsComeLater)
            return;
        session.labelsOrdered = plan.after.labelsOrdered;
        session.firstLabel = plan.firstLabel;
        session.lastLabel = plan.lastLabel;
        const auto *labels = session.target.labels();
        for (const auto &slab : plan.slabs)
        {
            if (labels && slab.path == labels->document.path)
                session.labels = CarriedRows{session.firstRow, session.rows,
                                             slab.memory, slab.memoryStrings};
        }
    }

    Status describeDocuments()
    {
        m_session.documentsBefore = m_cube.documents;
        m_session.documentsAfter = digestsOf(m_session.target, m_session.group);
        if (!mayChangeAttributes(m_options))
            return Status::ok();
        if (m_cube.target.exists)
        {
            MDIMAPPEND_ASSIGN(
                m_session.attributesBefore,
                presentAttributes(m_cube.target, m_session.group));
        }
        MDIMAPPEND_ASSIGN(m_session.attributesAfter,
                          presentAttributes(m_session.target, m_session.group));
        return Status::ok();
    }

    SessionArray describe(const Slab &slab) const
    {
        SessionArray array;
        array.array = m_session.numberOf(slab.path);
        array.window = {Extent(slab.shape.size(), 0), slab.shape};
        if (slab.axis)
            array.window.low[*slab.axis] = slab.committed[*slab.axis];
        array.committed = slab.committed;
        const bool isLabels =
            &m_session.targetArray(array) == m_session.target.labels();
        array.byParts =
            slab.axis && (isLabels ? m_labelsComeLater : !slab.constant);
        return array;
    }

    Status nameTransaction()
    {
        auto *settlements = m_open.writer.lock->settlements();
        if (settlements)
            m_session.transaction = settlements->transactionName();
        if (m_session.transaction.empty())
        {
            MDIMAPPEND_ASSIGN(m_session.transaction,
                              nextTransaction(storage(), m_open.site));
        }
        if (settlements)
            settlements->begun();
        return Status::ok();
    }

    /// What the parts do not bring.
    Status writeOwnSlabs(AppendPlan &plan)
    {
        std::vector<View::Array> arrays;
        std::vector<Slab> slabs;
        for (std::size_t i = 0; i < plan.slabs.size(); ++i)
        {
            const auto &array = m_session.arrays[i];
            if (array.byParts)
                continue;
            arrays.push_back(viewArray(m_session.targetArray(array), array,
                                       array.window,
                                       !storage().createsWhole()));
            slabs.push_back(std::move(plan.slabs[i]));
        }
        MDIMAPPEND_ASSIGN(
            m_session.begun,
            stageSlabs({m_open.site, storage(), m_session.transaction, ownPart},
                       std::move(arrays), m_template.get(), slabs,
                       m_options.threads, m_request.around.progress));
        for (const auto &warning : m_begun.warnings)
            m_session.begun.warnings.push_back(textWithoutSecrets(warning));
        return Status::ok();
    }

    Json planJson() const
    {
        Json arrays = Json::array();
        for (const auto &array : m_session.arrays)
        {
            const auto &described = m_session.targetArray(array);
            arrays.push_back({{"name", described.name},
                              {"dimensions", described.document.dimensions},
                              {"shape", described.document.shape},
                              {"chunk", described.document.chunk},
                              {"from", array.window.low},
                              {"to", array.window.high},
                              {"by", array.byParts ? "parts" : "begin"}});
        }
        return {{"creates", m_session.creates},
                {"region", m_session.isRegion},
                {"append_dim", m_session.target.appendDim},
                {"first_row", m_session.firstRow},
                {"rows", m_session.rows},
                {"labels", m_labelsComeLater ? "parts" : "begin"},
                {"documents", m_session.order},
                {"arrays", std::move(arrays)}};
    }

    const BeginRequest &m_request;
    AppendOptions m_options;
    std::shared_ptr<ObjectTarget> m_connection;
    OpenTarget m_open;
    CubeState m_cube;
    std::unique_ptr<Slice> m_template;
    bool m_labelsComeLater = false;
    Session m_session;
    Begun m_begun;
};

}  // namespace

Result<Begun> beginParts(const BeginRequest &request)
{
    auto begun = Beginning(request).begin();
    if (!begun)
        return nothingAppended(begun.takeStatus());
    return begun;
}

}  // namespace mdimappend
