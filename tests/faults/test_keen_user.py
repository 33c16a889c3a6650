"""A user of a million events gets a list like everybody else."""

import pytest

from tests.faults.callers import calling
from tests.faults.conftest import MakeLean
from tests.faults.databases import Database
from tests.faults.servers import started
from tests.shops import AS_OF

pytestmark = pytest.mark.server

N_EVENTS = 1_000_000
FIRST_US = int(AS_OF.timestamp() * 1_000_000)
NUMBERS = {
    True: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :n_events)",
    False: "WITH n AS (SELECT i FROM generate_series(1, :n_events) AS s(i))",
}
# The newest are views of the last lamps; all those before them are of the first mugs.
INSERT = """
INSERT INTO events
    (event_id, event_type, person, user_id, item_id, timestamp_us, quantity, received_us)
{numbers}
SELECT 'keen-' || i, 'view', 'user-00', 'user-00',
    CASE WHEN i > :n_events - 20 THEN 'item-1' ELSE 'item-2' END || (i % 9),
    :first_us + i, 1, :first_us + i
FROM n
"""


def make_keen(database: Database) -> None:
    statement = INSERT.format(numbers=NUMBERS[database.is_sqlite])
    with_numbers = statement
    if database.is_sqlite:
        # SQLite wants its WITH before the INSERT.
        insert, select = statement.split("WITH RECURSIVE", 1)
        numbers, select = select.split("\nSELECT", 1)
        with_numbers = f"WITH RECURSIVE{numbers}\n{insert}\nSELECT{select}"
    database.change(with_numbers, [{"n_events": N_EVENTS, "first_us": FIRST_US}])


def test_a_user_of_a_million_events_is_answered_with_the_store(
    lean: MakeLean, database: Database
) -> None:
    with started(lean(database.url)) as server:
        make_keen(database)
        with calling(server.port) as caller:
            lists = [caller.recommend(user_id="user-00", explain=True) for _ in range(3)]
            calm = caller.recommend(user_id="user-01")

        # "Degraded" would say that the store took longer than a list waits for it.
        assert not any(one.is_degraded for one in lists)
        assert len(lists[-1].items) == len(calm.items)
        reasons = {
            reason["item_id"]
            for item in lists[-1].json()["items"]
            for reason in item["reasons"]
            if reason["type"] == "viewed"
        }
        assert any(one < "item-20" for one in reasons), "the newest events count"
