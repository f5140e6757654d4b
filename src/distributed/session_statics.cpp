// Values are kept in the target's encoding: numbers as their bytes, texts as
// JSON; what is read of them is not trusted.

#include "distributed/session_statics.h"

#include "guards/static_guard.h"
#include "slice/copy_box.h"

#include <cpl_conv.h>

#include <memory>
#include <utility>

namespace mdimappend
{

namespace
{

Status noValues(const Extent &, const Extent &, void *)
{
    return Status::ok();
}

/// All values that the slice has, as the target's are.
Result<std::string> keptForm(const Session &session, const Slice &slice,
                             const SliceArray &offered,
                             const TargetArray &present)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(offered.name, offered.shape));
    MDIMAPPEND_ASSIGN(
        const auto match,
        staticMatch(session.options, slice, offered, session.target, present));
    const auto type = memoryTypeOf(present.document);
    const auto count = elementCount(offered.shape);
    ElementBuffer values(type, count);
    const Extent origin(offered.shape.size(), 0);
    MDIMAPPEND_RETURN_IF_ERROR(
        ValueComparison(noValues, present, match, slice)
            .readOffered(origin, offered.shape, values.data()));
    if (type.GetClass() == GEDTC_STRING)
        return dumpJson(Json(values.strings()), -1);
    return std::string(static_cast<const char *>(values.data()),
                       static_cast<std::size_t>(count) * type.GetSize());
}

/// The values that were kept of one array.
class KeptValues
{
  public:
    /// Failure::Error: damaged.
    static Result<KeptValues> parse(const std::string &object,
                                    const ArrayDocument &document)
    {
        const auto damaged = error("the values that were kept of the array '" +
                                   document.path + "' are damaged");
        KeptValues kept(document.shape, memoryTypeOf(document));
        const auto count =
            static_cast<std::size_t>(elementCount(document.shape));
        if (!kept.areTexts())
        {
            kept.m_numbers = object;
            return object.size() == count * kept.m_type.GetSize()
                       ? Result<KeptValues>(std::move(kept))
                       : damaged;
        }
        const auto texts = parseJson(object);
        if (!texts || !texts->is_array() || texts->size() != count)
            return damaged;
        for (const auto &text : *texts)
        {
            if (!text.is_string())
                return damaged;
            kept.m_texts.push_back(text.get<std::string>());
            kept.m_pointers.push_back(nullptr);
        }
        for (std::size_t i = 0; i < count; ++i)
            kept.m_pointers[i] = kept.m_texts[i].c_str();
        return kept;
    }

    Status read(const Extent &start, const Extent &size, void *values) const
    {
        const void *all = areTexts()
                              ? static_cast<const void *>(m_pointers.data())
                              : m_numbers.data();
        copyBox(all, m_shape, start, values, size, Extent(size.size(), 0), size,
                m_type.GetSize());
        if (areTexts())
        {
            auto *const texts = static_cast<char **>(values);
            const auto count = static_cast<std::size_t>(elementCount(size));
            for (std::size_t i = 0; i < count; ++i)
                texts[i] = CPLStrdup(texts[i]);
        }
        return Status::ok();
    }

  private:
    KeptValues(Extent shape, GDALExtendedDataType type)
        : m_shape(std::move(shape)), m_type(std::move(type))
    {
    }

    bool areTexts() const
    {
        return m_type.GetClass() == GEDTC_STRING;
    }

    Extent m_shape;
    GDALExtendedDataType m_type;
    std::string m_numbers;
    std::vector<std::string> m_texts;
    std::vector<const char *> m_pointers;
};

class StaticsOfPart
{
  public:
    StaticsOfPart(Storage &storage, const Site &site, const Session &session,
                  const Slice &slice,
                  const std::map<std::string, std::uint64_t> &at)
        : m_storage(storage), m_site(site), m_session(session), m_slice(slice),
          m_at(at), m_values(site, storage, session.target)
    {
    }

    Result<Difference> difference(const SliceArray &offered,
                                  const TargetArray &present) const
    {
        const auto &document = present.document;
        if (offered.dimensions != document.dimensions)
            return Difference("its dimensions are not the target's");
        Extent origin;
        for (std::size_t i = 0; i < offered.shape.size(); ++i)
        {
            origin.push_back(beginOf(offered.dimensions[i]));
            if (origin[i] > document.shape[i] ||
                offered.shape[i] > document.shape[i] - origin[i])
                return Difference("it reaches beyond the target's");
        }
        MDIMAPPEND_ASSIGN(const auto match,
                          staticMatch(m_session.options, m_slice, offered,
                                      m_session.target, present));
        MDIMAPPEND_ASSIGN(auto expected, expectedOf(present));
        ValueComparison comparison(std::move(expected), present, match,
                                   m_slice);
        MDIMAPPEND_ASSIGN(const auto difference,
                          comparison.firstIn(offered.shape,
                                             Extent(origin.size(), 0), origin));
        return explained(difference);
    }

  private:
    std::uint64_t beginOf(const std::string &dimension) const
    {
        const auto offset = m_at.find(dimension);
        return beginAlong(m_session, dimension) +
               (offset == m_at.end() ? 0 : offset->second);
    }

    Result<ReadValues> expectedOf(const TargetArray &present) const
    {
        const auto number =
            static_cast<std::size_t>(&present - m_session.target.arrays.data());
        if (!m_session.creates)
            return m_values.reader(number);
        const auto path =
            keptPath(m_site, m_session.transaction, "static", present.name);
        MDIMAPPEND_ASSIGN(const auto object, m_storage.read(path));
        if (!object)
            return error("'" + path + "' is missing");
        MDIMAPPEND_ASSIGN(auto kept,
                          KeptValues::parse(*object, present.document));
        return ReadValues(
            [kept = std::make_shared<const KeptValues>(std::move(kept))](
                const Extent &start, const Extent &size, void *values)
            { return kept->read(start, size, values); });
    }

    Storage &m_storage;
    const Site &m_site;
    const Session &m_session;
    const Slice &m_slice;
    const std::map<std::string, std::uint64_t> &m_at;
    TargetValues m_values;
};

}  // namespace

Status keepStaticsOf(const Slice &likeAll, Storage &storage, const Site &site,
                     const Session &session)
{
    return forEachStatic(
        likeAll, session.target,
        [&](const SliceArray &offered, const TargetArray &present) -> Status
        {
            MDIMAPPEND_ASSIGN(const auto values,
                              keptForm(session, likeAll, offered, present));
            return storage.put(
                keptPath(site, session.transaction, "static", present.name),
                values);
        });
}

Result<std::vector<std::string>>
staticDifferencesOfPart(Storage &storage, const Site &site,
                        const Session &session, const Slice &slice,
                        const std::map<std::string, std::uint64_t> &at)
{
    const StaticsOfPart statics(storage, site, session, slice, at);
    std::vector<std::string> differences;
    MDIMAPPEND_RETURN_IF_ERROR(forEachStatic(
        slice, session.target,
        [&](const SliceArray &offered, const TargetArray &present) -> Status
        {
            MDIMAPPEND_ASSIGN(
                const auto difference,
                differenceOrRefusal(statics.difference(offered, present)));
            if (difference)
                differences.push_back("'" + offered.name + "': " + *difference);
            return Status::ok();
        }));
    return differences;
}

}  // namespace mdimappend
