"""Customers of the orders service: a load generator that does not wait.

Requests leave at times drawn beforehand (a Poisson process), whether or not earlier ones have been
answered. A generator that waits for answers offers less load to a slow server and so hides the very
slowness it should show. What is outstanding is bounded all the same; a request that the bound holds
back is counted as `not_sent`, and a run with such requests says nothing about the server.

Every customer comes from an address of their own (127.x.y.z, on Linux), so that a load balancer sees
as many clients as there are. Each signs in first and then does what a desk does.

What is counted:

* `failed`: the application answered 5xx. It was the application if its version header is there.
* `lost`: nobody answered for the application: no connection, a connection that broke, no answer in
  time, or a 5xx without the header, which is a load balancer's own. **No request is tried again**,
  not even where HTTP allows it: a request that a customer sees fail is a lost one. To take part in
  no race with a server that closes an idle connection, connections idle for 20 s are not used again;
  a lost request that went out on a used connection says so in its reason.
* `customers_hurt`: how many customers had a failed or a lost request.

    python -m customers --url http://127.0.0.1:8000 --rate 60 --seconds 30 --out load.jsonl
"""

from .asking import Options
from .counting import LISTED_LOST, Lost, OfVersion, Summary
from .sending import run

__all__ = ["LISTED_LOST", "Lost", "OfVersion", "Options", "Summary", "run"]
