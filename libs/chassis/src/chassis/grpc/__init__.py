"""gRPC: the server, its limits, and the transport below grpclib."""
