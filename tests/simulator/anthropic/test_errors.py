import json

from trigate.simulator.anthropic import errors


def test_bodies_carry_type_and_request_id() -> None:
    body = json.loads(errors.write_problem(errors.unknown_model("x"), "req_1"))
    assert body == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "model: x"},
        "request_id": "req_1",
    }


def test_an_error_in_a_stream_is_a_named_event() -> None:
    event = errors.write_error_event(errors.PROBLEMS["overloaded"], "req_1")
    assert event.startswith(b'event: error\ndata: {"type":"error"')
    assert event.endswith(b"}\n\n")


def test_routes_that_are_missing() -> None:
    assert errors.unknown_path().status == 404
    assert errors.wrong_method().status == 405
