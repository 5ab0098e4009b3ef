"""A signed apology on its way: whatever goes wrong with one letter, it is tried again, and sending goes on."""

import pytest

from deadlines.conftest import Late
from kernel.errand import Again
from kernel.post import Message, Refused, Sent, Unreachable
from services.deadlines.api import sending


class Gateway:
    """Says these things to what it is given to send, one after another."""

    def __init__(self, *answers: Exception | Sent) -> None:
        self.answers, self.given = list(answers), []

    async def send(self, message: Message) -> Sent:
        self.given.append(message)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def signed(late: Late) -> str:
    """Signed, to go out by SMS, whose number is in the letter."""
    await late.head.ok(f"/apologies/{late.apology}/issue", signer="Trần Văn Hùng", position="Hiệu trưởng", way="sms")
    await late.deadlines.heard()
    return f"apology-{late.apology}"


async def test_a_letter_is_tried_again_until_it_is_taken_even_after_a_fault_of_ours(late):
    service, stream = late.deadlines.service, await signed(late)
    gateway = Gateway(Unreachable("away"), RuntimeError("a fault of ours"), Sent("SMS-1"))
    again = Again(sending.SOON, sending.LATE)
    waits = []
    for _ in range(2):
        await sending.send_waiting(service, {"sms": gateway}, again)
        waits.append(again[stream][1])
        await sending.send_waiting(service, {"sms": gateway}, again)  # not its turn yet
        again[stream] = (0.0, again[stream][1])
    assert waits == [sending.SOON * 2, sending.SOON * 4]
    assert len(gateway.given) == 2
    async with service.pool.acquire():  # whichever connection is free: none keeps the turn of the one before
        await sending.send_waiting(service, {"sms": gateway}, again)
    assert not again
    await late.deadlines.heard()
    told = await late.head.read(f"/apologies/{late.apology}")
    assert (told["status"], told["way"]) == ("delivered", "sms")
    assert {each.id for each in gateway.given} == {gateway.given[0].id}, "whoever gets it twice sees one message"
    assert gateway.given[0].to == "0912 345 678" and not gateway.given[0].attachments
    await sending.send_waiting(service, {"sms": gateway}, again)
    assert len(gateway.given) == 3, "what was delivered is not sent again"


async def test_a_way_that_is_not_set_up_sends_nothing(late):
    gateway = Gateway(Refused("never asked"))
    await sending.send_waiting(late.deadlines.service, {"email": gateway}, Again(sending.SOON, sending.LATE))
    assert not gateway.given


pytestmark = pytest.mark.xdist_group("deadlines_sending")
