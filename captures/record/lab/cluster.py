"""A cluster to record: nodes on one fabric, pods on bridges or routes, services by nft.

What a real node has, as far as packets can tell: `cni0` with its pods (or one route a pod),
`flannel.1` (or plain routes) to the other nodes, and the address translation of kube-proxy.
Every end is counted by the kernel at its own sockets, one segment a packet.
"""

from lab import ends, objects, yaml
from lab.capture import ring, tcpdump
from lab.switch import serve, steps

ROUTER = "10.0.0.1"
# What routed pods have as their way out; the node answers for it (proxy_arp).
NOBODY, NOBODY_V6 = "169.254.1.1", "fe80::1"

TOLD = "# Only the fields that matter; written by the recorder.\n"


class End:
    """A pod, a node's own programs, or the world outside."""

    def __init__(self, kind, ref, box, addresses, node=None, port=None):
        self.kind, self.ref, self.box, self.addresses = kind, ref, box, addresses
        self.node, self.port = node, port
        self.listens, self.gone, self.told = set(), False, {}
        # Pods that share a node's network.
        self.guests = []
        # Scenario → where in its files this end's own interface is; None if they do not tell.
        self.points = {}

    @property
    def address(self):
        return self.addresses[0]

    def serve(self, tcp=(), udp=(), address=""):
        self.listens |= {("tcp", int(port)) for port in tcp} | {("udp", port) for port in udp}
        return serve(self.box, tcp, udp, address)

    def listening(self, protocol, port):
        """Who of this end listens there; None if nobody does."""
        for end in (*self.guests, self):
            if (protocol, port) in end.listens:
                return end
        return None

    def steps(self, *todo, name=None):
        return steps(self.box, *todo, name=name or self.ref)

    def interface_number(self):
        """The number of a pod's interface on the node's side."""
        return int(self.node.box.ip(f"-o link show {self.port}").split(":")[0])


class Node(End):
    def __init__(self, ref, box, number, routed, ipv6):
        self.number, self.routed, self.ipv6 = number, routed, ipv6
        self.pods_prefix, self.pods_prefix_v6 = f"10.244.{number}", f"fd00:10:244:{number}:"
        addresses = [f"10.0.0.{10 + number}", f"{self.pods_prefix}.0", f"{self.pods_prefix}.1"]
        if ipv6:
            addresses += [f"fd00:10::{10 + number}", f"{self.pods_prefix_v6}:", f"{self.pods_prefix_v6}:1"]
        super().__init__("node", ref, box, addresses)
        self.node = self
        self.hardware = f"02:00:0a:f4:{number:02x}:00"


class Cluster:
    """Built by a scenario; `write` puts its objects and `scenario.yaml` into the folder.

    `ipv6`: pods have an address of each family. `offload`: segmentation is left to the wire, so
    frames are larger than what the kernel counts as segments.
    """

    def __init__(self, scenario, ipv6=False, offload=False):
        self.scenario, self.network = scenario, scenario.network
        self.ipv6, self.offload = ipv6, offload
        self.fabric = self.network.namespace("fabric")
        self.network.bridge(self.fabric, "fabric0")
        # A switch looks at no IP header.
        self.fabric.sysctl("net.bridge.bridge-nf-call-iptables=0")
        self.nodes, self.pods, self.outside, self.services = [], [], [], []
        # Rows of the time before an address changed its owner.
        self.past = []

    @property
    def ends(self):
        return [*self.nodes, *self.pods, *self.outside]

    def node(self, name, routed=False):
        """`routed`: a route for each pod, no bridge."""
        number = len(self.nodes) + 1
        box = self.network.namespace(name, ipv6=self.ipv6, router=True)
        node = Node(name, box, number, routed, self.ipv6)
        addresses, bridge = [f"{node.address}/24"], [f"{node.pods_prefix}.1/24"]
        if self.ipv6:
            addresses.append(f"{node.addresses[3]}/64")
            bridge.append(f"{node.pods_prefix_v6}:1/64")
        self.network.attach(box, addresses, self.fabric, "fabric0", name, [ROUTER], self.offload)
        if not routed:
            self.network.bridge(box, "cni0", bridge)
        for device in ("lo", "eth0", *(["cni0"] if not routed else [])):
            self.single_segments(box, device)
        self.nodes.append(node)
        return node

    def pod(self, ref, node, last, port=None, label=None, **told):
        """A pod `namespace/name` whose address ends in `last`. `told` goes into its object. `label`
        names its network where its own name is taken.
        """
        namespace, name = ref.split("/")
        port = port or f"veth{last}"
        addresses = [f"{node.pods_prefix}.{last}"]
        if self.ipv6:
            addresses.append(f"{node.pods_prefix_v6}:{last}")
        box = self.network.namespace(label or name, ipv6=self.ipv6)
        if node.routed:
            self.route(box, addresses, node, port)
        else:
            lengths = ["24", "64"]
            plugged = [f"{address}/{length}" for address, length in zip(addresses, lengths)]
            gateways = [f"{node.pods_prefix}.1", f"{node.pods_prefix_v6}:1"][: len(addresses)]
            self.network.attach(box, plugged, node.box, "cni0", port, gateways, self.offload)
        # The overlay's headers must fit, too.
        box.ip("link set eth0 mtu 1450")
        self.single_segments(box, "eth0")
        self.single_segments(box, "lo")
        pod = End("pod", ref, box, addresses, node, port)
        pod.told = told
        self.pods.append(pod)
        return pod

    def route(self, box, addresses, node, port):
        """As Calico does: no bridge, the host answers for the way out."""
        address, *others = addresses
        self.network.cable(box, "eth0", node.box, port, self.offload)
        box.ip(f"addr add {address}/32 dev eth0")
        box.ip(f"route add {NOBODY} dev eth0 scope link")
        box.ip(f"route add default via {NOBODY} dev eth0")
        node.box.sysctl(f"net.ipv4.conf.{port}.proxy_arp=1", f"net.ipv4.neigh.{port}.proxy_delay=0")
        node.box.ip(f"route add {address}/32 dev {port} scope link")
        for other in others:
            node.box.ip(f"addr add {NOBODY_V6}/64 dev {port}")
            node.box.ip(f"-6 route add {other}/128 dev {port}")
            box.ip(f"addr add {other}/128 dev eth0")
            box.ip(f"-6 route add {NOBODY_V6} dev eth0")
            box.ip(f"-6 route add default via {NOBODY_V6} dev eth0")

    def single_segments(self, box, device):
        if not self.offload:
            single_segments(box, device)

    def guest(self, ref, node, ports):
        """A pod with `hostNetwork`: the node's address, and ports (protocol, number) of its own."""
        pod = End("pod", ref, node.box, [node.address], node)
        pod.told = {"host_ports": ports}
        pod.host = node
        node.guests.append(pod)
        return pod

    def world(self, *addresses):
        """The router of the fabric, and the world behind it in one namespace."""
        box = self.network.namespace("outside")
        self.network.attach(box, [f"{ROUTER}/24"], self.fabric, "fabric0", "outside")
        single_segments(box, "eth0")
        for address in addresses:
            box.ip(f"addr add {address}/32 dev eth0")
        for node in self.nodes:
            box.ip(f"route add {node.pods_prefix}.0/24 via {node.address}")
        outside = End("external", "outside", box, list(addresses))
        self.outside.append(outside)
        return outside

    def overlay(self):
        """VXLAN by fixed entries, as flannel writes them: no learning, no flooding."""
        for node in self.nodes:
            box = node.box
            box.ip(f"link add flannel.1 address {node.hardware} type vxlan id 1 local {node.address} "
                   "dstport 8472 nolearning")
            box.ip(f"addr add {node.pods_prefix}.0/32 dev flannel.1")
            box.ip("link set flannel.1 mtu 1450 up")
            if self.ipv6:
                box.ip(f"addr add {node.pods_prefix_v6}:/128 dev flannel.1")
            if not self.offload:
                self.network.plain_frames(box, "flannel.1")
            self.single_segments(box, "flannel.1")
            for other in self.nodes:
                if other is not node:
                    far = f"{other.pods_prefix}.0"
                    box.ip(f"neigh add {far} lladdr {other.hardware} dev flannel.1")
                    box.run("bridge", "fdb", "add", other.hardware, "dev", "flannel.1", "dst", other.address)
                    box.ip(f"route add {far}/24 via {far} dev flannel.1 onlink")
                    if self.ipv6:
                        far = f"{other.pods_prefix_v6}:"
                        box.ip(f"neigh add {far} lladdr {other.hardware} dev flannel.1")
                        box.ip(f"-6 route add {far}/64 via {far} dev flannel.1 onlink")

    def plain_routes(self):
        """No overlay: each node is the other's way to its pods."""
        for node in self.nodes:
            for other in self.nodes:
                if other is not node:
                    node.box.ip(f"route add {other.pods_prefix}.0/24 via {other.address}")

    def service(self, ref, address, ports, pods, node_port=None):
        """`ports` are (protocol, port, target port). One family each, that of the address."""
        self.services.append({"ref": ref, "address": address, "ports": ports, "pods": pods, "node_port": node_port})

    def count(self):
        """Let every node translate services, and every kernel count from now on."""
        for node in self.nodes:
            for family in ("ip", "ip6"):
                of_family = [service for service in self.services if family_of(service["address"]) == family]
                if of_family:
                    node.box.run("nft", "-f", "-", stdin=translation(node, of_family, family))
            if self.services:
                node.box.sysctl(*(f"net.netfilter.nf_conntrack_{name}=600" for name in (
                    "udp_timeout", "udp_timeout_stream", "tcp_timeout_close", "tcp_timeout_time_wait")))
        for end in self.ends:
            ends.start(end)

    def any(self, node, link_type="LINUX_SLL2", file=None, scenario=None, program=None):
        """Capture every interface of a node; its pods are then seen at their own."""
        scenario = scenario or self.scenario
        file = file or f"{node.ref}.pcap"
        numbered = link_type == "LINUX_SLL2"
        for end in (node, *node.guests):
            end.points[scenario] = {"file": file} if numbered else None
        for pod in self.pods:
            if pod.node is node and not pod.gone:
                pod.points[scenario] = {"file": file, "interface": pod.interface_number()} if numbered else None
        if program:
            capture = program(node.box, scenario.path(file))
        else:
            capture = tcpdump(node.box, "any", scenario.path(file), "-y", link_type)
        return placed(capture, scenario, [file], {"node": node.ref})

    def ring(self, node):
        """As a raw socket sees a node: on loopback every frame goes out and comes in."""
        return self.any(node, program=ring)

    def any_inside(self, pod):
        """Capture every interface of a pod's own namespace."""
        file = f"{pod.ref.split('/')[1]}.pcap"
        pod.points[self.scenario] = {"file": file, "interface": 2}
        capture = tcpdump(pod.box, "any", self.scenario.path(file), "-y", "LINUX_SLL2")
        return placed(capture, self.scenario, [file], {"pod": pod.ref})

    def inside(self, pod, scenario=None):
        """Capture at a pod's interface, within its namespace."""
        scenario = scenario or self.scenario
        file = f"{pod.ref.split('/')[1]}.pcap"
        pod.points[scenario] = {"file": file}
        capture = tcpdump(pod.box, "eth0", scenario.path(file))
        return placed(capture, scenario, [file], {"pod": pod.ref})

    def conclude(self, captures, clients, servers, timeline=None):
        """Let the clients come to their end, take the truth, and end everything."""
        for client in clients:
            client.finished()
        self.scenario.settle()
        self.account(captures)
        for capture in captures:
            capture.stop()
        for program in [*clients, *servers]:
            self.scenario.tell(program)
        self.publish(captures, timeline)

    def account(self, captures):
        """The truth, while the programs still listen."""
        for scenario in self.recorded(captures):
            scenario.tell_ends(self.past + ends.flows(self, scenario))

    def recorded(self, captures):
        return list(dict.fromkeys([self.scenario, *(capture.scenario for capture in captures)]))

    def publish(self, captures, timeline=None):
        """The objects and the declaration of every scenario that was recorded."""
        for scenario in self.recorded(captures):
            scenario.facts = self.scenario.facts
            self.write([capture.source for capture in captures if capture.scenario is scenario], scenario, timeline)
            if scenario is not self.scenario:
                scenario.finish()

    def turn(self):
        """Close the account: what comes next is counted apart."""
        self.past += ends.flows(self, self.scenario)
        ends.restart(self)

    def remove(self, pod):
        """A pod that is gone: its interface, its route, its address."""
        pod.node.box.ip(f"link del {pod.port}")
        pod.gone = True

    def write(self, sources, scenario=None, timeline=None):
        """The objects, and where each capture was taken."""
        scenario = scenario or self.scenario
        if timeline is None:
            documents = [yaml.document(each) for each in objects.all_of(self)]
            scenario.path("cluster.yaml").write_text(TOLD + "---\n".join(documents))
        else:
            scenario.path("cluster.jsonl").write_text(objects.lines(timeline))
        lines = [line for source in sources for line in declared(**source)]
        scenario.path("scenario.yaml").write_text("\n".join(["version: 1", "captures:", *lines]) + "\n")


def placed(capture, scenario, files, at):
    """A capture that knows whose it is and where it was taken."""
    capture.scenario = scenario
    capture.source = {"files": files, "at": at}
    return capture


def declared(files, at, interfaces=None):
    """An entry of `scenario.yaml`."""
    yield f"  - files: [{', '.join(files)}]"
    ((kind, ref),) = at.items()
    yield f"    at: {{{kind}: {ref}}}"
    if interfaces:
        yield "    interfaces:"
        for name, whose in interfaces.items():
            yield f"      {name}: {whose if isinstance(whose, str) else '{pod: ' + whose.ref + '}'}"


def single_segments(box, device):
    """No TCP super-segments, not even within the kernel: its counts are of wire packets."""
    box.ip(f"link set {device} gso_max_segs 1")


def family_of(address):
    """As nft calls it."""
    return "ip6" if ":" in address else "ip"


def translation(node, services, family="ip"):
    """What kube-proxy writes: cluster IPs and node ports, endpoints in turn."""
    called, wrapped = [], []
    backend = {pod: next(a for a in pod.addresses if family_of(a) == family)
               for service in services for pod in service["pods"]}
    for service in services:
        for protocol, port, target in service["ports"]:
            at = [f"{family} daddr {service['address']} {protocol} dport {port}"]
            if service["node_port"]:
                at.append(f"ip daddr {node.address} {protocol} dport {service['node_port']} meta mark set 0x4000")
            for match in at:
                for turn, pod in enumerate(service["pods"]):
                    choice = f"numgen inc mod {len(service['pods']) - turn} 0 " if turn + 1 < len(service["pods"]) else ""
                    to = backend[pod] if family == "ip" else f"[{backend[pod]}]"
                    called.append(f"{match} {choice}dnat to {to}:{target}")
        for pod in service["pods"]:
            # A pod that calls itself must not see its own address as the caller's.
            own = backend[pod]
            wrapped.append(f"ct status dnat {family} saddr {own} {family} daddr {own} masquerade")
    called, wrapped = "\n    ".join(called), "\n    ".join(dict.fromkeys(wrapped))
    return f"""table {family} services {{
  chain called {{
    {called}
  }}
  chain arriving {{
    type nat hook prerouting priority -100
    jump called
  }}
  chain own {{
    type nat hook output priority -100
    jump called
  }}
  chain leaving {{
    type nat hook postrouting priority 100
    meta mark 0x4000 masquerade
    {wrapped}
  }}
}}
"""
