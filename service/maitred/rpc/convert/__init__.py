"""Bytes of ``maitred.v1`` to the engine's calls, and its answers back to bytes.

Parsing stands here and not in gRPC's deserializers, whose failures reach callers as
``UNKNOWN``. Everything here is on the path of every call: no message is built as an
object where a plain dict or number does, which halves the cost of an answer.
"""
