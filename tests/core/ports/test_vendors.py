"""The seams: what is more than a protocol."""

import msgspec

from trigate.core import ports
from trigate.core.errors import ErrorClass


def test_the_verdicts_of_a_meter_differ() -> None:
    assert len({ports.SILENT, ports.CONTENT, ports.ENDED, ports.FAILED, ports.HIDDEN}) == 5


def test_a_vendors_error_is_a_value() -> None:
    error = ports.VendorError(ErrorClass.QUOTA, "m")
    assert error == msgspec.structs.replace(error)
    assert error.code == ""
