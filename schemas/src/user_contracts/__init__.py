"""The contracts of users, generated from schemas/; see schemas/README.md."""

from contracts.package import ContractPackage

_PACKAGE = ContractPackage(__name__, "user", "users")

avro_schema = _PACKAGE.avro_schema
opensearch_index = _PACKAGE.opensearch_index
descriptors = _PACKAGE.descriptors
openapi = _PACKAGE.openapi
