// HDF5 files opened with libhdf5 itself, beside GDAL's drivers.

#pragma once

#include <hdf5.h>

#include <string>

namespace mdimappend
{

class Hdf5Handle
{
  public:
    Hdf5Handle(hid_t id, herr_t (*close)(hid_t)) : m_id(id), m_close(close)
    {
    }

    ~Hdf5Handle()
    {
        if (m_id >= 0)
            m_close(m_id);
    }

    Hdf5Handle(const Hdf5Handle &) = delete;
    Hdf5Handle &operator=(const Hdf5Handle &) = delete;

    explicit operator bool() const
    {
        return m_id >= 0;
    }

    operator hid_t() const
    {
        return m_id;
    }

  private:
    hid_t m_id;
    herr_t (*m_close)(hid_t);
};

/// While it lives, what fails in this thread is told by what it returns, not on
/// standard error.
class QuietHdf5
{
  public:
    QuietHdf5()
    {
        H5Eget_auto2(H5E_DEFAULT, &m_function, &m_data);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }

    ~QuietHdf5()
    {
        H5Eset_auto2(H5E_DEFAULT, m_function, m_data);
    }

    QuietHdf5(const QuietHdf5 &) = delete;
    QuietHdf5 &operator=(const QuietHdf5 &) = delete;

    /// What the call that failed last says, in libhdf5's words.
    static std::string reason();

  private:
    H5E_auto2_t m_function = nullptr;
    void *m_data = nullptr;
};

/// Whether libhdf5 may be called by several threads at once.
bool isHdf5ThreadSafe();

enum class Hdf5Kind
{
    Hdf5,
    Other,        ///< of another format
    Unreachable,  ///< below /vsi, and GDAL's HDF5 driver is missing
    Unopened      ///< libhdf5 does not open it
};

/// What `name` is, as GDAL opens it, by its beginning: not Unopened. `access`
/// becomes what openHdf5 needs.
Hdf5Kind kindOfHdf5(const std::string &name, hid_t access);

/// Opens a file for reading, also one that GDAL's drivers have open. An
/// invalid handle if it cannot be opened.
Hdf5Handle openHdf5(const std::string &name, hid_t access);

}  // namespace mdimappend
