"""System checks: each finding has an id and a hint that is the cure."""

from xsearch.checks.databases import check_database as check_database
from xsearch.checks.databases import check_layout as check_layout
from xsearch.checks.indexes import check_indexes as check_indexes
from xsearch.checks.installation import check_api as check_api
from xsearch.checks.installation import check_installation as check_installation
from xsearch.checks.models import check_models as check_models
from xsearch.checks.models import check_shared_objects as check_shared_objects
from xsearch.checks.settings import check_settings as check_settings
from xsearch.checks.tasks import check_stored_schedule as check_stored_schedule
from xsearch.checks.tasks import check_tasks as check_tasks
