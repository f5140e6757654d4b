// Settings files, JSON and YAML: what is understood is shown in the same names,
// and means the same when it is read again.

#include "fuzz.h"

#include "settings/settings.h"
#include "settings/settings_text.h"

#include <cpl_vsi.h>

using namespace mdimappend;
using fuzzing::expect;

namespace
{

void check(const char *path, std::string &text)
{
    VSIFCloseL(VSIFileFromMemBuffer(path,
                                    reinterpret_cast<GByte *>(text.data()),
                                    text.size(), /* bTakeOwnership = */ FALSE));
    const auto settings = readSettings({path});
    VSIUnlink(path);
    if (!settings)
        return;
    const Json shown = toSettings(settings->options);
    withoutSecrets(shown);
    Settings again;
    const auto applied = applySettings(shown, "shown", again);
    expect(bool(applied), applied.message().c_str());
    expect(sameJson(toSettings(again.options), shown),
           "what is shown means the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    std::string text(fuzzing::inputText(bytes, size));
    for (const char *path : {"/vsimem/settings.json", "/vsimem/settings.yaml"})
        check(path, text);
    return 0;
}
