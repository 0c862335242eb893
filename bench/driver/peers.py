"""The peers that take more than a client program: other systems that do the same work, each set up
anew in the run's own PostgreSQL. They are fetched when they are run, never before."""
from peer_debezium import debezium
from peer_medusa import medusa
from peer_tryton import tryton
from peer_vendure import vendure

PEERS = {"debezium": debezium, "tryton": tryton, "vendure": vendure, "medusa": medusa}
