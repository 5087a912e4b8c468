"""Conformance suites that every adapter must pass.

A test module imports one whole suite and has a fixture `subject`, the adapter under test:

    from projections.conformance import redis as on_redis
    from projections.conformance.views import *

    @pytest.fixture
    def subject(redis: AnyRedis) -> ViewsUnderTest[RedisChange]:
        return on_redis.views(redis, layout)

`redis`, `opensearch` and `memory` make the subjects of the adapters that are here; for the
dead-letter queue of Kafka a test makes a topic of its own.
"""
