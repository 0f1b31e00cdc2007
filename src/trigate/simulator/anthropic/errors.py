"""Anthropic's errors: `{"type": "error", "error": {"type", "message"}, "request_id"}`, worded as the API words them.

Contract: pure. Source: platform.claude.com/docs/en/api/errors and bodies quoted in public issue threads.
Above: `anthropic`, `anthropic.request`. Below: `reply`.
"""

from typing import Final

import msgspec

from trigate.simulator.reply import Problem

_INVALID: Final = "invalid_request_error"
_RATE: Final = (
    "This request would exceed the rate limit for your organization (00000000-0000-4000-8000-000000000000) of 50 "
    "requests per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits. You can see the response "
    "headers for current usage. Please reduce the prompt length or the maximum tokens requested, or try again later. "
    "You may also contact sales at https://www.anthropic.com/contact-sales to discuss your options for a "
    "rate limit increase."
)
_BILLING: Final = (
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase "
    "credits."
)
_GATEWAY_PAGE: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)

NO_KEY: Final = Problem(status=401, type="authentication_error", message="x-api-key header is required")
NO_VERSION: Final = Problem(status=400, type=_INVALID, message="anthropic-version: header is required")

PROBLEMS: Final = {
    "invalid_request": Problem(status=400, type=_INVALID, message="Invalid request."),
    "context_length_exceeded": Problem(
        status=400, type=_INVALID, message="prompt is too long: 200001 tokens > 200000 maximum"
    ),
    "content_policy": Problem(status=400, type=_INVALID, message="Output blocked by content filtering policy"),
    "authentication": Problem(status=401, type="authentication_error", message="invalid x-api-key"),
    "insufficient_quota": Problem(status=402, type="billing_error", message=_BILLING),
    "permission": Problem(
        status=403,
        type="permission_error",
        message="Your API key does not have permission to use the specified resource.",
    ),
    "model_not_found": Problem(status=404, type="not_found_error", message="model: simulated"),
    "conflict": Problem(status=409, type=_INVALID, message="The resource was updated by another request."),
    "request_too_large": Problem(status=413, type="request_too_large", message="Request exceeds the maximum size"),
    "unprocessable": Problem(status=422, type=_INVALID, message="Unable to process the request."),
    "rate_limit": Problem(status=429, type="rate_limit_error", message=_RATE, retry_after="1"),
    "server_error": Problem(status=500, type="api_error", message="Internal server error"),
    "bad_gateway": Problem(status=502, type="api_error", message="Bad gateway", page=_GATEWAY_PAGE),
    "unavailable": Problem(status=503, type="api_error", message="Service unavailable"),
    "timeout": Problem(status=504, type="timeout_error", message="Request timed out"),
    "overloaded": Problem(status=529, type="overloaded_error", message="Overloaded"),
}


def invalid(message: str) -> Problem:
    return Problem(status=400, type=_INVALID, message=message)


def unknown_path() -> Problem:
    return Problem(status=404, type="not_found_error", message="Not Found")


def wrong_method() -> Problem:
    return Problem(status=405, type=_INVALID, message="Method Not Allowed")


def unknown_model(model: str) -> Problem:
    return Problem(status=404, type="not_found_error", message=f"model: {model}")


def write_problem(problem: Problem, request_id: str) -> bytes:
    error = {"type": problem.type, "message": problem.message}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": request_id})


def write_error_event(problem: Problem, request_id: str) -> bytes:
    return b"event: error\ndata: " + write_problem(problem, request_id) + b"\n\n"
