"""A recorded cluster's objects, with only the fields that say who was who."""

import json
from datetime import datetime, timezone

from lab.kubernetes import uid


def moment(seconds):
    """RFC 3339, as precise as an API server is in metadata."""
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def all_of(cluster):
    made = [node(each) for each in cluster.nodes]
    made += [pod(each) for each in cluster.pods]
    made += [pod(guest) for each in cluster.nodes for guest in each.guests]
    for each in cluster.services:
        made += [service(each), endpoint_slice(each)]
    return made


def node(end):
    cidr = f"{end.pods_prefix}.0/24"
    cidrs, addresses = [cidr], [end.address]
    if end.ipv6:
        cidrs.append(f"{end.pods_prefix_v6}:/64")
        addresses.append(end.addresses[3])
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": end.ref, "uid": uid("Node", "", end.ref)},
        "spec": {"podCIDR": cidr, "podCIDRs": cidrs},
        "status": {"addresses": [{"address": address, "type": "InternalIP"} for address in addresses]},
    }


def pod(end):
    """`started`, `owner` and `ports` (protocol, number) are said by the scenario where they matter."""
    namespace, name = end.ref.split("/")
    told = end.told
    made = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": uid("Pod", namespace, name)},
        "spec": {"nodeName": end.node.ref},
        "status": {"phase": "Running", "hostIP": end.node.address, "podIP": end.address,
                   "podIPs": [{"ip": address} for address in end.addresses]},
    }
    if told.get("owner"):
        kind, owner = told["owner"]
        made["metadata"]["ownerReferences"] = [
            {"apiVersion": "batch/v1" if kind == "Job" else "apps/v1", "kind": kind, "name": owner, "controller": True,
             "uid": uid(kind, namespace, owner)}]
        if kind == "ReplicaSet":
            made["metadata"]["labels"] = {"pod-template-hash": owner.rsplit("-", 1)[1]}
    if told.get("started"):
        made["metadata"]["creationTimestamp"] = moment(told.get("created", told["started"] - 1))
        made["status"]["startTime"] = moment(told["started"])
    if told.get("host_ports"):
        ports = [{"containerPort": n, "hostPort": n, "protocol": p.upper()} for p, n in told["host_ports"]]
        made["spec"]["containers"] = [{"name": name.split("-")[0], "ports": ports}]
        made["spec"]["hostNetwork"] = True
    return made


def service(told):
    namespace, name = told["ref"].split("/")
    ports = [
        {"name": f"{protocol}-{port}", "port": port, "protocol": protocol.upper(), "targetPort": target,
         **({"nodePort": told["node_port"]} if told["node_port"] else {})}
        for protocol, port, target in told["ports"]
    ]
    return {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": namespace, "uid": uid("Service", namespace, name)},
        "spec": {"clusterIP": told["address"], "clusterIPs": [told["address"]], "ports": ports,
                 "type": "NodePort" if told["node_port"] else "ClusterIP"},
    }


def endpoint_slice(told):
    namespace, name = told["ref"].split("/")
    version = "IPv6" if ":" in told["address"] else "IPv4"
    own = {pod: next(a for a in pod.addresses if (":" in a) == (version == "IPv6")) for pod in told["pods"]}
    return {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": version,
        "metadata": {"name": f"{name}-{uid('slice', namespace, name)[:5]}", "namespace": namespace,
                     "labels": {"kubernetes.io/service-name": name}},
        "endpoints": [
            {"addresses": [own[pod]], "conditions": {"ready": True}, "nodeName": pod.node.ref,
             "targetRef": {"kind": "Pod", "name": pod.ref.split("/")[1], "namespace": pod.ref.split("/")[0],
                           "uid": uid("Pod", *pod.ref.split("/"))}}
            for pod in told["pods"]
        ],
        "ports": [{"name": f"{protocol}-{port}", "port": target, "protocol": protocol.upper()}
                  for protocol, port, target in told["ports"]],
    }


def lines(timeline):
    """`cluster.jsonl`: (time, type, object), a line a change."""
    return "".join(
        json.dumps({"time": datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")
                    .replace("+00:00", "Z"), "type": kind, "object": thing}) + "\n"
        for at, kind, thing in timeline
    )
