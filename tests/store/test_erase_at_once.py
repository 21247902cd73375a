import os
import threading
from concurrent.futures import ThreadPoolExecutor

from maitred.store import open_store


def test_whoever_is_being_decided_for_is_erased_after_it(postgres_url, customer, closed_after):
    stores = [closed_after(open_store(postgres_url)) for _ in range(2)]
    ann = customer(stores[0])
    with ThreadPoolExecutor(1) as pool:
        with stores[0].transaction() as deciding:
            assert deciding.people([ann.person.pseudonym])
            erasing = pool.submit(stores[1].erase, ann.ref)
            threading.Event().wait(0.3)
            assert not erasing.done()
            deciding.append([ann.record._replace(decision_id=os.urandom(16))])
        assert erasing.result(10)["key"] == 1
    with stores[0].transaction() as deciding:
        assert deciding.people([ann.person.pseudonym]) == {}
