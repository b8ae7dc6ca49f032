"""The table of what is promised at scale, each figure beside its floor of the same run.

    python tests/benchmarks [--most ITEMS] [FOLDER]

FOLDER is where to measure, on the disk that matters.  Ten million items take 40 GB and 40 minutes.
"""

from __future__ import annotations

import argparse

import bench_crowd
import bench_postgres
import bench_scale
import postgres
from measuring import HEAD

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--most", type=int, default=1_000_000, help="items of the largest project")
parser.add_argument("folder", nargs="?", help="where to measure")
options = parser.parse_args()
print(HEAD)
bench_scale.main(tuple(n for n in (1_000, 100_000, 1_000_000, 10_000_000) if n <= options.most), options.folder)
bench_crowd.main(place=options.folder)
if postgres.programs() is not None:
    bench_postgres.main()
