"""What the peers that are shops and ERPs need before they are asked anything: packages, a company in a
database, servers that serve."""
import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys

from machine import say, wait_for

NODE = 20
STOCK = 1_000_000  # of each product


def stamp(*files):
    """Changes with what is fetched or set up."""
    digest = hashlib.sha256()
    for name in files:
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:10]


def npm_fetch(name, source, home):
    """The packages of the lock file in `source`, each by its hash, in `home`, with the programs
    beside them. No package runs anything when it is installed."""
    done = os.path.join(home, stamp(os.path.join(source, "package-lock.json")))
    if not os.path.exists(done):
        if not shutil.which("npm") or not shutil.which("node") or int(subprocess.run(
                ["node", "--version"], capture_output=True).stdout[1:].split(b".")[0]) < NODE:
            raise RuntimeError("%s needs Node.js %d or newer, with npm" % (name, NODE))
        say("fetching " + name)
        shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(source, home, dirs_exist_ok=True)
    if not os.path.exists(done):
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                        "--loglevel=error"], cwd=home, check=True, stdout=sys.stderr)
        open(done, "w").close()


def company(ctx, peer, files, make):
    """(a database to work in, what its clients have to know). It is a copy of one that
    `make(database, masters)` has filled; that is kept for later runs where data is kept."""
    masters = ctx.sizes["masters"]
    name = "peer_%s_%d_%s" % (peer, masters, stamp(*files))
    if name not in ctx.postgres.databases():
        say("setting up %s with %d customers and products" % (peer, masters))
        made = name + "_new"
        ctx.postgres.drop(made)
        ctx.postgres.create(made)
        told = make(made, masters)
        ctx.postgres.sql(made, "CREATE SCHEMA bench")
        ctx.postgres.sql(made, "CREATE TABLE bench.told (it TEXT)")
        ctx.postgres.sql(made, "INSERT INTO bench.told VALUES (%s)", told)
        ctx.postgres.sql(made, "VACUUM ANALYZE")
        ctx.postgres.sql("postgres", "ALTER DATABASE %s RENAME TO %s" % (made, name))
    database = "peer_" + peer
    ctx.postgres.drop(database)
    ctx.postgres.create(database, name)
    return database, json.loads(ctx.postgres.sql(database, "SELECT it FROM bench.told")[0][0])


def drop(ctx, database):
    def ended():
        return not ctx.postgres.sql("postgres", "SELECT 1 FROM pg_stat_activity WHERE datname = %s",
                                    database)
    wait_for(ended, "the end of its sessions")
    ctx.postgres.drop(database)


def serves(port, path="/"):
    """Whether anything there speaks HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()


def wait_served(process, port, path="/"):
    def there():
        if process.popen.poll() is not None:
            raise RuntimeError("%s ended: see %s" % (process.name, process.log))
        return serves(port, path)
    wait_for(there, process.name, pause_s=0.2)
