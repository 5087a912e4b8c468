"""query-api with the HTTP/2 that grpclib brings, h2's. See grpc_reads.py."""

import grpclib.server

from chassis import grpc_server
from query_api.__main__ import main

if __name__ == "__main__":
    vars(grpc_server)["GrpcTransportServer"] = grpclib.server.Server
    main()
