"""The ZIS half of zenpy, and its tickets and search, against a server: python zenpy_zis.py HOST:PORT EMAIL PASSWORD."""

import os
import sys

address, email, password = sys.argv[1:4]
os.environ["ZENPY_FORCE_SCHEME"] = "http"
os.environ["ZENPY_FORCE_NETLOC"] = address

from zenpy import Zenpy  # noqa: E402
from zenpy.lib.api_objects import Comment, Ticket, User  # noqa: E402
from zenpy.lib.exception import APIException, RecordNotFoundException  # noqa: E402

client = Zenpy(subdomain="local", email=email, password=password)

# Registry: create, create again, upload, install, install again, uninstall.
registry = client.zis.registry
registry.create_integration("zenpy_int", "made by zenpy")
registry.create_integration("zenpy_int", "made again")
bundle = {
    "name": "zenpy bundle",
    "zis_template_version": "2019-10-14",
    "resources": {
        "flow": {
            "type": "ZIS::Flow",
            "properties": {"name": "flow", "definition": {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}},
        },
        "spec": {
            "type": "ZIS::JobSpec",
            "properties": {
                "name": "spec",
                "event_source": "support",
                "event_type": "ticket.TicketCreated",
                "flow_name": "zis:zenpy_int:flow:flow",
            },
        },
    },
}
registry.upload_bundle("zenpy_int", bundle)
registry.install("zenpy_int", "spec")
registry.install("zenpy_int", "spec")
try:
    registry.install("zenpy_int", "no_such_spec")
    sys.exit("a spec that is in no bundle was installed")
except APIException as error:
    assert "one or more requested job specs is invalid" in str(error), error
try:
    registry.upload_bundle("zenpy_int", {"name": "x", "resources": {}})
    sys.exit("a bundle without a template version was taken")
except APIException as error:
    assert "zis_template_version" in str(error), error

# Tickets: create with an unknown requester, read, change, comment, search, delete.
audit = client.tickets.create(
    Ticket(subject="From zenpy", comment=Comment(body="Hello"), requester=User(name="Jane", email="jane@example.com"))
)
number = audit.ticket.id
ticket = client.tickets(id=number)
assert ticket.subject == "From zenpy" and ticket.status == "new", ticket.to_dict()
ticket.status = "solved"
client.tickets.update(ticket)
assert len(list(client.tickets.comments(ticket=number))) == 1
assert [found.id for found in client.search(type="ticket", requester="jane@example.com")] == [number]
assert [found.id for found in client.search("requester:jane@example.com status:solved")] == [number]
assert client.users.me().email == email
assert any(user.email == "jane@example.com" for user in client.users())
client.tickets.delete(ticket)
try:
    client.tickets(id=999_999)
    sys.exit("a ticket that is not there was found")
except RecordNotFoundException:
    pass

registry.uninstall("zenpy_int", "spec")
print("ok")
