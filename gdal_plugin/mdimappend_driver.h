// The GDAL driver MDIMAPPEND. It reads a target through GDAL's Zarr driver, and
// a dataset that is copied to it (CreateCopy) is a slice for `gdal mdim
// append`.
//
// GDAL and its programs delete what is at a name before they write there. So
// names begin with MDIMAPPEND:, which is no file; datasets have no file list;
// deleting, renaming and copying files are refused (deletion_before_copy.h);
// and capabilities are left out that programs ask for which delete by
// themselves.

#pragma once

#include <gdal_priv.h>

#include <mutex>

namespace mdimappend
{

class MdimAppendDriver final : public GDALDriver
{
  public:
    MdimAppendDriver();

    const char *GetMetadataItem(const char *name,
                                const char *domain = "") override;
    CSLConstList GetMetadata(const char *domain = "") override;
    CreateCopyCallback GetCreateCopyCallback() override;

  private:
    void listOptions();

    /// Every process registers the driver, and few ask for its options.
    std::once_flag m_optionsListed;
};

}  // namespace mdimappend
