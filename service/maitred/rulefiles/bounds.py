"""Every bound on rule files. What a person writes is far below; what breaks a loader is far above."""

YAML_FILE_BYTES = 1 << 20
"""Some 2,500 actions; libyaml's look-ahead and the regular expressions stay in milliseconds."""

TABLE_FILE_BYTES = 64 << 20
"""100,000 rows with some products each, or 1,000 rows with 14,000 products each, fit several times."""

TABLE_ROWS = 250_000
"""As many as there may be actions; the largest chains have a tenth of that in locations. What has more is not
read: a million rows take the interpreter for seconds before it is known that they are too many."""

RULESET_BYTES = 256 << 20
"""All files together: they are held in memory and kept in the store."""

RULESET_FILES = 10_000
"""100,000 actions with ten in a file."""

DIRECTORY_ENTRIES = 100_000
"""A directory with more is not a ruleset but, say, a home directory named by mistake."""

PATH_CHARACTERS = 512
"""A relative path; longer ones do not survive archives and other file systems."""

NESTING_LEVELS = 32
"""The deepest form of any kind has six; a recursive reader ends near 1,000."""

FAULTS = 1_000
"""Reported at once; a table of 100,000 bad rows is told by its first ones."""

FAULTS_KEPT = 2_000
"""Before sorting. Nothing more is read then: looking for what was meant takes 100 us a fault."""

DEFAULT_LENGTH, DEFAULT_ITEMS = 500, 165
"""Characters of a text and items of a list in a request, where rules say nothing else: the largest of
155,848 grocery baskets has 161 products, and a condition over all items stays below the next bounds."""
DEFAULT_OBJECTS, DEFAULT_NESTED_ITEMS = 100, 20
"""Objects of a list, and items of a list inside an object, likewise: each object is handed over whole."""

MAX_LENGTH, MAX_ITEMS = 100_000, 100_000
"""What rules may say: more does not fit into a request."""

RULE_COST_US, DECISION_COST_US = 1_000, 5_000
"""A decision takes some 100 us: what one rule may add to it for everybody, and what all may."""

MAX_COST_US = 1_000_000
"""A second: what the bounds on cost can be raised to."""

NAME_CHARACTERS = 128
"""Names are primary keys, metric attributes and span attributes."""

GROUP_ACTIONS = 100
"""An answer holds no more proposals."""
TEXT_CHARACTERS = 2_000
"""A sentence for an associate or a screen, not a document."""

EXPRESSION_CHARACTERS = 10_000
"""CEL's own limit on an expression is larger; no reviewer's is."""

CELL_CHARACTERS = 4 << 20
"""A cell of a table: 14,000 product ids take 200,000."""

LOCATION_ID_CHARACTERS = 128
"""What a caller may send as ``location_id``."""

ACTIONS = 250_000
"""The index is budgeted for 100,000."""

LIMITS = 1_000
"""Of both kinds: each is held against every other one to find those that make no difference."""

EXPERIMENTS, ARMS = 100, 20
"""Holdouts and experiments, of which each takes every decision a microsecond; arms of one of them."""

ARM_WEIGHT = 1_000_000
"""Weights are shares: more digits than a share has customers mean nothing."""

LEARNERS = 100
"""Each action that is ranked by one takes every decision some five microseconds."""
PRIOR_WEIGHT = 1_000_000
"""What weighs more than so many customers is not learned from any more."""

UNITS = 1_000_000_000_000
"""More than a hundred for every person alive; with overbooking it still fits 64 bits."""

DURATION_DAYS = 3_660
"""Ten years: longer than any campaign, and than units of a rolling window are worth keeping."""

OVERBOOK_PERCENT = 100
"""Twice of everything; who wants more means another limit."""

EXCERPT_CHARACTERS = 400
"""Of an offending line: a row of a table can be 200,000 characters long."""

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)
"""CEL's int."""
