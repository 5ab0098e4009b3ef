"""Figures for operators, in Prometheus' words. Labels never hold anything about a person."""

from prometheus_client import Counter, Gauge, Histogram

appended = Counter("motcua_appended_events", "Events appended by commands", ["service"])
heard = Counter("motcua_heard_events", "Events heard", ["service", "topic"])
again = Counter("motcua_heard_again", "Batches heard again because someone wrote first", ["service", "reason"])
parked = Counter("motcua_parked_events", "Events parked because they could not be heard", ["service"])
delay = Gauge("motcua_heard_delay_seconds", "Age of the last event when it was heard", ["service", "topic"])
timer_lag = Gauge("motcua_timer_lag_seconds", "Age of the moment up to which all that fell due is settled", ["service"])
timer_ticks = Counter("motcua_timer_ticks", "Times that the timer looked for what fell due", ["service"])
timer_emitted = Counter("motcua_timer_emitted_events", "Events that time has brought", ["service", "duty"])
timer_stuck = Gauge("motcua_timer_stuck_streams", "Streams that a duty can't be done for", ["service", "duty"])
sealed = Gauge("motcua_sealed_position", "Last sealed position", ["service"])
published = Gauge("motcua_published_position", "Last position acknowledged by Kafka", ["service"])
requests = Histogram("motcua_request_seconds", "Time to answer a request", ["service", "method", "route", "status"])
