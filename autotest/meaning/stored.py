"""One array of one slice, as it is stored."""

import dataclasses

import numpy as np

SIZES = {"y": 3, "x": 4, "lev": 2}


@dataclasses.dataclass
class Stored:
    """Numbers and attributes, whoever writes them."""

    dims: tuple
    values: np.ndarray
    attrs: dict = dataclasses.field(default_factory=dict)
    fill: object = None  # _FillValue
    padding: object = None  # fill_value of a Zarr V3 array, which says nothing
    anew: bool = False  # xarray is to choose the units of this time

    def short(self):
        said = dict(self.attrs)
        if self.fill is not None:
            said["_FillValue"] = self.fill
        if self.padding is not None:
            said["fill_value"] = self.padding
        said = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in said.items()}
        values = np.array2string(
            np.ravel(self.values),
            threshold=12,
            edgeitems=4,
            separator=",",
            precision=17,
        )
        return f"{self.values.dtype} {'x'.join(self.dims)} {said} {values}"
