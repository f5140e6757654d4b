// One HTTP request and its answer, by libcurl, configured as GDAL's own
// requests are (GDAL_HTTP_*, proxies, certificates). No retries, no meaning:
// what a status code says is the caller's to know.
//
// GDAL's exported functions cannot put binary content under a condition and
// tell the status code and the ETag; that is what this is for.

#pragma once

#include "mutex.h"
#include "status.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

struct HttpRequest
{
    std::string method;
    std::string url;  ///< signed: never part of a message
    std::vector<std::string> headers;
    std::string_view body;
    /// A longer answer is an error.
    std::uint64_t limit = 0;
    /// Asked now and then; false ends the request.
    std::function<bool()> mayGoOn;
};

struct HttpResponse
{
    long code = 0;
    std::string body;
    /// Lower-case names.
    std::vector<std::pair<std::string, std::string>> headers;

    /// "" if there is none.
    const std::string &header(std::string_view name) const;
};

/// Keeps connections open from request to request. May be used by several
/// threads.
class HttpConnections
{
  public:
    HttpConnections();
    ~HttpConnections();
    HttpConnections(const HttpConnections &) = delete;
    HttpConnections &operator=(const HttpConnections &) = delete;

    /// Failure::TryAgain: no answer, or a part of one. Whether the request was
    /// carried out is not known then. The message has no URL in it.
    Result<HttpResponse> exchange(const HttpRequest &request);

  private:
    struct Handle;

    std::unique_ptr<Handle> take();
    void giveBack(std::unique_ptr<Handle> handle);

    Mutex m_mutex;
    std::vector<std::unique_ptr<Handle>> m_idle MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
