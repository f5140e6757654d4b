// MD5, in base64: what S3, Azure, Google and those who speak as they do verify
// of any put, however it is signed.

#include "storage/put_checksums.h"

#include "storage/checksum.h"

namespace mdimappend
{

std::string PutChecksums::header(std::string_view bytes) const
{
    if (m_refused)
        return {};
    const auto checksum = md5Base64(bytes);
    if (checksum.empty())
        return {};
    // Google's own headers are signed, this one of its names among them.
    return m_kind == StoreKind::Gcs ? "x-goog-hash: md5=" + checksum
                                    : "Content-MD5: " + checksum;
}

}  // namespace mdimappend
