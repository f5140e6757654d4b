# What Debian's packages the environment of `dev` has. `run` is enough to build, to
# run and for the demo; each of the others is added when a command first needs it.

run_packages=(
    g++ cmake ninja-build make ccache mold pkg-config
    libgdal-dev gdal-bin gdal-plugins libproj-dev libhdf5-dev
    nlohmann-json3-dev libyaml-cpp-dev libudunits2-dev libssl-dev libxxhash-dev
    python3-gdal python3-numpy python3-xarray python3-zarr python3-dask
    python3-netcdf4
    ferret-datasets ca-certificates bash-completion procps
)
# Of the demonstration, when all of it has been seen.
picture_packages=(python3-matplotlib)
test_packages=(
    libgtest-dev libgmock-dev
    python3-h5netcdf python3-cftime python3-scipy
    python3-pytest python3-pytest-xdist python3-pytest-timeout
    python3-moto python3-flask-cors nodejs
    python3-distributed python3-tqdm python3-pip python3-setuptools mypy
    cdo strace mount gdb-minimal git
)
lint_packages=(
    clang clang-tidy clang-format libclang-rt-dev ruff mypy git
    libgtest-dev libgmock-dev
)
bench_packages=(libbenchmark-dev valgrind strace python3-scipy python3-matplotlib git)
coverage_packages=(gcovr)
# How xarray reads what is in S3.
stores_packages=(python3-s3fs)
