// One request by libcurl, with GDAL's own settings for its kind of address.

#include "storage/http_exchange.h"

#include <cpl_http.h>
#include <curl/curl.h>

#include <algorithm>
#include <cctype>

namespace mdimappend
{

namespace
{

/// What the callbacks of one exchange share.
struct Exchange
{
    const HttpRequest &request;
    HttpResponse response;
    std::size_t sent = 0;
    bool tooLong = false;
    bool stopped = false;
};

std::size_t receive(char *data, std::size_t size, std::size_t count, void *to)
{
    auto &exchange = *static_cast<Exchange *>(to);
    const std::size_t bytes = size * count;
    if (exchange.response.body.size() + bytes > exchange.request.limit)
    {
        exchange.tooLong = true;
        return 0;
    }
    exchange.response.body.append(data, bytes);
    return bytes;
}

std::size_t receiveHeader(char *data, std::size_t size, std::size_t count,
                          void *to)
{
    auto &exchange = *static_cast<Exchange *>(to);
    const std::string_view line(data, size * count);
    // The answer before may have been "100 Continue".
    if (line.starts_with("HTTP/"))
        exchange.response.headers.clear();
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
    {
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char c)
                               { return static_cast<char>(std::tolower(c)); });
        auto value = line.substr(colon + 1);
        const auto first = value.find_first_not_of(" \t");
        const auto last = value.find_last_not_of(" \t\r\n");
        value = first == std::string_view::npos || last < first
                    ? std::string_view()
                    : value.substr(first, last - first + 1);
        exchange.response.headers.emplace_back(std::move(name), value);
    }
    return size * count;
}

std::size_t send(char *buffer, std::size_t size, std::size_t count, void *from)
{
    auto &exchange = *static_cast<Exchange *>(from);
    const auto left = exchange.request.body.substr(exchange.sent);
    const auto bytes = std::min(left.size(), size * count);
    left.copy(buffer, bytes);
    exchange.sent += bytes;
    return bytes;
}

int rewind(void *from, curl_off_t offset, int origin)
{
    auto &exchange = *static_cast<Exchange *>(from);
    if (origin != SEEK_SET || offset < 0 ||
        static_cast<std::size_t>(offset) > exchange.request.body.size())
        return CURL_SEEKFUNC_FAIL;
    exchange.sent = static_cast<std::size_t>(offset);
    return CURL_SEEKFUNC_OK;
}

int mayGoOn(void *of, curl_off_t, curl_off_t, curl_off_t, curl_off_t)
{
    auto &exchange = *static_cast<Exchange *>(of);
    exchange.stopped = exchange.request.mayGoOn && !exchange.request.mayGoOn();
    return exchange.stopped ? 1 : 0;
}

}  // namespace

const std::string &HttpResponse::header(std::string_view name) const
{
    static const std::string none;
    const auto found = std::ranges::find_if(headers, [&](const auto &header)
                                            { return header.first == name; });
    return found == headers.end() ? none : found->second;
}

struct HttpConnections::Handle
{
    CURL *curl = curl_easy_init();

    Handle() = default;

    ~Handle()
    {
        if (curl)
            curl_easy_cleanup(curl);
    }

    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
};

HttpConnections::HttpConnections() = default;
HttpConnections::~HttpConnections() = default;

std::unique_ptr<HttpConnections::Handle> HttpConnections::take()
{
    const MutexLock lock(m_mutex);
    if (m_idle.empty())
        return std::make_unique<Handle>();
    auto handle = std::move(m_idle.back());
    m_idle.pop_back();
    return handle;
}

void HttpConnections::giveBack(std::unique_ptr<Handle> handle)
{
    const MutexLock lock(m_mutex);
    m_idle.push_back(std::move(handle));
}

Result<HttpResponse> HttpConnections::exchange(const HttpRequest &request)
{
    auto handle = take();
    CURL *curl = handle->curl;
    if (!curl)
        return error("libcurl cannot be used");
    Exchange exchange{request, {}};
    curl_easy_reset(curl);
    // Over these, what the user configures for GDAL.
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 30L);
    auto *headers = static_cast<curl_slist *>(
        CPLHTTPSetOptions(curl, request.url.c_str(), nullptr));
    for (const auto &header : request.headers)
        headers = curl_slist_append(headers, header.c_str());
    // It would cost a round trip before each content.
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    // A redirected signature would be wrong anyway.
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    if (request.method == "HEAD")
    {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    else if (request.method == "PUT")
    {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, send);
        curl_easy_setopt(curl, CURLOPT_READDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, &exchange);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
    }
    else if (request.method != "GET")
    {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, receiveHeader);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, mayGoOn);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
    const CURLcode done = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange.response.code);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
    curl_slist_free_all(headers);
    // After a failure its connection is of no use.
    if (done == CURLE_OK)
        giveBack(std::move(handle));
    if (exchange.tooLong)
        return error("the answer is longer than " +
                     std::to_string(request.limit) + " bytes");
    if (exchange.stopped)
        return tryAgain("the lease ran out during the request");
    if (done == CURLE_COULDNT_RESOLVE_HOST)
        return tryAgain("no answer: the host name of the endpoint cannot be "
                        "resolved. Is it right? (With "
                        "AWS_VIRTUAL_HOSTING=FALSE the bucket is no part of "
                        "it)");
    if (done != CURLE_OK)
        return tryAgain(std::string("no answer: ") + curl_easy_strerror(done));
    return std::move(exchange.response);
}

}  // namespace mdimappend
