"""The demo: a shop on two nodes, a minute long. See ../../shop/README.md."""

import subprocess
import tempfile
import time
from pathlib import Path

from lab import kubernetes, yaml
from lab.capture import tcpdump
from lab.distance import apart
from lab.mirror import mirror, span

SECONDS = 52
NODES = {"node-1": ("10.0.0.11", "10.244.1"), "node-2": ("10.0.0.12", "10.244.2")}
API, OUTSIDE_DNS = "203.0.113.10", "203.0.113.53"
VISITORS = ("198.51.100.23", "198.51.100.77")
STARTED = "2026-11-18T06:12:40Z"

# One row a pod: name, namespace, node, last part of the address, owner kind, ports.
# Rows that end in "idle" have no program: they never send a packet.
PODS = [
    ("coredns-5d78c9869d-4kz7m", "kube-system", "node-1", 2, "ReplicaSet", "dns"),
    ("coredns-5d78c9869d-tw9xh", "kube-system", "node-2", 2, "ReplicaSet", "dns"),
    ("frontend-6d4cf56db6-x8k2p", "shop", "node-1", 10, "ReplicaSet", "web"),
    ("frontend-6d4cf56db6-m4v7j", "shop", "node-2", 10, "ReplicaSet", "web"),
    ("cart-7f9c5b8d6f-hm2ts", "shop", "node-1", 11, "ReplicaSet", "web"),
    ("checkout-59b7d4c86c-2vbnl", "shop", "node-2", 11, "ReplicaSet", "web"),
    ("payment-service-5b7f8c94d-q6wzn", "payments", "node-1", 12, "ReplicaSet", "web"),
    ("payment-service-5b7f8c94d-8rjdk", "payments", "node-2", 12, "ReplicaSet", "web"),
    ("secrets-manager-7c6d8f5b9c-lz4dt", "payments", "node-2", 13, "ReplicaSet", "secrets"),
    ("settlement-report-29388960-tq8vz", "payments", "node-1", 16, "Job", "report"),
    ("postgres-0", "data", "node-1", 13, "StatefulSet", "postgres"),
    ("redis-6c9f7d5c8b-zt5np", "data", "node-2", 14, "ReplicaSet", "redis"),
    ("prometheus-0", "monitoring", "node-1", 14, "StatefulSet", "scraper"),
    ("grafana-78d6f4c5b9-w2hxk", "monitoring", "node-2", 15, "ReplicaSet", "idle"),
    ("debug-shell", "shop", "node-1", 15, None, "idle"),
]
PORTS = {
    "dns": [("dns", 53, "UDP"), ("metrics", 9153)],
    "web": [("http", 8080), ("metrics", 9090)],
    "secrets": [("http", 8200), ("metrics", 9090)],
    "postgres": [("postgres", 5432)],
    "redis": [("redis", 6379)],
    "scraper": [("web", 9091)],
    "report": [],
    "idle": [("http", 3000)],
}
# Name, namespace, cluster address, ports. The selector is app=NAME, but for kube-dns.
SERVICES = [
    ("kube-dns", "kube-system", "10.96.0.10", "dns", {"k8s-app": "kube-dns"}),
    ("frontend", "shop", "10.96.14.20", "web", None),
    ("cart", "shop", "10.96.77.3", "web", None),
    ("checkout", "shop", "10.96.120.41", "web", None),
    ("payment-service", "payments", "10.96.201.8", "web", None),
    ("secrets-manager", "payments", "10.96.33.90", "secrets", None),
    ("postgres", "data", None, "postgres", None),
    ("redis", "data", "10.96.8.145", "redis", None),
    ("prometheus", "monitoring", "10.96.64.64", "scraper", None),
    ("grafana", "monitoring", "10.96.90.12", "idle", None),
]


def address(pod):
    return f"{NODES[pod[2]][1]}.{pod[3]}"


def application(name, kind):
    """frontend-6d4cf56db6-x8k2p → frontend."""
    cut = {"ReplicaSet": 2, "Job": 2, "StatefulSet": 1}.get(kind, 0)
    return name.rsplit("-", cut)[0]


def record(scenario):
    network = scenario.network
    nodes, outside = build(scenario)
    tap = watch(network, nodes)
    capture = tcpdump(tap, "span0", scenario.path("shop.pcap"))
    with tempfile.TemporaryDirectory() as scratch:
        servers, callers = start(scenario, outside, Path(scratch))
        time.sleep(SECONDS + 5)
        scenario.truth()
        capture.stop()
    for program in callers + servers:
        scenario.tell(program)
    scenario.path("cluster.yaml").write_text(yaml.document(cluster()))


def build(scenario):
    """Two nodes with a bridge each, the router between them, and the world behind a relay."""
    network = scenario.network
    fabric = network.namespace("fabric")
    network.bridge(fabric, "fabric0")
    edge = network.namespace("edge", router=True)
    network.attach(edge, ["10.0.0.1/24"], fabric, "fabric0", "edge")
    nodes = {}
    for name, (host, pods) in NODES.items():
        node = nodes[name] = network.namespace(name, router=True)
        network.attach(node, [f"{host}/24"], fabric, "fabric0", name, ["10.0.0.1"])
        network.bridge(node, "cni0", [f"{pods}.1/24"])
        scenario.count(node, [host, f"{pods}.1"])
    for name, (host, pods) in NODES.items():
        for other in [edge] + [n for label, n in nodes.items() if label != name]:
            other.ip(f"route add {pods}.0/24 via {host}")
    for pod in PODS:
        box = network.namespace(pod[0])
        gateway = f"{NODES[pod[2]][1]}.1"
        network.attach(box, [f"{address(pod)}/24"], nodes[pod[2]], "cni0", f"veth{pod[3]}", [gateway])
        scenario.count(box, [address(pod)])
    return nodes, beyond(scenario, edge)


def beyond(scenario, edge):
    """The outside: an API, a name server and two visitors, 15 ms away."""
    outside = scenario.network.namespace("outside")
    apart(edge, outside, 15)
    outside_addresses = [API, OUTSIDE_DNS, *VISITORS]
    for each in outside_addresses:
        outside.ip(f"addr add {each}/32 dev wan0")
    outside.ip("route add default dev wan0")
    edge.ip("route add 203.0.113.0/24 dev wan0")
    edge.ip("route add 198.51.100.0/24 dev wan0")
    scenario.count(outside, outside_addresses)
    scenario.names |= {API: "api.pay.example", OUTSIDE_DNS: "outside DNS"}
    scenario.names |= dict.fromkeys(VISITORS, "visitor")
    return outside


def watch(network, nodes):
    """Mirror every packet once, where it enters a node's network."""
    tap = span(network)
    for name, node in nodes.items():
        host, pods = NODES[name]
        points = [("ingress", f"veth{pod[3]}", "") for pod in PODS if pod[2] == name]
        # From outside, and from programs of the other node itself.
        points.append(("ingress", "eth0", "ip saddr != 10.244.0.0/16"))
        # From programs of this node itself to its own pods.
        points.append(("egress", "cni0", f"ip saddr {{ {host}, {pods}.1 }}"))
        mirror(network, node, tap, points)
    return tap


def start(scenario, outside, scratch):
    """Start every program, servers first."""
    boxes = {namespace.label: namespace for namespace in scenario.network.namespaces}
    certificate = make_certificate(scratch)
    servers = [
        outside.program("web_service.py", {"port": 443, "certificate": certificate, "answer_octets": 420},
                        name="api.pay.example"),
        outside.program("dns_server.py", {"zone": {"api.pay.example": [API]}, "ttl": 60,
                                          "address": OUTSIDE_DNS}, name="outside DNS"),
    ]
    callers = []
    for pod in PODS:
        if pod[5] == "dns":
            servers.append(boxes[pod[0]].program("dns_server.py", {
                "zone": zone(), "forward": OUTSIDE_DNS, "metrics_port": 9153,
            }))
        elif pod[5] in ("web", "secrets"):
            servers.append(boxes[pod[0]].program("web_service.py", web(pod)))
        elif pod[5] in ("redis", "postgres"):
            port = PORTS[pod[5]][0][1]
            servers.append(boxes[pod[0]].program(f"{pod[5]}_server.py", port))
    for name in NODES:
        servers.append(boxes[name].program("web_service.py", {"metrics_port": 9100}, name=f"node-exporter on {name}"))
    for pod in PODS:
        for _, port, *protocol in PORTS[pod[5]]:
            if pod[5] not in ("idle", "scraper"):
                boxes[pod[0]].listens((protocol or ["TCP"])[0].lower(), port)
    callers += visitors(outside) + kubelets(boxes)
    callers.append(boxes["prometheus-0"].program("caller.py", scrapes()))
    report = next(pod for pod in PODS if pod[5] == "report")
    callers.append(boxes[report[0]].program("caller.py", {
        **names(report), "after": 17, "spread": 0, "seconds": 29, "every_seconds": 5,
        "calls": [{"do": "postgres", "host": "postgres.data", "port": 5432, "rows": 1150, "keep": True}],
    }))
    return servers, callers


def make_certificate(scratch):
    path = scratch / "api.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=api.pay.example", "-days", "30", "-keyout", path, "-out", path],
        check=True, capture_output=True,
    )
    return str(path)


def names(pod):
    """What kubelet writes into a pod's resolv.conf, with the name server of its node."""
    return {
        "resolver": f"{NODES[pod[2]][1]}.2",
        "search": [f"{pod[1]}.svc.cluster.local", "svc.cluster.local", "cluster.local"],
    }


def zone():
    """Service names give the addresses of the pods behind them: nothing translates here."""
    known = {}
    for service, namespace, *_ in SERVICES:
        found = [address(p) for p in PODS if p[1] == namespace and application(p[0], p[4]) == service]
        known[f"{service}.{namespace}.svc.cluster.local"] = found
    return known


def web(pod):
    http = {"do": "http", "port": 8080, "path": "/"}
    work = {
        "frontend": [
            {**http, "host": "cart", "path": "/cart/items", "keep": True},
            {**http, "host": "checkout", "path": "/checkout", "every": 2, "body": "cart=7&pay=card"},
        ],
        "cart": [{"do": "redis", "host": "redis.data", "port": 6379, "keep": True}],
        "checkout": [
            {"do": "postgres", "host": "postgres.data", "port": 5432, "rows": 4, "keep": True},
            {**http, "host": "payment-service.payments", "path": "/charge", "body": "amount=4210&currency=EUR"},
        ],
        "payment-service": [
            {**http, "host": "secrets-manager", "port": 8200, "path": "/v1/secret/pay-api", "every": 2},
            {"do": "https", "host": "api.pay.example", "port": 443, "path": "/v2/charges", "body": "amount=4210"},
        ],
    }.get(application(pod[0], pod[4]), [])
    octets = {"frontend": 2600, "cart": 480, "checkout": 350}.get(application(pod[0], pod[4]), 160)
    return {**names(pod), "port": PORTS[pod[5]][0][1], "metrics_port": 9090, "work": work, "answer_octets": octets}


def visitors(outside):
    """Two people behind their own addresses, each on one frontend."""
    found = []
    frontends = [pod for pod in PODS if pod[0].startswith("frontend")]
    for visitor, pod in zip(VISITORS, frontends):
        page = {"do": "http", "host": address(pod), "port": 8080, "path": "/", "source": visitor}
        found.append(outside.program("caller.py", {
            "seconds": SECONDS, "every_seconds": 2.2, "after": 1, "calls": [page],
        }, name=f"visitor {visitor}"))
    return found


def kubelets(boxes):
    """Each node asks its pods of `shop` whether they are well."""
    found = []
    for name in NODES:
        probes = [
            {"do": "http", "host": address(pod), "port": 8080, "path": "/healthz"}
            for pod in PODS if pod[2] == name and pod[1] == "shop" and pod[5] == "web"
        ]
        found.append(boxes[name].program("caller.py", {
            "seconds": SECONDS, "every_seconds": 10, "calls": probes,
        }, name=f"kubelet of {name}"))
    return found


def scrapes():
    targets = [(address(p), port) for p in PODS for label, port, *_ in PORTS[p[5]] if label == "metrics"]
    targets += [(host, 9100) for host, _ in NODES.values()]
    return {
        "seconds": SECONDS, "every_seconds": 10, "spread": 0.9,
        "calls": [{"do": "http", "host": h, "port": p, "path": "/metrics", "keep": True} for h, p in targets],
    }


def cluster():
    """The objects, as `kubectl get pods,services,…  -A -o yaml` prints them."""
    pods = [pod_object(pod) for pod in PODS] + exporters() + [finished_report()]
    services = [
        kubernetes.service(name, namespace, ip, selector or {"app": name}, PORTS[ports])
        for name, namespace, ip, ports, selector in SERVICES
    ]
    slices = [kubernetes.endpoint_slice(service, pods) for service in services]
    nodes = [
        kubernetes.node(name, host, [f"{pods_of}.0/24"]) for name, (host, pods_of) in NODES.items()
    ]
    spaces = [kubernetes.namespace(n) for n in ("data", "default", "kube-system", "monitoring", "payments", "shop")]
    return kubernetes.listing(pods + services + slices + nodes + spaces + replica_sets())


def pod_object(pod):
    name, namespace, node, _, kind, role = pod
    app = application(name, kind)
    labels = {"k8s-app": "kube-dns"} if role == "dns" else {"app": app}
    owned = None
    if kind == "ReplicaSet":
        labels["pod-template-hash"] = name.rsplit("-", 2)[1]
        owned = kubernetes.owner(kind, name.rsplit("-", 1)[0], namespace)
    elif kind == "Job":
        labels["job-name"] = name.rsplit("-", 1)[0]
        owned = kubernetes.owner(kind, name.rsplit("-", 1)[0], namespace)
    elif kind:
        owned = kubernetes.owner(kind, app, namespace)
    return kubernetes.pod(name, namespace, node, NODES[node][0], address(pod), labels,
                          [kubernetes.container(app, PORTS[role])], owned, STARTED)


def exporters():
    """A DaemonSet on the hosts' network: these pods have the address of their node."""
    return [
        kubernetes.pod(name, "monitoring", node, NODES[node][0], NODES[node][0], {"app": "node-exporter"},
                       [kubernetes.container("node-exporter", [("metrics", 9100)])],
                       kubernetes.owner("DaemonSet", "node-exporter", "monitoring"), STARTED, host_network=True)
        for name, node in (("node-exporter-8sb4q", "node-1"), ("node-exporter-v5ktz", "node-2"))
    ]


def finished_report():
    """Yesterday's report: it still names the address that a frontend has by now."""
    job = "settlement-report-29387520"
    return kubernetes.pod(f"{job}-mf5rx", "payments", "node-1", NODES["node-1"][0], "10.244.1.10",
                          {"app": "settlement-report", "job-name": job}, [kubernetes.container("settlement-report", [])],
                          kubernetes.owner("Job", job, "payments"), "2026-11-17T23:00:04Z", phase="Succeeded")


def replica_sets():
    counts = {}
    for name, namespace, _, _, kind, _ in PODS:
        if kind == "ReplicaSet":
            counts[namespace, name.rsplit("-", 1)[0]] = counts.get((namespace, name.rsplit("-", 1)[0]), 0) + 1
    # The frontend's release before this one, scaled to nothing.
    counts["shop", "frontend-58c7b9d4f7"] = 0
    return [
        kubernetes.replica_set(name, namespace, name.rsplit("-", 1)[0],
                               {"app": name.rsplit("-", 1)[0], "pod-template-hash": name.rsplit("-", 1)[1]}, n)
        for (namespace, name), n in counts.items()
    ]
