// Labels that parts have brought, as a slice that has nothing else: so they are
// checked against a target as every slice's are.

#pragma once

#include "cube/target.h"
#include "distributed/written_part.h"
#include "slice/slice.h"

#include <cpl_conv.h>

#include <cstring>

namespace mdimappend
{

class LabelSlice final : public Slice
{
  public:
    /// `labels`: elements as `array` stores them.
    LabelSlice(const std::string &name, const TargetArray &array,
               CarriedRows labels)
        : m_name(name), m_labels(std::move(labels))
    {
        SliceArray described;
        described.name = array.name;
        described.dimensions = {array.name};
        described.shape = {m_labels.rows};
        described.block = {0};
        described.type =
            array.document.dataType.isString()
                ? GDALExtendedDataType::CreateString()
                : GDALExtendedDataType::Create(array.document.dataType.gdal);
        described.attributes = array.document.attributes;
        described.units = array.units;
        described.labels = true;
        m_arrays.push_back(std::move(described));
    }

    const std::string &name() const override
    {
        return m_name;
    }

    const std::string &appendDim() const override
    {
        return m_arrays.front().name;
    }

    const std::vector<SliceArray> &arrays() const override
    {
        return m_arrays;
    }

    const Json &attributes() const override
    {
        return m_attributes;
    }

    std::uint64_t size() const override
    {
        return m_labels.rows;
    }

    const std::optional<GivenLabel> &givenLabel() const override
    {
        return m_givenLabel;
    }

    Result<std::unique_ptr<SliceReader>> reader() const override
    {
        return std::unique_ptr<SliceReader>(std::make_unique<Reader>(m_labels));
    }

    void closeFiles() const override
    {
    }

    std::string fingerprint() const override
    {
        return {};
    }

    std::string changed() const override
    {
        return {};
    }

  private:
    class Reader final : public SliceReader
    {
      public:
        explicit Reader(const CarriedRows &labels) : m_labels(labels)
        {
        }

        Status read(std::size_t, std::span<const std::uint64_t> start,
                    std::span<const std::uint64_t> count, void *buffer) override
        {
            const auto first = static_cast<std::size_t>(start[0]);
            const auto rows = static_cast<std::size_t>(count[0]);
            if (!m_labels.texts.empty())
            {
                auto **texts = static_cast<char **>(buffer);
                for (std::size_t i = 0; i < rows; ++i)
                    texts[i] = CPLStrdup(m_labels.texts[first + i].c_str());
                return Status::ok();
            }
            const auto size = m_labels.values.size() /
                              static_cast<std::size_t>(m_labels.rows);
            std::memcpy(buffer, m_labels.values.data() + first * size,
                        rows * size);
            return Status::ok();
        }

        Result<std::optional<std::string>>
        readEncoded(std::size_t, std::span<const std::uint64_t>) override
        {
            return std::optional<std::string>();
        }

      private:
        const CarriedRows &m_labels;
    };

    std::string m_name;
    CarriedRows m_labels;
    std::vector<SliceArray> m_arrays;
    Json m_attributes = Json::object();
    std::optional<GivenLabel> m_givenLabel;
};

}  // namespace mdimappend
