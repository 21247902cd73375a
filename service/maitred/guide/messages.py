"""Every text of the screen that does not come from the rules or from the server."""

TITLE = "maitred guide"
KEYS = """\
Type who is calling, and press Enter.
At the prompt, type what happens:

 flight.state=cancelled
   is known now: an attribute
 flight.state=
   is not known any more
 visit page=cars clicks=3
   the customer did: an event

F2 presented  F3 rejected  F4 claim
F5 why the others were refused
F6 ask again  Tab next field
In the list p, r, c, w, g do the same."""
NOBODY = "Type a customer and press Enter."
NOTHING = "There is nothing to propose now. F5 shows why."
NO_REFUSALS = "Nothing was refused."
NO_PROPOSAL = "Choose a proposal first."
ASKING = "asking ..."
PRESENTED, REJECTED = "presented", "rejected"
RECORDED = "event recorded"
OPEN_QUOTE = "a quote is not closed: type its end, or none"
NOTHING_TYPED = "type an event, as in `visit page=cars`, or an attribute, as in `customer.tier=gold`"
PROMPT = "event or attribute"
CUSTOMER, SESSION = "customer", "session"


def no_attribute(name: str) -> str:
    """Attributes have their root in front."""
    return f"`{name}` is no attribute: write `customer.{name}=...`; an event starts with its kind"


def not_a_pair(word: str) -> str:
    """What follows the kind of an event."""
    return f"`{word}` must be NAME=VALUE"


def not_recorded(detail: str) -> str:
    """The server did not take an event or an outcome up."""
    return f"not recorded: {detail}"


def claimed(action: str, claim_id: str) -> str:
    """A unit is held."""
    return f"claimed {action}: {claim_id}"


def denied(reason: str, detail: str, alternatives: str) -> str:
    """There is none to be had."""
    instead = f"; instead: {alternatives}" if alternatives else ""
    return f"not claimed, {reason}: {detail}{instead}"


def refused(code: str, message: str) -> str:
    """The server answered with an error."""
    return f"{code}: {message}"


def not_reached(target: str) -> str:
    """No server there, or none yet."""
    return f"no server answers at {target}: start one with `maitred serve`, then press F6"


def cannot_do(problem: str) -> str:
    """A fault of this program."""
    return f"something went wrong here: {problem}"


def steps(number: int) -> str:
    """How far the session is."""
    return f"{number} {'decision' if number == 1 else 'decisions'} in this session"


def held_until(moment: str) -> str:
    """A claim's end."""
    return f"until {moment}"
