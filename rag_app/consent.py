"""What an index would have the app send or open elsewhere, and the user's consent to that.

An index folder may be somebody else's. Its own settings, and what it remembers of its embedding
model and its vector store, count once the user has said so, for this folder and these values.
"""

from contextlib import closing
from pathlib import Path

from rag_app.index import chosen_store
from rag_app.index.catalog.catalog import Catalog, is_index
from rag_app.index.chosen_model import own_model
from rag_app.index.stores.factory import server_of
from rag_app.opening import REMEMBERED
from rag_app.providers.language_model import is_served
from rag_app.settings.provenance import untrusted
from rag_app.settings.settings_files import own_settings_file, read_settings, trust


def trust_index(index: Path) -> dict[str, str]:
    """Have all of it count; what leads elsewhere, and where to.

    Raises:
        RagError: The index cannot be read, or consent cannot be noted.
    """
    own = read_settings(own_settings_file(index))
    leading = untrusted(index)
    for name in leading:
        trust(index, name, own[name])
    for name, (value, where) in _remembered(index).items():
        trust(index, name, value)
        leading[name] = where
    return leading


def _remembered(index: Path) -> dict[str, tuple[str, str]]:
    """What the catalogue says of a provider and of a server, and where that leads."""
    if not is_index(index):
        return {}
    found: dict[str, tuple[str, str]] = {}
    with closing(Catalog(index)) as catalog:
        model, store = own_model(catalog), catalog.get("store")
    if model is not None and is_served(model.name):
        found[REMEMBERED] = (model.name, model.name.partition(":")[0])
    if store and (server := server_of(store)) is not None:
        found[chosen_store.REMEMBERED] = (store, server.url)
    return found
