"""How good fraud probabilities are, by the measures of the Fraud Detection Handbook, chapter 4."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

# Cards that an investigation team can check in a day.
CARDS_A_DAY = 100


class Evaluation(NamedTuple):
    """The measures, as text with the digits that mean something."""

    area_under_roc: str
    average_precision: str
    card_precision: str
    cards_a_day: int
    caught: str
    missed: str
    false_alarms: str
    passed: str
    recall: str
    precision: str


def evaluate(transactions: Iterable[tuple], threshold: float) -> Evaluation:
    """Judges transactions of `(tx_fraud, fraud_probability, date, customer_id)`."""
    labels, probabilities, dates, customers = zip(*transactions)
    fraud = np.array(labels) == 1
    probability = np.array(probabilities)
    # As Spark predicts: the first class wins a tie.
    alarm = probability > threshold
    caught, missed = int(np.sum(alarm & fraud)), int(np.sum(~alarm & fraud))
    false_alarms, passed = int(np.sum(alarm & ~fraud)), int(np.sum(~alarm & ~fraud))
    true_positives, false_positives = cumulative_positives(fraud, probability)
    return Evaluation(
        area_under_roc=f"{area_under_roc(true_positives, false_positives):.3f}",
        average_precision=f"{average_precision(true_positives, false_positives):.3f}",
        card_precision=f"{card_precision(fraud, probability, dates, customers):.3f}",
        cards_a_day=CARDS_A_DAY,
        caught=f"{caught:,}",
        missed=f"{missed:,}",
        false_alarms=f"{false_alarms:,}",
        passed=f"{passed:,}",
        recall=f"{caught / (caught + missed):.1%}",
        precision=f"{caught / max(caught + false_alarms, 1):.1%}",
    )


def cumulative_positives(fraud: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each distinct probability as the threshold, from the highest down."""
    order = np.argsort(-probability, kind="stable")
    last_of_equals = np.append(np.diff(probability[order]) != 0, True)
    true_positives = np.cumsum(fraud[order])[last_of_equals]
    false_positives = np.cumsum(~fraud[order])[last_of_equals]
    return true_positives, false_positives


def area_under_roc(true_positives: np.ndarray, false_positives: np.ndarray) -> float:
    true_rate = np.append(0, true_positives) / true_positives[-1]
    false_rate = np.append(0, false_positives) / false_positives[-1]
    return float(np.sum(np.diff(false_rate) * (true_rate[1:] + true_rate[:-1]) / 2))


def average_precision(true_positives: np.ndarray, false_positives: np.ndarray) -> float:
    """Precision averaged over the recall, as a sum of steps and not by trapezoids, which flatter."""
    precision = true_positives / (true_positives + false_positives)
    recall = true_positives / true_positives[-1]
    return float(np.sum(np.diff(recall, prepend=0) * precision))


def card_precision(fraud: np.ndarray, probability: np.ndarray, dates: tuple, customers: tuple) -> float:
    """The share of defrauded cards among the most suspicious of each day, averaged over the days."""
    highest: dict = defaultdict(dict)
    defrauded = set()
    for is_fraud, value, date, customer in zip(fraud, probability, dates, customers):
        highest[date][customer] = max(value, highest[date].get(customer, 0.0))
        if is_fraud:
            defrauded.add((date, customer))
    shares = []
    for date, cards in highest.items():
        suspicious = sorted(cards, key=lambda card: (-cards[card], card))[:CARDS_A_DAY]
        shares.append(sum((date, card) in defrauded for card in suspicious) / CARDS_A_DAY)
    return float(np.mean(shares))
