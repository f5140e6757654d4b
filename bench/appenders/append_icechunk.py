"""Appends with xarray into an Icechunk repository, one commit for each slice."""

import icechunk
from append_xarray import encodings
from common import append_all, open_slice, read_task


def main():
    task = read_task()
    storage = icechunk.local_filesystem_storage(task["target"])
    repository = icechunk.Repository.create(storage)

    def append(number, name):
        session = repository.writable_session("main")
        with open_slice(name) as dataset:
            if number:
                dataset.to_zarr(
                    session.store, append_dim=task["append_dim"], consolidated=False
                )
            else:
                dataset.to_zarr(
                    session.store,
                    encoding=encodings(task, dataset),
                    zarr_format=3,
                    consolidated=False,
                )
        session.commit(name.rsplit("/", 1)[-1])

    append_all(task, append)


main()
