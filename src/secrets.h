// What of a text is a secret, by the names of settings and of the parameters of
// signed URLs: passwords, tokens and keys are not shown, and not kept.

#pragma once

#include <string>
#include <vector>

namespace mdimappend
{

/// A text without the passwords, signatures and tokens of the URLs in it. For
/// messages.
std::string textWithoutSecrets(const std::string &text);

/// The same of a name or an argument, and KEY=VALUE (or --option=KEY=VALUE)
/// without the value, if the key is that of a secret. For what is kept.
std::string withoutSecrets(const std::string &argument);

/// The same of a command line, also where KEY and VALUE are two arguments. It
/// is kept with each commit: of a long one, some hundred characters of the
/// beginning and of the end, in whole words.
std::string commandWithoutSecrets(const std::string &program,
                                  const std::vector<std::string> &arguments);

}  // namespace mdimappend
