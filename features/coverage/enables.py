"""The map: which feature, segment or rule each attribute of the shop's data enables.

A use that names a module works today; the others are designed and not built yet. When one is
built, it gets its module here and the data map tells every shop.
"""

from typing import Final

from features.coverage.attribute import Attribute, Reach, Use
from features.events import EventType

_SITE: Final = tuple(one for one in EventType if one is not EventType.RETURN)
"""What happens on the shop's pages; a return comes by post."""

EVENTS: Final = (
    Attribute("event_id", (Use("an event told twice counts once", "features.event_log.batches"),)),
    Attribute("event_type", (Use("what each event counts", "features.weights"),)),
    Attribute(
        "user_id",
        (
            Use("a history and a list of one's own", "features.snapshot"),
            Use("email picks", "serving.audience"),
        ),
        every=False,
    ),
    Attribute(
        "anonymous_id",
        (
            Use("lists for visitors without an account", "features.snapshot_tables"),
            Use("what a visitor did counts for the account they log in to later"),
        ),
        Reach.ANYBODY,
        "a visitor's cookie id, or a guest's hashed address, where nobody is logged in",
        every=False,
    ),
    Attribute("item_id", (Use("everything", "features.snapshot"),)),
    Attribute(
        "timestamp",
        (
            Use("what is recent counts more", "features.snapshot"),
            Use("what is trending", "features.snapshot"),
            Use("due repurchases", "features.purchase_days"),
            Use("the season, the time of day"),
        ),
    ),
    Attribute(
        "quantity",
        (
            Use("a return takes back as many as it says", "features.returns"),
            Use("spend (RFM)", "features.segments.spend"),
        ),
        of_types=(EventType.PURCHASE, EventType.RETURN),
    ),
    Attribute(
        "price",
        (
            Use("spend (RFM segments)", "features.segments.spend"),
            Use("what items cost when they were bought, for the ranker", "features.snapshot"),
            Use("the revenue that lists bring"),
        ),
        Reach.BESIDE,
        "what one unit cost, on each purchase",
        of_types=(EventType.PURCHASE,),
    ),
    Attribute(
        "order_id",
        (
            Use("two equal lines of two orders stay two", "features.events"),
            Use("baskets told apart; till then all that one person buys on one day is one basket"),
        ),
        Reach.CONTENT,
        "the order's number on each purchase",
        of_types=(EventType.PURCHASE,),
        groups=True,
    ),
    Attribute(
        "session_id",
        (
            Use("two equal views in two visits stay two", "features.events"),
            Use("what is looked at in one visit; till then there are no visits, only days"),
        ),
        Reach.CONTENT,
        "the visit's id on each event from the pages",
        of_types=_SITE,
        groups=True,
    ),
    Attribute(
        "country",
        (
            Use("what is trending in each country", "features.demand"),
            Use("where people live whose row in the user table does not say", "features.snapshot"),
            Use("the season, by hemisphere"),
        ),
        Reach.CONTENT,
        "where the parcel goes, or the visitor's country",
        groups=True,
    ),
    Attribute(
        "device",
        (Use("lists that fit a phone or a desk"),),
        Reach.BESIDE,
        "mobile, tablet or desktop",
        of_types=_SITE,
        groups=True,
    ),
    Attribute(
        "recommendation_id",
        (Use("which clicks and orders came from which list; experiments"),),
        Reach.CONTENT,
        "send back the recommendation_id of the list that a click or order came from",
        of_types=_SITE,
        every=False,
    ),
)
"""`features.events.EVENT_SCHEMA`."""

ITEMS: Final = (
    Attribute(
        "item_id",
        (
            Use("a title and properties in every answer", "features.catalog"),
            Use("items that nobody has bought yet", "features.snapshot"),
        ),
        Reach.ANYBODY,
        "a catalogue, by vitrine ingest --items FILE; its columns are below",
    ),
    Attribute(
        "title",
        (
            Use("what pages, emails and reasons call an item", "serving.pick_tables"),
            Use("what is alike by its words, bought by anybody or not", "features.content"),
        ),
        Reach.CONTENT,
        "the product's name",
    ),
    Attribute(
        "category",
        (
            Use("similar items for what has hardly sold", "features.similar"),
            Use("side features of new items (lightfm)", "features.content"),
            Use("trending by category, in a person's own categories", "features.category_trends"),
            Use("caps by category: not ten of one kind"),
            Use("alternatives told from complements", "features.content"),
            Use("names of taste segments", "features.segments.names"),
        ),
        Reach.ANYBODY,
        'a path such as "Home > Lamps"; the shop\'s menu is good enough',
        groups=True,
    ),
    Attribute(
        "brand",
        (
            Use("side features of new items (lightfm)", "features.content"),
            Use("caps by brand"),
            Use("tastes for brands"),
        ),
        Reach.BESIDE,
        "the maker's name",
        groups=True,
    ),
    Attribute(
        "price",
        (
            Use("prices in answers and emails", "serving.pick_tables"),
            Use("price bands of new items (lightfm)", "features.content"),
            Use("how near lists are to what people usually pay", "training.evaluate"),
            Use("ranking by what the person usually pays", "features.snapshot"),
        ),
        Reach.CONTENT,
        "today's price",
    ),
    Attribute("available", (Use("sold-out items are in no list", "features.catalog"),)),
    Attribute("hidden", (Use("hidden items are in no list", "features.catalog"),)),
    Attribute(
        "released_at",
        (
            Use("nothing is listed before its day", "features.snapshot"),
            Use("new arrivals", "features.arrivals"),
        ),
        Reach.CONTENT,
        "when the item went on sale",
    ),
    Attribute(
        "url",
        (Use("links in answers", "features.catalog"),),
        Reach.BESIDE,
        "the product page's address",
    ),
    Attribute(
        "image_url",
        (Use("pictures in answers", "features.catalog"),),
        Reach.BESIDE,
        "the picture's address",
    ),
)
"""`features.catalog.ITEM_SCHEMA`."""

USERS: Final = (
    Attribute(
        "user_id",
        (Use("country and consent of each person", "features.snapshot"),),
        Reach.ANYBODY,
        "a user table, by vitrine ingest --users FILE; its columns are below",
    ),
    Attribute(
        "country",
        (
            Use("whose country's trend a person gets", "features.snapshot"),
            Use("results by country in the reports", "features.segments"),
            Use("side features of new people (lightfm)", "features.content"),
            Use("the season, by hemisphere"),
        ),
        Reach.BESIDE,
        "the country of the address",
        groups=True,
    ),
    Attribute(
        "timezone",
        (Use("the person's time of day; without it there is no daypart"),),
        Reach.BESIDE,
        "such as Europe/London; it is unambiguous for most countries",
        groups=True,
    ),
    Attribute(
        "consent",
        (
            Use(
                "placements that ask for consent; without it nobody gets email",
                "serving.placements",
            ),
        ),
        Reach.ANYBODY,
        "the purposes a person agreed to, such as email; never state it for them",
    ),
    Attribute(
        "created_at",
        (Use("lifecycle: who is new, who never came back"),),
        Reach.BESIDE,
        "when the account was opened",
    ),
)
"""`features.catalog.USER_SCHEMA`."""
