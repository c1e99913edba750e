"""Rebalances builder files with OpenStack Swift's own builder. Reads from standard input a JSON list of {from, to, seed}, loads each `from`,
rebalances it, saves it as `to`, and prints a JSON list of {moved, balance, dispersion, seconds}, or {error} where Swift refuses."""
import json
import sys
import time

from swift.common.exceptions import SwiftException
from swift.common.ring import RingBuilder


def rebalanced(job):
    builder = RingBuilder.load(job['from'])
    began = time.time()
    try:
        moved, balance, _removed = builder.rebalance(seed=job['seed'])
    except SwiftException as error:
        return {'error': str(error)}
    seconds = time.time() - began
    builder.save(job['to'])
    return {'moved': moved, 'balance': balance, 'dispersion': builder.dispersion, 'seconds': seconds,
            'required': builder.get_required_overload()}


json.dump([rebalanced(job) for job in json.load(sys.stdin)], sys.stdout)
