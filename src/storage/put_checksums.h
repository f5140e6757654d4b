// A put carries the checksum of its content, which the store compares with what
// has arrived: a put that breaks off leaves nothing then, where a store would
// otherwise keep what came until then as an object.

#pragma once

#include "storage/object_address.h"

#include <atomic>
#include <string>
#include <string_view>

namespace mdimappend
{

class PutChecksums
{
  public:
    explicit PutChecksums(StoreKind kind) : m_kind(kind)
    {
    }

    /// "Name: value"; "" where there is none: the store does not take any, or
    /// this system's libcrypto has no MD5.
    std::string header(std::string_view bytes) const;

    /// The store takes puts without a checksum, and none with one.
    void noteRefused()
    {
        m_refused = true;
    }

    bool areRefused() const
    {
        return m_refused;
    }

  private:
    StoreKind m_kind;
    std::atomic<bool> m_refused = false;
};

}  // namespace mdimappend
