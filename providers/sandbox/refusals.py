"""Every refusal of the sandbox, in the words of both dialects (PROTOCOL.md, "Errors")."""

from __future__ import annotations


class Refusal(Exception):
    """The panel says no. `status` is the HTTP code of the json dialect; the classic one always answers 200."""

    def __init__(
        self, classic: str, json: str = "", *, status: int = 400, body: dict[str, object] | None = None
    ) -> None:
        super().__init__(classic)
        self.classic = classic
        self.json = json or classic
        self.status = status
        self.json_body: dict[str, object] = body or {"error": self.json}


def bad_key() -> Refusal:
    return Refusal("Invalid API key", status=401)


def bad_request() -> Refusal:
    return Refusal("Incorrect request")


def no_such_service() -> Refusal:
    message = "Service not found or unauthorized"
    body: dict[str, object] = {"success": False, "name": "SERVICE_NOT_FOUND", "message": message}
    return Refusal("Incorrect service ID", message, status=500, body=body)


def missing_service() -> Refusal:
    return Refusal("Incorrect service ID", "Missing required parameter: service")


def reference_taken() -> Refusal:
    return Refusal("This request id belongs to another order")


def missing_link() -> Refusal:
    return Refusal("Bad link", "Missing required parameter: link")


def missing(parameter: str) -> Refusal:
    return Refusal(f"Incorrect {parameter}", f"Missing required parameter: {parameter}")


def too_few(minimum: int, maximum: int) -> Refusal:
    return Refusal(f"Quantity less than minimal {minimum}", _between(minimum, maximum))


def too_many(minimum: int, maximum: int) -> Refusal:
    return Refusal(f"Quantity more than maximum {maximum}", _between(minimum, maximum))


def _between(minimum: int, maximum: int) -> str:
    return f"Quantity must be between {minimum} and {maximum}"


def no_funds() -> Refusal:
    return Refusal("Not enough funds on balance", "Insufficient balance in wallet.")


def no_such_order() -> Refusal:
    return Refusal("Incorrect order ID")


def batch_too_big() -> Refusal:
    return Refusal("Maximum 100 orders")


def cannot_cancel() -> Refusal:
    return Refusal("Cannot cancel")


def cancel_disabled() -> Refusal:
    return Refusal("Cancel is disabled for this service")


def refill_disabled() -> Refusal:
    return Refusal("Refill is disabled for this service")


def refill_running() -> Refusal:
    return Refusal("The refill task is not completed for this order")


def not_completed() -> Refusal:
    return Refusal("The order is not completed")


def too_many_requests() -> Refusal:
    return Refusal("Too many requests", status=429)


def no_such_refill() -> Refusal:
    return Refusal("Refill not found")
