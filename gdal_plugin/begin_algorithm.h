// `gdal driver mdimappend begin`: begins one append, or one write to a region,
// by many processes.

#pragma once

#include "mdim_append_algorithm.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Takes the options of an append; the template is what an append would be
/// given as a slice.
class BeginAlgorithm final : public MdimAppendAlgorithm
{
  public:
    static constexpr const char *NAME = "begin";
    BeginAlgorithm();

    bool ValidateArguments() override;

  private:
    bool RunImpl(GDALProgressFunc progress, void *progressData) override;
    Status begin(GDALProgressFunc progress, void *progressData);
    Status checkArguments() const;

    GDALArgDatasetValue m_like;
    int m_size = 0;
    bool m_create = false;
    bool m_attended = false;
    std::vector<std::string> m_region;
};

}  // namespace mdimappend
