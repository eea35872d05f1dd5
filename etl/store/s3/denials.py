"""Say why AWS denied a request: which permission is missing, and in which policy."""

import re

TEXT_CHARS = 500
SAYS = "AWS says "
# AWS's messages: "... is not authorized to perform: kms:Decrypt on resource: arn:... because no
# identity-based policy allows the kms:Decrypt action"; "... with an explicit deny in a ... policy".
_ACTION = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z*]+)")
_RESOURCE = re.compile(r"on resource: \"?(arn:[^\s\"]+)")
_POLICY = re.compile(r"(?:in an?|because no) ([A-Za-z -]*?(?:policy|permissions boundary))\b")
_BILLING = re.compile(
    r"billing|suspended|payment|problem with your (aws )?account|AccountProblem|AllAccessDisabled"
    r"|OptInRequired|SubscriptionRequired",
    re.IGNORECASE,
)
PLAIN_CODES = {"", "403", "Forbidden", "AccessDenied", "AuthorizationError"}
SETTLE = "there is a problem with the account or its billing; check AWS's billing console"
ORGANIZATION = "ask whoever manages the AWS organization to change it"
CHANGED_BY = {
    "service control policy": ORGANIZATION,
    "resource control policy": ORGANIZATION,
    "permissions boundary": "ask whoever set the boundary of this user or role to change it",
    "session policy": "change the policy that the session was started with",
    "VPC endpoint policy": "change the policy of the VPC endpoint",
    "resource-based policy": "change the policy of the bucket, topic or key itself",
    "identity-based policy": "change the policy of the user or role",
}


def is_billing(code: str, text: str) -> bool:
    """Return whether the account itself is refused, so that no permission would help."""
    return not _ACTION.search(text) and bool(_BILLING.search(f"{code} {text}"))


def reason(code: str, text: str, action: str) -> str:
    """Return what AWS says about a denial, if it says more than that `action` is not allowed.

    Empty if it does not, else one clause: the other permission that is missing, the policy that
    has to change, or AWS's code and message alone.
    """
    named, policy = _ACTION.search(text), _POLICY.search(text)
    denies = "explicit deny" in text
    if is_billing(code, text):
        advice = SETTLE
    elif policy and (denies or policy[1] != "identity-based policy"):
        advice = f"{_blames(policy[1], denies)}: {CHANGED_BY.get(policy[1], 'change that policy')}"
    elif denies:
        advice = "a policy denies it explicitly: change that policy"
    elif named and named[1] not in action.split():
        on = _RESOURCE.search(text)
        advice = f"what is missing is {named[1]}" + (f" on {on[1]}" if on else "")
    elif code.removesuffix("Exception") not in PLAIN_CODES:
        advice = ""
    else:
        return ""
    return "; ".join(filter(None, (advice, f"{SAYS}{code}: {text[:TEXT_CHARS]}")))


def says_more(why: str) -> bool:
    """Return whether a reason has advice of its own, so that to allow the action does not help."""
    return bool(why) and not why.startswith(SAYS)


def _blames(policy: str, denies: bool) -> str:
    article = "an" if policy[0] in "aeio" else "a"
    return f"{article} {policy} denies it" if denies else f"no {policy} allows it"
