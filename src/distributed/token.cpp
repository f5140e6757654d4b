// A token as JSON.

#include "distributed/token.h"

namespace mdimappend
{

namespace
{

constexpr const char *tokenFormat = "mdimappend token 1";

}  // namespace

Json toJson(const Token &token)
{
    return {{"format", tokenFormat},
            {"target", token.target},
            {"group", token.group},
            {"transaction", token.transaction},
            {"lease",
             {{"number", token.lease.number},
              {"nonce", token.lease.nonce},
              {"seconds", token.seconds}}},
            {"plan", token.plan}};
}

Result<Token> parseToken(const std::string &text)
{
    const auto json = parseJson(text);
    if (!json || textMember(*json, "format") != tokenFormat)
        return Status(Failure::Usage,
                      "this is not the token of a transaction (what `gdal "
                      "driver mdimappend begin` prints)");
    Token token;
    token.target = textMember(*json, "target");
    token.group = textMember(*json, "group");
    token.transaction = textMember(*json, "transaction");
    const Json &lease = member(*json, "lease");
    token.lease = {countMember(lease, "number"), textMember(lease, "nonce")};
    token.seconds = numberMember(lease, "seconds").value_or(0);
    token.plan = member(*json, "plan");
    // It becomes part of paths.
    const bool isName = !token.transaction.empty() &&
                        token.transaction.find_first_not_of(
                            "0123456789abcdef-") == std::string::npos;
    if (!isName || token.target.empty())
        return Status(Failure::Usage,
                      "the token names no transaction or no target");
    return token;
}

}  // namespace mdimappend
