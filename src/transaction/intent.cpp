// What an intent becomes where all has to be staged.

#include "transaction/intent.h"

namespace mdimappend
{

void stageAll(PlannedArray &array)
{
    auto &[path, keys, added, replaced] = array;
    replaced.insert(replaced.end(), added.begin(), added.end());
    added.clear();
}

}  // namespace mdimappend
