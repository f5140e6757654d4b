// A session as JSON in the journal, believed only where it fits together.

#include "distributed/session.h"

#include "chunks/planned_arrays.h"
#include "journal/record_paths.h"
#include "settings/settings.h"
#include "storage/checksum.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <atomic>

namespace mdimappend
{

namespace
{

constexpr const char *sessionFormat = "mdimappend session 1";

/// What differs from the defaults; of what a part's slice is and where, each
/// part says its own.
Json optionsJson(const AppendOptions &options)
{
    const Json usual = toSettings(AppendOptions());
    const Json all = toSettings(options);
    Json json = Json::object();
    for (const auto &[key, value] : all.items())
    {
        if (!usual.contains(key) || usual[key] != value)
            json[key] = value;
    }
    for (const char *key :
         {"slices", "slices_from", "target_dir", "target_config",
          "slice_config", "open_options", "input_format", "label_from"})
        json.erase(key);
    return json;
}

Json toJson(const Session &session)
{
    Json arrays = Json::array();
    for (const auto &array : session.arrays)
        arrays.push_back({{"path", session.targetArray(array).document.path},
                          {"low", array.window.low},
                          {"high", array.window.high},
                          {"committed", array.committed},
                          {"by", array.byParts ? "parts" : "begin"}});
    Json paths = Json::array();
    for (const auto &array : session.target.arrays)
        paths.push_back(array.document.path);
    const auto &target = session.target;
    return {{"format", sessionFormat},
            {"transaction", session.transaction},
            {"group", session.group},
            {"options", optionsJson(session.options)},
            {"creates", session.creates},
            {"creates_store", session.createsStore},
            {"region", session.isRegion},
            {"first_row", session.firstRow},
            {"rows", session.rows},
            {"append_dim", target.appendDim},
            {"zarr_format", target.format == ZarrFormat::V2 ? 2 : 3},
            {"size", target.size},
            {"target_arrays", std::move(paths)},
            {"documents", target.documents},
            {"arrays", std::move(arrays)},
            {"order", session.order},
            {"at_once", session.atOnce},
            {"base", session.base},
            {"deletions", session.deletions},
            {"documents_before", toJson(session.documentsBefore)},
            {"documents_after", toJson(session.documentsAfter)},
            {"attributes_before", session.attributesBefore},
            {"attributes_after", session.attributesAfter},
            {"labels", session.labels ? toJson(*session.labels) : Json()},
            {"labels_ordered", session.labelsOrdered},
            {"first_label", session.firstLabel},
            {"last_label", session.lastLabel},
            {"begun", toText(session.begun)},
            {"synced_by_commit", session.syncedByCommit}};
}

Result<TargetArray> arrayOf(const Session &session, const std::string &path)
{
    const auto &documents = session.target.documents;
    const auto text = [&](const char *name) -> std::string
    {
        const auto found = documents.find(documentKey(path, name));
        return found == documents.end() ? std::string() : found->second;
    };
    MDIMAPPEND_ASSIGN(auto document,
                      session.target.format == ZarrFormat::V2
                          ? parseArrayV2(path, text(".zarray"), text(".zattrs"))
                          : parseArrayV3(path, text("zarr.json")));
    return describeArray(std::move(document), session.group,
                         session.target.appendDim);
}

bool haveForm(const Session &session, const SessionArray &array,
              const TargetArray &target)
{
    const auto &shape = target.document.shape;
    const auto &[low, high] = array.window;
    if (low.size() != shape.size() || high.size() != shape.size() ||
        array.committed.size() != shape.size())
        return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
    {
        if (low[i] > high[i] || high[i] > shape[i] ||
            array.committed[i] > shape[i])
            return false;
    }
    const auto axis = target.axis;
    return !axis || (low[*axis] == session.firstRow &&
                     high[*axis] - low[*axis] == session.rows);
}

/// They are written to.
Status checkKeys(const Session &session)
{
    const auto check = [](const std::string &key)
    {
        return isKeyBelow(key)
                   ? Status::ok()
                   : error("the key '" + key + "' would lead out of the store");
    };
    for (const auto &array : session.target.arrays)
    {
        if (!array.document.path.empty())
            MDIMAPPEND_RETURN_IF_ERROR(check(array.document.path));
    }
    for (const auto *keys : {&session.order, &session.deletions})
    {
        for (const auto &key : *keys)
            MDIMAPPEND_RETURN_IF_ERROR(check(key));
    }
    for (const auto &key : session.order)
    {
        if (!session.target.documents.contains(key))
            return error("the document '" + key + "' is missing");
    }
    return Status::ok();
}

Status checkLabels(const Session &session)
{
    if (!session.labels)
        return Status::ok();
    const auto &labels = *session.labels;
    const auto *array = session.target.labels();
    const bool hasForm =
        array && labels.rows > 0 && labels.first == session.firstRow &&
        labels.rows == session.rows &&
        (array->document.dataType.isString()
             ? labels.values.empty() && labels.texts.size() == labels.rows
             : labels.texts.empty() &&
                   labels.values.size() / labels.rows ==
                       array->document.dataType.size &&
                   labels.values.size() % labels.rows == 0);
    return hasForm ? Status::ok()
                   : error("its labels are not as they should be");
}

/// Throws where a member is missing or another than it should be.
Result<Session> sessionFrom(const Json &json)
{
    Session session;
    session.transaction = textMember(json, "transaction");
    session.group = textMember(json, "group");
    Settings settings;
    MDIMAPPEND_RETURN_IF_ERROR(
        applySettings(json.at("options"), "the session", settings));
    session.options = std::move(settings.options);
    session.creates = json.at("creates").get<bool>();
    session.createsStore = json.at("creates_store").get<bool>();
    session.isRegion = json.at("region").get<bool>();
    session.firstRow = countMember(json, "first_row");
    session.rows = countMember(json, "rows");
    auto &target = session.target;
    target.exists = true;
    target.appendDim = textMember(json, "append_dim");
    target.format =
        countMember(json, "zarr_format") == 2 ? ZarrFormat::V2 : ZarrFormat::V3;
    target.size = countMember(json, "size");
    target.documents = json.at("documents").get<Documents>();
    for (const auto &path : json.at("target_arrays"))
    {
        MDIMAPPEND_ASSIGN(auto array,
                          arrayOf(session, path.get<std::string>()));
        target.arrays.push_back(std::move(array));
    }
    for (const auto &each : json.at("arrays"))
    {
        SessionArray array;
        const auto path = textMember(each, "path");
        array.array = session.numberOf(path);
        array.window = {each.at("low").get<Extent>(),
                        each.at("high").get<Extent>()};
        array.committed = each.at("committed").get<Extent>();
        array.byParts = textMember(each, "by") == "parts";
        if (array.array == target.arrays.size() ||
            !haveForm(session, array, target.arrays[array.array]))
            return error("array '" + path + "' is not as it should be");
        session.arrays.push_back(std::move(array));
    }
    session.order = json.at("order").get<std::vector<std::string>>();
    session.atOnce = countMember(json, "at_once");
    session.base = json.at("base").get<Documents>();
    session.deletions = json.at("deletions").get<std::vector<std::string>>();
    session.documentsBefore =
        documentStateFrom(member(json, "documents_before"));
    session.documentsAfter = documentStateFrom(member(json, "documents_after"));
    session.attributesBefore = member(json, "attributes_before");
    session.attributesAfter = member(json, "attributes_after");
    if (const Json &labels = json.at("labels"); !labels.is_null())
    {
        session.labels = carriedRowsFrom(labels);
        if (!session.labels)
            return error("its labels are not as they should be");
    }
    session.labelsOrdered = json.at("labels_ordered").get<bool>();
    session.firstLabel = textMember(json, "first_label");
    session.lastLabel = textMember(json, "last_label");
    MDIMAPPEND_ASSIGN(session.begun,
                      parseWrittenPart(textMember(json, "begun")));
    session.syncedByCommit = textMember(json, "synced_by_commit");
    MDIMAPPEND_RETURN_IF_ERROR(checkKeys(session));
    MDIMAPPEND_RETURN_IF_ERROR(checkLabels(session));
    return session;
}

Result<Session> parseSession(const std::string &path, const std::string &text)
{
    const auto damaged = [&](const std::string &why)
    { return error("the session '" + path + "' cannot be followed: " + why); };
    const auto json = parseJson(text);
    if (!json || textMember(*json, "format") != sessionFormat)
        return damaged("it is damaged, or from a later version");
    try
    {
        auto session = sessionFrom(*json);
        return session ? std::move(session)
                       : damaged(session.status().message());
    }
    catch (const std::exception &failure)
    {
        return damaged(failure.what());
    }
}

struct KnownSession
{
    std::string path;
    std::string version;
    std::shared_ptr<const Session> session;
};

/// The last one that was read. Never destroyed: threads may go on at the end.
std::atomic<std::shared_ptr<const KnownSession>> &lastRead()
{
    static auto &last = *new std::atomic<std::shared_ptr<const KnownSession>>;
    return last;
}

}  // namespace

const SessionArray *Session::find(const std::string &name) const
{
    const auto found =
        std::ranges::find_if(arrays, [&](const SessionArray &array)
                             { return targetArray(array).name == name; });
    return found == arrays.end() ? nullptr : &*found;
}

std::size_t Session::numberOf(const std::string &path) const
{
    const auto found =
        std::ranges::find_if(target.arrays, [&](const TargetArray &array)
                             { return array.document.path == path; });
    return static_cast<std::size_t>(found - target.arrays.begin());
}

std::optional<std::size_t> axisOf(const ArrayDocument &document,
                                  const std::string &dimension)
{
    const auto &names = document.dimensions;
    const auto found = std::ranges::find(names, dimension);
    if (found == names.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

std::string keptPath(const Site &site, const std::string &transaction,
                     const std::string &kind, const std::string &array)
{
    return site.journal(transaction) + "/" + kind + "-" +
           xxh3(array).substr(std::string_view("xxh3:").size());
}

std::uint64_t beginAlong(const Session &session, const std::string &dimension)
{
    for (const auto &array : session.arrays)
    {
        const auto axis =
            axisOf(session.targetArray(array).document, dimension);
        if (axis)
            return array.window.low[*axis];
    }
    return 0;
}

View::Array viewArray(const TargetArray &array, const SessionArray &written,
                      const ElementBox &box, bool stagesAll)
{
    const auto &document = array.document;
    auto planned = plannedArray(
        document,
        touchedBoxes(box, document.chunk, written.committed, array.axis),
        document.shape);
    if (stagesAll)
        stageAll(planned.planned);
    return planned;
}

Intent intentOf(const Session &session)
{
    Intent intent;
    for (const auto &array : session.arrays)
        intent.arrays.push_back(
            viewArray(session.targetArray(array), array, array.window, false));
    intent.base = session.base;
    intent.order = session.order;
    for (const auto &key : session.order)
        intent.next[key] = session.target.documents.at(key);
    intent.atOnce = session.atOnce;
    intent.deletions = session.deletions;
    return intent;
}

Status writeSession(Storage &storage, const Site &site, const Session &session)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        storage.putWhole(sessionPath(site, session.transaction),
                         dumpJson(toJson(session), -1) + "\n"));
    return storage.barrier();
}

Result<std::shared_ptr<const Session>>
readSession(Storage &storage, const Site &site, const std::string &transaction)
{
    const auto path = sessionPath(site, transaction);
    std::string version;
    if (!storage.waitsForAnswers())
    {
        // Before it is read: a change in between is seen later.
        MDIMAPPEND_ASSIGN(const auto state, storage.state(path));
        if (state)
            version = state->version;
        const auto known = lastRead().load();
        if (state && known && known->path == path && known->version == version)
            return known->session;
    }
    MDIMAPPEND_ASSIGN(const auto text, storage.read(path));
    if (!text)
        return error("there is no transaction '" + transaction +
                     "' at this target: it was committed or given up");
    MDIMAPPEND_ASSIGN(auto parsed, parseSession(path, *text));
    auto session = std::make_shared<const Session>(std::move(parsed));
    if (!version.empty())
        lastRead() = std::make_shared<const KnownSession>(
            KnownSession{path, version, session});
    return session;
}

}  // namespace mdimappend
