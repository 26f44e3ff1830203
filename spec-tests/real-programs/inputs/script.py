# SPDX-License-Identifier: Apache-2.0
"""What CPython runs: text, numbers, hashes, classes, generators, exceptions, and files."""

import collections
import decimal
import hashlib
import itertools
import json
import os
import re
import sys

TEXT = "the shuttle passes over and under the warp, and the heddle lifts the warp " * 50


def primes():
    found = []
    for number in itertools.count(2):
        if all(number % prime for prime in itertools.takewhile(lambda p: p * p <= number, found)):
            found.append(number)
            yield number


class Account:
    def __init__(self):
        self.balance = decimal.Decimal("100.00")

    def draw(self, amount):
        if amount > self.balance:
            raise ValueError(f"only {self.balance} left")
        self.balance -= amount


def main():
    words = collections.Counter(re.findall(r"\b\w+\b", TEXT))
    print(json.dumps(dict(words.most_common()), sort_keys=True, indent=1))
    print(hashlib.sha256(TEXT.encode()).hexdigest(), hashlib.md5(TEXT.encode()).hexdigest())
    print(list(itertools.islice(primes(), 200))[-5:], 3**400 % 10**40, 2**0.5)
    account = Account()
    try:
        for amount in ("30.10", "50.55", "70.00"):
            account.draw(decimal.Decimal(amount))
    except ValueError as error:
        print("refused:", error)
    os.mkdir("/work/made")
    for number in range(5):
        with open(f"/work/made/{number}.txt", "w", encoding="utf-8") as file:
            file.write(str(number) * (number + 1) * 1000)
    os.rename("/work/made/0.txt", "/work/made/zero.txt")
    os.unlink("/work/made/1.txt")
    print(sorted((entry.name, entry.stat().st_size) for entry in os.scandir("/work/made")))
    print(sys.argv[1:], sys.version_info[:2], file=sys.stderr)
    sys.exit(7)


main()
