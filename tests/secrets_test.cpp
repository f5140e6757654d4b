// What of a text is a secret.

#include "secrets.h"
#include "trace.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

TEST(Secrets, urlsLoseThem)
{
    EXPECT_EQ(textWithoutSecrets("cannot read '/vsicurl/https://me:pw@host/x'"),
              "cannot read '/vsicurl/https://***@host/x'");
    EXPECT_EQ(textWithoutSecrets(
                  "https://h/b?X-Amz-Date=1&X-Amz-Signature=ab12&X-Amz-Expires="
                  "9 and sig=left"),
              "https://h/b?X-Amz-Date=1&X-Amz-Signature=***&X-Amz-Expires=9 "
              "and sig=left");
    EXPECT_EQ(textWithoutSecrets("/vsicurl?url=x&sig=a%2Fb'."),
              "/vsicurl?url=x&sig=***'.");
}

TEST(Secrets, otherTextsStayAsTheyAre)
{
    for (const char *text :
         {"slice 'a=b.nc': units 'K' are not 'degC'", "mail me@example.com",
          "--slice-config 'X' is not of the form KEY=VALUE.", "", "=", "?&="})
        EXPECT_EQ(textWithoutSecrets(text), text);
}

TEST(Secrets, optionsLoseThem)
{
    for (const char *key :
         {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
          "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING",
          "GS_SECRET_ACCESS_KEY", "GDAL_HTTP_HEADERS", "GDAL_HTTP_USERPWD",
          "gs_oauth2_private_key"})
    {
        const auto pair = std::string(key) + "=a b=c";
        EXPECT_EQ(withoutSecrets(pair), std::string(key) + "=***");
        EXPECT_EQ(withoutSecrets("--target-config=" + pair),
                  "--target-config=" + std::string(key) + "=***");
    }
    EXPECT_EQ(withoutSecrets("AWS_REGION=eu-west-1"), "AWS_REGION=eu-west-1");
    EXPECT_EQ(withoutSecrets("--array=sst"), "--array=sst");
}

TEST(Secrets, commandsLoseThem)
{
    EXPECT_EQ(commandWithoutSecrets("gdalmdimappend",
                                    {"--config", "AWS_SECRET_ACCESS_KEY", "abc",
                                     "--config", "AWS_SESSION_TOKEN=def",
                                     "/vsicurl/https://a:b@h/x.nc",
                                     "s3://bucket/KEY"}),
              "gdalmdimappend --config AWS_SECRET_ACCESS_KEY *** --config "
              "AWS_SESSION_TOKEN=*** /vsicurl/https://***@h/x.nc "
              "s3://bucket/KEY");
}

TEST(Secrets, traceLinesLoseThem)
{
    std::string traced;
    CPLPushErrorHandlerEx(
        [](CPLErr, CPLErrorNum, const char *text)
        { *static_cast<std::string *>(CPLGetErrorHandlerUserData()) += text; },
        &traced);
    CPLSetThreadLocalConfigOption("CPL_DEBUG", "MDIMAPPEND");
    trace("request", "'https://me:pw@host/x?sig=ab12': no answer");
    CPLSetThreadLocalConfigOption("CPL_DEBUG", nullptr);
    CPLPopErrorHandler();
    EXPECT_NE(traced.find("'https://***@host/x?sig=***': no answer"),
              std::string::npos)
        << traced;
}

TEST(Secrets, longCommandsKeepTheirBeginningAndTheirEnd)
{
    std::vector<std::string> arguments(10000, "slice.nc");
    arguments.front() = "--quiet";
    arguments.back() = "cube.zarr";
    const auto command = commandWithoutSecrets("append", arguments);
    EXPECT_LT(command.size(), 1000U);
    EXPECT_TRUE(command.starts_with("append --quiet slice.nc slice.nc "));
    EXPECT_TRUE(command.ends_with(" slice.nc slice.nc cube.zarr"));
    EXPECT_NE(command.find("slice.nc [9901 more] slice.nc"), command.npos)
        << command;
    const std::string large(5000, 'x');
    EXPECT_EQ(commandWithoutSecrets("append", {"a", large, "b"}),
              "append a [1 more] b");
    EXPECT_EQ(commandWithoutSecrets("append", {large}), "append [1 more]");
    EXPECT_EQ(commandWithoutSecrets("append", {}), "append");
}

}  // namespace
}  // namespace mdimappend
