"""Records are small, and readable for as long as the dictionary that they name is kept."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from maitred.engine.deciding.codec import Packing, dictionary_named_by

DICTIONARY = b'{"format":2,"request_id":"","facts":{"customer.tier":"","basket.value":0}}'
BODY = DICTIONARY.replace(b'""', b'"gold"')


@given(st.binary(), st.binary(max_size=5_000))
def test_what_is_packed_comes_back(body, dictionary):
    packing = Packing(dictionary)
    packed = packing.pack(body)
    assert packing.unpack(packed) == body
    assert dictionary_named_by(packed) == packing.id
    assert packing.pack(body) == packed


def test_a_deflated_record_of_before_is_readable():
    stream = zlib.compressobj(1, zlib.DEFLATED, -12, 5, zlib.Z_DEFAULT_STRATEGY, DICTIONARY)
    packing = Packing(DICTIONARY)
    packed = b"\1" + packing.id + stream.compress(BODY) + stream.flush()
    assert dictionary_named_by(packed) == packing.id
    assert packing.unpack(packed) == BODY


def test_a_plain_body_names_no_dictionary():
    assert dictionary_named_by(BODY) is None


def test_a_body_that_is_like_the_dictionary_is_small():
    assert len(Packing(DICTIONARY).pack(BODY)) < len(BODY) / 2
