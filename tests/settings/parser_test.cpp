// Settings by name: what each key sets, how files are merged, what is refused.

#include "settings/settings.h"

#include "settings/settings_text.h"
#include "settings/storage_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *source = "settings file 'x.yaml'";

/// What several files say, in order.
Settings settingsOf(std::initializer_list<const char *> files)
{
    Settings settings;
    for (const char *text : files)
    {
        const auto content = parseYaml(text);
        EXPECT_TRUE(content) << content.status().message();
        const auto applied = applySettings(*content, source, settings);
        EXPECT_TRUE(applied) << applied.message();
    }
    return settings;
}

AppendOptions optionsOf(const char *text)
{
    return settingsOf({text}).options;
}

ArrayEncoding encodingFrom(const std::string &text)
{
    return optionsOf(("variables: {a: {encoding: " + text + "}}").c_str())
        .encodings["a"];
}

std::string errorOf(const char *text)
{
    Settings settings;
    const auto content = parseYaml(text);
    EXPECT_TRUE(content) << content.status().message();
    const auto applied = applySettings(*content, source, settings);
    EXPECT_FALSE(applied) << text;
    if (applied)
        return "";
    EXPECT_EQ(applied.kind(), Failure::Usage);
    return applied.message();
}

TEST(SettingsKeys, unknownOnesAreRefusedWithTheNearestKnown)
{
    EXPECT_EQ(errorOf("apend_dim: time"),
              "unknown key 'apend_dim' in settings file 'x.yaml'; did you mean "
              "'append_dim'?");
    EXPECT_EQ(errorOf("variables: {air: {encoding: {dtpye: int16}}}"),
              "unknown key 'variables.air.encoding.dtpye' in settings file "
              "'x.yaml'; did you mean 'dtype'?");
    EXPECT_EQ(errorOf("qwertyuiop: 1"),
              "unknown key 'qwertyuiop' in settings file 'x.yaml'");
    EXPECT_EQ(errorOf("slice_polling: {q: 1}"),
              "unknown key 'slice_polling.q' in settings file 'x.yaml'; "
              "expected one of interval, timeout");
    Settings settings;
    Json content;
    content["a" + std::string(100000, 'b')] = 1;
    EXPECT_THAT(applySettings(content, source, settings).message(),
                testing::SizeIs(testing::Lt(200)));
}

TEST(SettingsKeys, twoNamesOfOneKeyAreRefused)
{
    EXPECT_EQ(errorOf("overwrite: true\nforce_new: true"),
              "settings file 'x.yaml': 'force_new' and 'overwrite' mean the "
              "same: give one of them");
    EXPECT_THAT(
        errorOf("variables: {a: {encoding: {nodata: 1, fill_value: 1}}}"),
        HasSubstr("mean the same"));
    EXPECT_THAT(errorOf("wait: 1\nslice_polling: true"),
                HasSubstr("mean the same"));
}

TEST(SettingsKeys, textsNeedQuotationMarksWhereTheyLookLikeOthers)
{
    EXPECT_EQ(errorOf("group: 2024"),
              "settings file 'x.yaml', key 'group': expected a string (put it "
              "in quotation marks), found the number 2024");
    EXPECT_EQ(optionsOf("group: '2024'").group, "2024");
    EXPECT_EQ(optionsOf("append_dim: NO").appendDim, "NO");
    EXPECT_EQ(optionsOf("message: 2024-01-01").message, "2024-01-01");
    EXPECT_THAT(errorOf("append_dim: null"), HasSubstr("expected a string"));
    EXPECT_THAT(errorOf("append_dim: ''"), HasSubstr("not empty"));
    EXPECT_THAT(errorOf("slices_per_commit: 007"), HasSubstr("found '007'"));
}

TEST(SettingsKeys, yesAndNoAreTruthWhereTruthIsExpected)
{
    EXPECT_TRUE(optionsOf("dry_run: yes").dryRun);
    EXPECT_FALSE(optionsOf("consolidated: no").consolidated);
    EXPECT_THAT(errorOf("dry_run: maybe"), HasSubstr("true or false"));
    EXPECT_THAT(errorOf("dry_run: 1"), HasSubstr("true or false"));
}

TEST(SettingsMerge, laterFilesWinKeyByKey)
{
    const auto options =
        settingsOf({"append_dim: time\n"
                    "group: a\n"
                    "included_variables: [a, b]\n"
                    "fixed_dims: {lat: 10, lon: 20}\n"
                    "attrs: {title: one, nested: {a: 1, b: 2}}\n"
                    "target_config: {A: '1', B: '1'}\n"
                    "variables:\n"
                    "  air: {encoding: {dtype: int16, chunks: [1, 2]},"
                    " attrs: {x: 1}}\n"
                    "  '*': {encoding: {level: 3}}\n",
                    "group: b\n"
                    "included_variables: [c]\n"
                    "fixed_dims: {lat: 11}\n"
                    "attrs: {nested: {b: 3}}\n"
                    "target_config: {b: '2'}\n"
                    "variables: {air: {encoding: {chunks: null},"
                    " attrs: {y: 2}}}\n"})
            .options;
    EXPECT_EQ(options.appendDim, "time");
    EXPECT_EQ(options.group, "b");
    EXPECT_THAT(options.arrays, ElementsAre("c"));
    EXPECT_EQ(options.fixedDims.at("lat"), 11U);
    EXPECT_EQ(options.fixedDims.at("lon"), 20U);
    EXPECT_EQ(
        dumpJson(options.attributes, -1),
        dumpJson(Json{{"title", "one"}, {"nested", {{"a", 1}, {"b", 3}}}}, -1));
    EXPECT_THAT(options.targetConfig, ElementsAre("A=1", "b=2"));
    const auto &air = options.encodings.at("air");
    EXPECT_EQ(air.dtype, NumberType::Int16);
    EXPECT_THAT(*air.chunk, IsEmpty());
    EXPECT_EQ(air.attributes, (Json{{"x", 1}, {"y", 2}}));
    EXPECT_EQ(options.encodings.at("*").level, 3);
}

TEST(SettingsMerge, aCompressorIsReplacedWithItsLevelAndShuffle)
{
    const auto options =
        settingsOf({"variables: {a: {encoding: {compressor: {id: blosc, cname: "
                    "zstd, clevel: 9, shuffle: 2}}}}",
                    "variables: {a: {encoding: {compressor: {id: zstd}}}}"})
            .options;
    const auto &encoding = options.encodings.at("a");
    EXPECT_EQ(encoding.compressor, "zstd");
    EXPECT_FALSE(encoding.level);
    EXPECT_FALSE(encoding.shuffle);
}

TEST(SettingsEncoding, numcodecsConfigurationsAreMapped)
{
    const auto blosc = encodingFrom("{compressor: {id: blosc, cname: zstd, "
                                    "clevel: 5, shuffle: 1, blocksize: 0}}");
    EXPECT_EQ(blosc.compressor, "blosc:zstd");
    EXPECT_EQ(blosc.level, 5);
    EXPECT_EQ(blosc.shuffle, "byte");
    EXPECT_EQ(encodingFrom("{compressor: {id: blosc}}").compressor,
              "blosc:lz4");
    EXPECT_EQ(encodingFrom("{compressor: null}").compressor, "none");
    EXPECT_EQ(encodingFrom("{compressor: {id: lzma, preset: 6}}").level, 6);
    EXPECT_EQ(encodingFrom("{level: 7, compressor: {id: gzip}}").level, 7);
    for (const char *wrong :
         {"{id: bz2}", "{id: blosc, cname: rar}", "{id: zlib, levle: 3}",
          "{id: zlib, level: 10}", "{id: zstd, checksum: true}", "{}",
          "{id: 3}", "{id: blosc, shuffle: 3}"})
        EXPECT_THAT(errorOf(("variables: {a: {encoding: {compressor: " +
                             std::string(wrong) + "}}}")
                                .c_str()),
                    HasSubstr("variables.a.encoding"));
}

TEST(SettingsEncoding, chunksMayBeWholeDimensionsOrTheWholeArray)
{
    EXPECT_THAT(*encodingFrom("{chunks: [1, null, 50]}").chunk,
                ElementsAre(1U, 0U, 50U));
    EXPECT_THAT(*encodingFrom("{chunks: null}").chunk, IsEmpty());
    EXPECT_FALSE(encodingFrom("{}").chunk);
}

TEST(SettingsEncoding, fillValuesKeepTheirKind)
{
    EXPECT_EQ(encodingFrom("{fill_value: .nan}").nodata, Json("NaN"));
    EXPECT_EQ(encodingFrom("{fill_value: NaN}").nodata, Json("NaN"));
    EXPECT_EQ(encodingFrom("{fill_value: -.inf}").nodata, Json("-Infinity"));
    EXPECT_EQ(encodingFrom("{fill_value: null}").nodata, Json());
    EXPECT_EQ(encodingFrom("{fill_value: 18446744073709551615}").nodata,
              Json(UINT64_MAX));
    EXPECT_FALSE(encodingFrom("{}").nodata);
}

TEST(SettingsEncoding, whatXarrayNotesIsIgnoredWithAWarning)
{
    const auto settings = settingsOf(
        {"variables: {a: {encoding: {preferred_chunks: {time: 1}}}}"});
    ASSERT_EQ(settings.warnings.size(), 1U);
    EXPECT_THAT(settings.warnings[0],
                HasSubstr("variables.a.encoding.preferred_chunks"));
}

TEST(SettingsStep, takesWhatZappendTakes)
{
    const auto text = [](const char *step)
    {
        return optionsOf((std::string("append_step: ") + step).c_str())
            .step.text;
    };
    EXPECT_EQ(text("null"), "any");
    EXPECT_EQ(text("'+'"), "increasing");
    EXPECT_EQ(text("'-'"), "decreasing");
    EXPECT_EQ(text("1D"), "1D");
    EXPECT_EQ(text("-6h"), "-6h");
    EXPECT_EQ(text("6H"), "6h");
    EXPECT_EQ(text("15T"), "15min");
    EXPECT_EQ(text("1M"), "1mo");
    EXPECT_EQ(text("1ME"), "1mo");
    EXPECT_EQ(text("D"), "1D");
    EXPECT_EQ(text("YE"), "1Y");
    EXPECT_EQ(text("2"), "2");
    EXPECT_EQ(text("-0.5"), "-0.5");
    EXPECT_EQ(optionsOf("append_step: 1ME").step.months, 1);
    EXPECT_THAT(errorOf("append_step: 0"), HasSubstr("append_step"));
    EXPECT_THAT(errorOf("append_step: 3 fortnights"), HasSubstr("the step"));
}

TEST(SettingsWaiting, pollingIsWaitAndPollInterval)
{
    const auto plain = optionsOf("slice_polling: true");
    EXPECT_TRUE(plain.wait);
    EXPECT_EQ(plain.waitTimeout, Seconds(60));
    EXPECT_EQ(plain.pollInterval, Seconds(2));
    const auto exact = optionsOf("slice_polling: {interval: 5, timeout: 300}");
    EXPECT_EQ(exact.waitTimeout, Seconds(300));
    EXPECT_EQ(exact.pollInterval, Seconds(5));
    EXPECT_FALSE(optionsOf("slice_polling: false").wait);
    const auto forever = optionsOf("wait: forever");
    EXPECT_TRUE(forever.wait);
    EXPECT_FALSE(forever.waitTimeout);
    EXPECT_FALSE(optionsOf("wait: 0").wait);
    const auto merged =
        settingsOf({"slice_polling: true", "wait: false"}).options;
    EXPECT_FALSE(merged.wait);
}

TEST(SettingsStorage, optionsOfFsspecAreMapped)
{
    const auto options =
        optionsOf("target_storage_options:\n"
                  "  key: id\n"
                  "  secret: s3cret\n"
                  "  anon: false\n"
                  "  client_kwargs: {endpoint_url: 'http://localhost:9000/',"
                  " region_name: eu-central-1}\n"
                  "slice_storage_options: {anon: true}\n");
    EXPECT_THAT(
        options.targetConfig,
        ElementsAre("AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=s3cret",
                    "AWS_NO_SIGN_REQUEST=NO", "AZURE_NO_SIGN_REQUEST=NO",
                    "AWS_S3_ENDPOINT=localhost:9000", "AWS_HTTPS=NO",
                    "AWS_VIRTUAL_HOSTING=FALSE", "AWS_REGION=eu-central-1"));
    EXPECT_THAT(options.sliceConfig,
                testing::Contains("AWS_NO_SIGN_REQUEST=YES"));
    EXPECT_THAT(errorOf("slice_storage_options: {auto_mkdir: true}"),
                HasSubstr("unknown key 'slice_storage_options.auto_mkdir'"));
}

TEST(SettingsStorage, secretsAreNotShown)
{
    const auto shown = withoutSecrets(toSettings(
        optionsOf("target_config: {AWS_SECRET_ACCESS_KEY: a, AWS_REGION: b,"
                  " GDAL_HTTP_BEARER: c, aws_session_token: d}")));
    EXPECT_EQ(shown["target_config"]["AWS_SECRET_ACCESS_KEY"], "...");
    EXPECT_EQ(shown["target_config"]["GDAL_HTTP_BEARER"], "...");
    EXPECT_EQ(shown["target_config"]["aws_session_token"], "...");
    EXPECT_EQ(shown["target_config"]["AWS_REGION"], "b");
}

TEST(SettingsPython, whatIsPythonsIsRefusedOrIgnoredWithTheReason)
{
    EXPECT_THAT(errorOf("slice_source: my.module.Source"),
                HasSubstr("it names Python code: use slices_from"));
    EXPECT_THAT(errorOf("permit_eval: true"), HasSubstr("Python expressions"));
    EXPECT_TRUE(settingsOf({"permit_eval: false"}).warnings.empty());
    EXPECT_THAT(errorOf("disable_rollback: true"), HasSubstr("undone"));
    EXPECT_THAT(
        settingsOf({"logging: {version: 1}\nprofiling: false"}).warnings,
        ElementsAre(HasSubstr("'logging': ignored")));
}

TEST(SettingsOfOptions, giveTheSameOptionsAgain)
{
    const auto options = optionsOf(
        "slices: [a.nc, {slice: b.nc, label: 2024-01-02}, {slice: c, label: "
        "3}]\n"
        "slices_from: '-'\n"
        "append_dim: time\n"
        "label_from: name:%Y.nc\n"
        "included_variables: [a]\n"
        "excluded_variables: [b]\n"
        "rename: {a: b}\n"
        "vary: [c]\n"
        "input_format: [netCDF, Zarr]\n"
        "open_options: {A: B=C}\n"
        "wait: 90s\n"
        "poll_interval: 100ms\n"
        "ready_suffix: .ok\n"
        "target_dir: c.zarr\n"
        "group: g/h\n"
        "zarr_format: 2\n"
        "consolidated: false\n"
        "fixed_dims: {lat: 4}\n"
        "attrs: {title: x, n: [1, 2.5]}\n"
        "attrs_update_mode: update\n"
        "force_new: true\n"
        "on_coordinate: ignore\n"
        "on_static: ignore\n"
        "on_crs: ignore\n"
        "on_units: ignore\n"
        "on_precision: round\n"
        "on_missing_array: fill\n"
        "on_extra_array: error\n"
        "on_overflow: clamp\n"
        "on_duplicate: replace\n"
        "append_step: 1ME\n"
        "require_aligned: true\n"
        "again: true\n"
        "slice_group: /a/b\n"
        "groups: true\n"
        "merge_shards: true\n"
        "lock: none\n"
        "lock_timeout: forever\n"
        "lease: 5min\n"
        "durability: process\n"
        "slices_per_commit: 5\n"
        "keep_going: true\n"
        "num_threads: 3\n"
        "dry_run: true\n"
        "message: hello\n"
        "target_config: {A: '1'}\n"
        "slice_config: {B: '2'}\n"
        "variables:\n"
        "  '*': {encoding: {compressor: null}}\n"
        "  a:\n"
        "    dims: [time, lat]\n"
        "    attrs: {long_name: q, units: null}\n"
        "    encoding: {dtype: complex64, chunks: [1, null], shards: [8, 4],"
        " fill_value: .nan, scale_factor: 0.1, add_offset: 3, units: keep,"
        " calendar: noleap, compressor: {id: blosc, cname: lz4, clevel: 9,"
        " shuffle: 2}, filters: [{id: shuffle, elementsize: 2}],"
        " separator: slash}\n");
    const Json json = toSettings(options);
    Settings again;
    const auto applied = applySettings(json, "the same", again);
    ASSERT_TRUE(applied) << applied.message();
    EXPECT_EQ(dumpJson(toSettings(again.options), 2), dumpJson(json, 2));
    // Each differs from its default, or the comparison would say nothing.
    const Json defaults = toSettings({});
    for (const auto &[key, value] : json.items())
        EXPECT_NE(value, defaults.value(key, Json())) << key;
    EXPECT_EQ(again.options.step.months, 1);
    EXPECT_EQ(again.options.slices[2].label, "3");
    EXPECT_EQ(again.options.encodings["a"].separator, '/');
    EXPECT_TRUE(again.warnings.empty());
}

TEST(SettingsOfOptions, defaultsAreThemselves)
{
    Settings again;
    const Json json = toSettings({});
    ASSERT_TRUE(applySettings(json, "the same", again));
    EXPECT_EQ(toSettings(again.options), json);
}

TEST(SettingsSlices, haveNamesAndLabels)
{
    const auto options = optionsOf("slices: [a.nc, {slice: b.nc, label: 007}]");
    ASSERT_EQ(options.slices.size(), 2U);
    EXPECT_EQ(options.slices[0].name, "a.nc");
    EXPECT_FALSE(options.slices[0].label);
    EXPECT_EQ(options.slices[1].label, "007");
    EXPECT_EQ(errorOf("slices: [a, {label: x}]"),
              "settings file 'x.yaml', key 'slices[1]': 'slice' is missing");
    EXPECT_THAT(errorOf("slices: [1]"), HasSubstr("'slices[0]'"));
}

TEST(SettingsRename, oneThingMayHaveSeveralNames)
{
    EXPECT_EQ(optionsOf("rename: {a: c, b: c}").renamedArrays.size(), 2U);
}

}  // namespace
}  // namespace mdimappend
