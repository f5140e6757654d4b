// A value that copies share until one of them is changed.

#pragma once

#include <memory>
#include <utility>

namespace mdimappend
{

template <class Value> class CopyOnWrite
{
  public:
    CopyOnWrite() : m_value(std::make_shared<Value>())
    {
    }

    /// There is always a value: what was moved from has it still.
    CopyOnWrite(const CopyOnWrite &) = default;
    CopyOnWrite &operator=(const CopyOnWrite &) = default;

    const Value &operator*() const
    {
        return *m_value;
    }

    const Value *operator->() const
    {
        return m_value.get();
    }

    /// To be changed: a copy first, if others share it.
    Value &own()
    {
        if (m_value.use_count() > 1)
            m_value = std::make_shared<Value>(*m_value);
        return *m_value;
    }

  private:
    std::shared_ptr<Value> m_value;
};

}  // namespace mdimappend
