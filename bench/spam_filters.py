"""Which tells advertising, fraud and abuse from chat better: the trained classifier, or a scored set of rules?

    python -m bench.spam_filters            # trains on one part of the sample, judges both on the other
    python -m bench.spam_filters --write    # the same, and writes chat/core/spam_weights.json

The sample (bench/data/chat_lines.tsv) is ours, made up, and under the licence of the rest. No wording, name, game or
address of its test part occurs in its training part, so what is measured is not memory. It is small and made up all
the same: it compares the two ways, and says little about any one room.
"""

import argparse
import csv
import json
import math
import random
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chat.core import spam
from chat.core.text import has_link
from chat.limits import HELD_FROM

SAMPLE = Path(__file__).with_name("data") / "chat_lines.tsv"
WEIGHTS = Path(spam.__file__).with_name("spam_weights.json")
EPOCHS = 60
RATE = 0.1
DECAY = 2e-3
SEED = 1
FALSE_ALARMS = 0.01  # of ordinary messages: what moderators bear

Score = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Line:
    split: str
    label: str
    kind: str
    text: str

    @property
    def is_spam(self) -> bool:
        return self.label == "spam"


def read_sample() -> list[Line]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return [Line(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def train(lines: Sequence[Line]) -> tuple[float, dict[int, float]]:
    """Bias and weights, by stochastic gradient descent with decay."""
    chance = random.Random(SEED)
    examples = [(spam.features_of(line.text), float(line.is_spam)) for line in lines]
    bias, weights = 0.0, defaultdict[int, float](float)
    for epoch in range(EPOCHS):
        chance.shuffle(examples)
        rate = RATE / (1 + epoch / 10)
        for features, wanted in examples:
            said = 1 / (1 + math.exp(-max(-30.0, min(30.0, bias + sum(weights[one] for one in features)))))
            step = rate * (wanted - said)
            bias += step
            for one in features:
                weights[one] += step - rate * DECAY * weights[one]
    return bias, {feature: round(weight, 3) for feature, weight in sorted(weights.items()) if abs(weight) >= 0.01}


# --- the rival: rules and points, as one writes them by hand


def _names(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda text: compiled.search(text) is not None


RULES: tuple[tuple[float, Callable[[str], bool]], ...] = (
    (2.0, has_link),
    (2.0, _names(r"\b[\w-]+ \.\w+|remove (?:the )?space")),
    (2.0, _names(r"follower|viewer|primes|famous|promot|seguidor|abonn|zuschauer|зрител|подпис")),
    (2.0, _names(r"bitcoin|\bbtc\b|\beth\b|airdrop|wallet|forex|nft|invest|trading")),
    (2.0, _names(r"gift ?card|free (?:steam|nitro|skins|nft)|claim|verify|giveaway|you won")),
    (2.0, _names(r"telegram|whatsapp|on discord|my portfolio|contact me")),
    (2.0, _names(r"\b18\+|hot girls|private photos|lonely")),
    (4.0, _names(r"kill yourself|\bdie\b|worthless|cancer|hang yourself")),
    (1.5, _names(r"\b(?:buy|cheap|boost|best|купить|barat|billig|pas cher)")),
    (1.0, lambda text: sum(c.isupper() for c in text) > 0.7 * max(12, sum(c.isalpha() for c in text))),
    (3.0, lambda text: len(text.split()) > 5 and len(set(text.split())) < 0.5 * len(text.split())),
    (3.0, lambda text: len(text) > 20 and len(set(text)) < 4),
    (2.0, lambda text: text.count("@") > 4),
    (3.0, _names(r"[a-z][а-я]|[а-я][a-z]")),
)


def rules_score(text: str) -> float:
    return sum(points for points, matches in RULES if matches(text))


# --- judging


def area(score: Score, lines: Sequence[Line]) -> float:
    """How often spam scores above an ordinary message, ties half."""
    bad = [score(line.text) for line in lines if line.is_spam]
    good = [score(line.text) for line in lines if not line.is_spam]
    wins = sum((one > other) + 0.5 * (one == other) for one in bad for other in good)
    return wins / (len(bad) * len(good))


def found(score: Score, lines: Sequence[Line], threshold: float, kind: str | None = None) -> float:
    """The share of these lines that reach the threshold."""
    chosen = [line for line in lines if kind in {None, line.kind}]
    return sum(score(line.text) >= threshold for line in chosen) / len(chosen)


def threshold_for(score: Score, ordinary: Sequence[Line]) -> float:
    """The lowest that at most FALSE_ALARMS of ordinary messages reach."""
    scores = sorted((score(line.text) for line in ordinary), reverse=True)
    return scores[int(FALSE_ALARMS * len(scores))] + 1e-9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {WEIGHTS.name}")
    write = parser.parse_args().write
    lines = read_sample()
    training, test = ([line for line in lines if line.split == split] for split in ("train", "test"))
    bias, weights = train(training)
    if write:
        WEIGHTS.write_text(json.dumps({"bias": round(bias, 3), "weights": weights}, separators=(",", ":")) + "\n")

    def trained(text: str) -> float:
        total = bias + sum(weights.get(one, 0.0) for one in spam.features_of(text))
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))

    report({"classifier": trained, "rules": rules_score}, training, test)
    bad, good = ([line for line in test if line.is_spam is wanted] for wanted in (True, False))
    for level, least in HELD_FROM.items():
        shares = f"{found(trained, bad, least):.1%} of spam, {found(trained, good, least):.1%} of chat"
        print(f"level {level} (score {least}): {shares}")
    longest = "buy followers http://a.example " * 16
    started = time.perf_counter()
    for _ in range(200):
        trained(longest)
    print(f"{(time.perf_counter() - started) / 200 * 1e6:.0f} µs for the longest message; {len(weights)} weights")


def report(ways: dict[str, Score], training: Sequence[Line], test: Sequence[Line]) -> None:
    bad, good = ([line for line in test if line.is_spam is wanted] for wanted in (True, False))
    print(f"{len(training)} lines to learn from; {len(bad)} of spam and {len(good)} of chat to judge by")
    at: dict[str, float] = {}
    for name, score in ways.items():
        at[name] = threshold_for(score, good)
        share = found(score, bad, at[name])
        print(f"{name:>10}: area {area(score, test):.3f}; at {FALSE_ALARMS:.0%} false alarms finds {share:.1%}")
    for kind in sorted({line.kind for line in bad}):
        shares = ", ".join(f"{name} {found(score, bad, at[name], kind):.0%}" for name, score in ways.items())
        print(f"{kind:>10}: {shares}")
    ratio = found(ways["classifier"], bad, at["classifier"]) / max(0.001, found(ways["rules"], bad, at["rules"]))
    print(f"ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
