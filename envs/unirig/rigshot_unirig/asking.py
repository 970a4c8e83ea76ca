"""A request's parameters, checked."""

from rigshot_env import BadInput, Job

__all__ = ["plan_of", "whole"]

_PLANS = ("quadruped", "biped", "bird", "fish", "snake", "object")


def whole(job: Job, name: str, default: int, low: int, high: int) -> int:
    """The whole number ``name``, or ``default``. Raises BadInput outside ``low``..``high``."""
    value = job.parameters.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadInput(f"{name} must be a whole number from {low} to {high}")
    return value


def plan_of(job: Job) -> str | None:
    """The subject's body plan, or None where the request has none. Raises BadInput for an unknown one."""
    plan = job.parameters.get("plan")
    if plan is not None and plan not in _PLANS:
        raise BadInput(f"there is no plan {plan!r}, only {', '.join(_PLANS)}")
    return plan
