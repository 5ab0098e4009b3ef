"""Student's t: how far an interval reaches that rests on an estimated variance (Student 1908).

The distribution is the incomplete beta function's, by its continued fraction (Abramowitz and Stegun 1964, 26.7.1 and
26.5.8), the quantile by Newton's method from the normal one, which lies nearer to nought: the distribution is concave
there, so that the steps go up to it from below.
"""

from math import exp, inf, isinf, lgamma, log, log1p, pi
from statistics import NormalDist

TINY = 1e-300


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), 0 ≤ x ≤ 1, a and b above 0."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of I_x(a, b), by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    value = d
    for m in range(1, 1000):
        for part in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + part * d or TINY)
            c = 1 + part / c or TINY
            value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value


def t_below(t: float, freedom: float) -> float:
    """The probability that Student's t with so many degrees of freedom is at most t."""
    if isinf(freedom):
        return NormalDist().cdf(t)
    tail = beta_share(freedom / (freedom + t * t), freedom / 2, 0.5) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(probability: float, freedom: float) -> float:
    """The t that Student's t with so many degrees of freedom (above 0, may be infinite) is below with this probability
    (between 0 and 1)."""
    if freedom > 1e7 or freedom == inf:
        return NormalDist().inv_cdf(probability)
    if probability < 0.5:
        return -t_quantile(1 - probability, freedom)
    t = NormalDist().inv_cdf(probability)
    density = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(freedom * pi) / 2
    for _ in range(200):
        step = (probability - t_below(t, freedom)) / exp(density - (freedom + 1) / 2 * log1p(t * t / freedom))
        t += step
        if abs(step) < 1e-12 * (1 + t):
            break
    return t
