// Templates in attributes of the settings: `{{ last_label }}`. Names and one
// argument, no code.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <functional>
#include <string>

namespace mdimappend
{

/// The value of `{{ name }}` or `{{ name(argument) }}`; Failure::Usage for an
/// unknown name.
using TemplateValue = std::function<Result<Json>(const std::string &name,
                                                 const std::string &argument)>;

/// `value` with each template in its strings, nested ones included, replaced. A
/// string that is one template and nothing else becomes what the template
/// stands for, a number or a text.
Result<Json> expandTemplates(const Json &value, const TemplateValue &valueOf);

}  // namespace mdimappend
