"""The same loopback addresses and ports in two pods and on their node. See ../../loopback/README.md."""

from lab.cluster import Cluster

HERE = "127.0.0.1"


def record(scenario):
    cluster = Cluster(scenario)
    one = cluster.node("node-1")
    web, api = cluster.pod("shop/web", one, 10), cluster.pod("shop/api", one, 11)
    servers = [end.serve(tcp=[15000], udp=[8125], address=HERE) for end in (web, api, one)]
    servers += [api.serve(tcp=[8080])]
    cluster.count()
    captures = [cluster.ring(one), cluster.any_inside(web), cluster.any_inside(api)]
    visit = [["ask", 200, 900], ["close"], ["wait", 0.05]]
    clients = [talk(web, 2), talk(api, 3), talk(one, 4)]
    clients.append(web.steps(*[["connect", api.address, 8080], *visit] * 3))
    cluster.conclude(captures, clients, servers)


def talk(end, times):
    """The same ports everywhere, too: only the place tells them apart."""
    calls = [[["connect", HERE, 15000, 40001 + n], ["ask", 200, 900], ["close"]] for n in range(times)]
    return end.steps(*sum(calls, []), ["udp", HERE, 8125, 40000], *[["send", 60]] * (5 * times))
