"""Puts orders into the inbox by a schedule, as the retailer does: one S3 object an order."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from proving.stress.schedule import GeneratedOrder, GeneratedOrders, Schedule, Wave

_THREADS = 8
_CHUNK = 200


class OrderPutter:
    """A thread that puts orders. `put_at` maps each number to the start of its put, in seconds since 1970."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        orders: GeneratedOrders,
        schedule: Schedule,
        late_ones_may_come: Callable[[], bool],
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._orders = orders
        self._schedule = schedule
        self._late_ones_may_come = late_ones_may_come
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="putter", daemon=True)
        self.put_at: dict[str, float] = {}
        self.done = False
        self.failure: Exception | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._started = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Stops the thread after the current puts."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with ThreadPoolExecutor(_THREADS) as pool:
                for wave in self._schedule.waves:
                    self._put(wave, pool)
                while self._schedule.late and not self._stopped.is_set():
                    if self._late_ones_may_come():
                        self._put(Wave(orders=self._schedule.late, due=0), pool)
                        break
                    self._stopped.wait(0.2)
        except Exception as error:
            self.failure = error
        self.done = True

    def _put(self, wave: Wave, pool: ThreadPoolExecutor) -> None:
        left = wave.orders
        began = max(time.monotonic(), self._started + wave.due)
        while left and not self._stopped.is_set():
            # With a rate, the orders of a tenth of a second at a time.
            chunk = min(left, max(1, int(wave.rate / 10)) if wave.rate else _CHUNK)
            orders = self._orders.take(chunk)
            self._stopped.wait(began - time.monotonic())
            list(pool.map(self._one, orders))
            left -= chunk
            if wave.rate:
                began += chunk / wave.rate

    def _one(self, order: GeneratedOrder) -> None:
        self.put_at[order.number] = time.time()
        self._client.put_object(
            Bucket=self._bucket, Key=f"orders/{order.number}.xml", Body=order.content, ContentType="application/xml"
        )
