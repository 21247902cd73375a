"""Events and statements of people, for results that go by them."""

from tests.behaviour.conftest import happen
from tests.rules import document

from maitred.core.privacy.purposes import Consent
from maitred.engine.calls import RecordConsentCall

__all__ = ["LAW", "happen", "state"]

LAW = document(
    "Privacy",
    "law",
    {
        "purposes": "{research: Comparing., ads: Advertising.}",
        "default": "here",
        "jurisdictions": "{here: {bases: {research: legitimate_interest, ads: consent}}}",
    },
)


def state(harness, person, purpose, what):
    """What a person states of a purpose."""
    consent = Consent(purpose, what, "app", harness.now)
    call = RecordConsentCall(harness.new_id(), person, (consent,))
    harness.engine.committer.complete(harness.engine.privacy.recording_consent(call))
