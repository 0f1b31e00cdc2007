"""OpenAI's errors: `{"error": {"message", "type", "param", "code"}}`, worded as the API words them.

Contract: pure. Source: platform.openai.com/docs/guides/error-codes and bodies quoted in public issue threads.
Above: `openai`, `openai.request`. Below: `reply`.
"""

from typing import Final

import msgspec

from trigate.simulator.reply import Problem

_INVALID: Final = "invalid_request_error"
_KEY_HINT: Final = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API "
    "from your browser and are prompted for a username and password. You can obtain an API key from "
    "https://platform.openai.com/account/api-keys."
)
_BAD_JSON: Final = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
    "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
)
_QUOTA: Final = (
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
)
_RATE: Final = (
    "Rate limit reached for gpt-4.1 in organization org-simulator on requests per min (RPM): Limit 500, Used 500, "
    "Requested 1. Please try again in 1s. Visit https://platform.openai.com/account/rate-limits to learn more."
)
_CONTEXT: Final = (
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens. "
    "Please reduce the length of the messages."
)
_POLICY: Final = (
    "Your request was rejected as a result of our safety system. Your prompt may contain text that is not allowed by "
    "our safety system."
)
_SERVER: Final = (
    "The server had an error while processing your request. Sorry about that! You can retry your request, or contact "
    "us through our help center at help.openai.com if the error persists."
)
_GATEWAY_PAGE: Final = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)

NO_KEY: Final = Problem(status=401, type=_INVALID, message=_KEY_HINT)
BAD_JSON: Final = Problem(status=400, type=_INVALID, message=_BAD_JSON)
NO_MODEL: Final = Problem(status=400, type=_INVALID, message="you must provide a model parameter")

PROBLEMS: Final = {
    "invalid_request": Problem(status=400, type=_INVALID, message="Invalid request.", code="invalid_request"),
    "context_length_exceeded": Problem(
        status=400, type=_INVALID, message=_CONTEXT, param="messages", code="context_length_exceeded"
    ),
    "content_policy": Problem(status=400, type=_INVALID, message=_POLICY, code="content_policy_violation"),
    "authentication": Problem(
        status=401,
        type=_INVALID,
        message="Incorrect API key provided: sk-simul*****ated. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        code="invalid_api_key",
    ),
    "permission": Problem(
        status=403,
        type="request_forbidden",
        message="Country, region, or territory not supported",
        code="unsupported_country_region_territory",
    ),
    "model_not_found": Problem(
        status=404,
        type=_INVALID,
        message="The model `simulated` does not exist or you do not have access to it.",
        code="model_not_found",
    ),
    "conflict": Problem(
        status=409, type=_INVALID, message="The resource was updated by another request.", code="conflict"
    ),
    "request_too_large": Problem(
        status=413, type="server_error", message="Maximum content size limit (33554432) exceeded."
    ),
    "unprocessable": Problem(status=422, type=_INVALID, message="Unable to process the request."),
    "rate_limit": Problem(status=429, type="requests", message=_RATE, code="rate_limit_exceeded", retry_after="1"),
    "insufficient_quota": Problem(status=429, type="insufficient_quota", message=_QUOTA, code="insufficient_quota"),
    "server_error": Problem(status=500, type="server_error", message=_SERVER),
    "bad_gateway": Problem(status=502, type="server_error", message="Bad gateway.", page=_GATEWAY_PAGE),
    "unavailable": Problem(
        status=503, type="server_error", message="The engine is currently overloaded, please try again later"
    ),
    "timeout": Problem(status=504, type="server_error", message="Gateway timeout.", code="timeout"),
    "overloaded": Problem(status=529, type="server_error", message="The engine is currently overloaded."),
}


def missing(name: str) -> Problem:
    return Problem(
        status=400,
        type=_INVALID,
        message=f"Missing required parameter: '{name}'.",
        param=name,
        code="missing_required_parameter",
    )


def invalid(message: str, param: str | None, code: str | None) -> Problem:
    return Problem(status=400, type=_INVALID, message=message, param=param, code=code)


def unknown_url(method: str, path: str) -> Problem:
    return Problem(status=404, type=_INVALID, message=f"Invalid URL ({method} {path})")


def wrong_method(method: str, path: str) -> Problem:
    return Problem(
        status=405, type=_INVALID, message=f"Not allowed to {method} on {path}.", code="method_not_supported"
    )


def unknown_model(model: str) -> Problem:
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Problem(status=404, type=_INVALID, message=message, code="model_not_found")


def write_problem(problem: Problem, request_id: str) -> bytes:
    """The body; OpenAI gives the request id in a header only."""
    return msgspec.json.encode({"error": _error(problem)})


def write_error_event(problem: Problem, request_id: str) -> bytes:
    return b"data: " + msgspec.json.encode({"error": _error(problem)}) + b"\n\n"


def _error(problem: Problem) -> dict[str, str | None]:
    return {"message": problem.message, "type": problem.type, "param": problem.param, "code": problem.code}
