"""Two transports for the calls of the table, which answer alike.

``loop`` answers them on the thread that polls gRPC's completion queue, in batches; it uses names of
grpcio that are not public, so ``selection`` says whether this grpcio has been tried and tests it when the
server starts. ``stock`` is gRPC's own server with threads, and stands in where it has not.
"""
