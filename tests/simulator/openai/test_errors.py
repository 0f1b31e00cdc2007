import json

from trigate.simulator.openai import errors


def test_bodies_have_the_four_fields() -> None:
    body = json.loads(errors.write_problem(errors.missing("messages"), "req_1"))
    assert body == {
        "error": {
            "message": "Missing required parameter: 'messages'.",
            "type": "invalid_request_error",
            "param": "messages",
            "code": "missing_required_parameter",
        }
    }


def test_an_error_in_a_stream_is_a_data_event() -> None:
    event = errors.write_error_event(errors.unknown_model("x"), "req_1")
    assert event.startswith(b'data: {"error":')
    assert event.endswith(b"}\n\n")
    assert b"event:" not in event


def test_routes_that_are_missing() -> None:
    assert errors.unknown_url("GET", "/v1/x").message == "Invalid URL (GET /v1/x)"
    assert errors.wrong_method("GET", "/v1/chat/completions").status == 405
