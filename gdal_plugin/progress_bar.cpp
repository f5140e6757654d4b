// Draws 0...10...20 as GDAL does, and takes it back.

#include "progress_bar.h"

#include <algorithm>
#include <string>
#include <unistd.h>

namespace mdimappend
{

namespace
{

constexpr int ticks = 40;

std::string textOf(int tick)
{
    return tick % 4 == 0 ? std::to_string(tick / 4 * 10) : ".";
}

}  // namespace

ProgressBar::ProgressBar(std::FILE *report)
    : m_stream(isatty(fileno(report)) ? report : stderr),
      m_isTerminal(isatty(fileno(m_stream)) != 0)
{
}

void ProgressBar::write(const char *text)
{
    // Nobody depends on what is shown.
    static_cast<void>(std::fputs(text, m_stream));
    static_cast<void>(std::fflush(m_stream));
}

void ProgressBar::show(double fraction)
{
    const int reached =
        static_cast<int>(std::clamp(fraction, 0.0, 1.0) * ticks + 1e-9);
    std::string text;
    while (m_shown < reached)
        text += textOf(++m_shown);
    if (text.empty())
        return;
    write((m_shown == ticks ? text + " - done.\n" : text).c_str());
}

void ProgressBar::clear()
{
    if (m_shown < 0 || m_shown == ticks)
        return;
    m_shown = -1;
    write(m_isTerminal ? "\r\x1b[K" : "\n");
}

}  // namespace mdimappend
