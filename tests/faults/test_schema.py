"""Schemathesis: whatever fits the description, or does not, is answered as the description says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from benchmarks.processes import LOOPBACK
from serving.docs import describe
from serving.endpoints import ENDPOINTS
from tests.faults.conftest import Shop

pytestmark = pytest.mark.server

# What is left to BentoML is not there in a lean server.
SCHEMA = schemathesis.openapi.from_dict(describe(ENDPOINTS.values())).exclude(path="/livez")
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_what_the_description_says(case: schemathesis.Case, shop: Shop) -> None:
    case.call_and_validate(
        base_url=f"http://{LOOPBACK}:{shop.server.port}",
        headers={"authorization": f"Bearer {shop.key}"},
        checks=CHECKS,
    )
