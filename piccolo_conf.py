"""Where Piccolo's commands find our tables and the configured database: `piccolo shell run`, `piccolo schema graph`."""

from __future__ import annotations

import os
import sys

from piccolo.conf.apps import AppRegistry

from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    ConfigurationError,
    directory_of,
    load,
)
from aggregator.storage.piccolo_app import looked_at

_OTHERS = dict.fromkeys((PROVIDERS_FILE, SERVICES_FILE, MARKUP_FILE), "")
"""A fault in one of these keeps nobody from looking at the database."""

try:
    DB = looked_at(load(directory_of(os.environ), os.environ, instead=_OTHERS).database_url)
except ConfigurationError as error:
    sys.exit(str(error))

APP_REGISTRY = AppRegistry(apps=["aggregator.storage.piccolo_app"])
