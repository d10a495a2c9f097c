"""A cluster's objects as its API server prints them.

The scenario says what matters (names, addresses, owners, ports); the rest is filled in
as a real cluster has it, with identifiers derived from names so that they stay the same.
"""

import hashlib
import uuid

CREATED = "2026-10-05T07:30:11Z"


def uid(*words):
    return str(uuid.UUID(hashlib.sha256("/".join(words).encode()).hexdigest()[:32], version=4))


def metadata(kind, name, namespace=None, created=CREATED, **more):
    meta = {
        "creationTimestamp": created,
        "name": name,
        "resourceVersion": str(40000 + int(uid(kind, name)[:4], 16)),
        "uid": uid(kind, namespace or "", name),
        **more,
    }
    if namespace:
        meta["namespace"] = namespace
    return meta


def owner(kind, name, namespace):
    version = {"ReplicaSet": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1",
               "Deployment": "apps/v1", "Job": "batch/v1"}[kind]
    return [{"apiVersion": version, "blockOwnerDeletion": True, "controller": True,
             "kind": kind, "name": name, "uid": uid(kind, namespace, name)}]


def namespace(name):
    return {
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": metadata("Namespace", name, labels={"kubernetes.io/metadata.name": name}),
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    }


def node(name, address, cidrs, annotations=None):
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": metadata(
            "Node", name,
            labels={"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
            annotations={"node.alpha.kubernetes.io/ttl": "0", **(annotations or {})},
        ),
        "spec": {"podCIDR": cidrs[0], "podCIDRs": cidrs, "providerID": f"lab://{name}"},
        "status": {
            "addresses": [{"address": address, "type": "InternalIP"}, {"address": name, "type": "Hostname"}],
            "capacity": {"cpu": "4", "memory": "8127364Ki", "pods": "110"},
            "conditions": [condition("Ready", reason="KubeletReady")],
            "nodeInfo": {"kernelVersion": "6.18.0", "kubeletVersion": "v1.34.1", "operatingSystem": "linux",
                         "osImage": "Debian GNU/Linux 12 (bookworm)", "architecture": "amd64"},
        },
    }


def condition(kind, status="True", **more):
    return {"lastProbeTime": None, "lastTransitionTime": CREATED, "status": status, "type": kind, **more}


def container(name, ports, image=None):
    """`ports` are (name, port) or (name, port, protocol)."""
    described = {
        "image": image or f"registry.example/shop/{name}:1.4.2", "imagePullPolicy": "IfNotPresent",
        "name": name, "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    }
    if ports:
        described["ports"] = [
            {"containerPort": port, "name": label, "protocol": (rest or ["TCP"])[0]} for label, port, *rest in ports
        ]
    return described


def pod(name, namespace, node, host, address, labels, containers, owned=None, started=CREATED,
        phase="Running", host_network=False):
    spec = {
        "containers": containers, "dnsPolicy": "ClusterFirst", "enableServiceLinks": True, "nodeName": node,
        "preemptionPolicy": "PreemptLowerPriority", "priority": 0,
        "restartPolicy": "Never" if owned and owned[0]["kind"] == "Job" else "Always",
        "schedulerName": "default-scheduler", "serviceAccount": "default", "serviceAccountName": "default",
        "terminationGracePeriodSeconds": 30,
    }
    if host_network:
        spec["hostNetwork"] = True
        for each in containers:
            for port in each.get("ports", []):
                port["hostPort"] = port["containerPort"]
    more = {"labels": labels}
    if owned:
        more["ownerReferences"] = owned
        more["generateName"] = name[: name.rfind("-") + 1]
    done = phase == "Succeeded"
    status = {
        "conditions": [condition("Ready", "False" if done else "True"), condition("PodScheduled")],
        "containerStatuses": [container_status(c, name, started, done) for c in containers],
        "hostIP": host, "hostIPs": [{"ip": host}], "phase": phase,
        "podIP": address, "podIPs": [{"ip": address}], "qosClass": "Burstable", "startTime": started,
    }
    return {"apiVersion": "v1", "kind": "Pod", "spec": spec, "status": status,
            "metadata": metadata("Pod", name, namespace, created=started, **more)}


def container_status(described, pod_name, started, done):
    identity = hashlib.sha256(f"{pod_name}/{described['name']}".encode()).hexdigest()
    state = {"running": {"startedAt": started}}
    if done:
        finished = started[:17] + "59Z"
        state = {"terminated": {"containerID": f"containerd://{identity}", "exitCode": 0, "finishedAt": finished,
                                "reason": "Completed", "startedAt": started}}
    return {"containerID": f"containerd://{identity}", "image": described["image"], "name": described["name"],
            "lastState": {}, "ready": not done, "restartCount": 0, "started": not done, "state": state}


def replica_set(name, namespace, deployment, labels, replicas):
    return {
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": metadata("ReplicaSet", name, namespace, labels=labels,
                             ownerReferences=owner("Deployment", deployment, namespace)),
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}},
        "status": {"observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas},
    }


def service(name, namespace, address, selector, ports):
    """`ports` are (name, port) or (name, port, protocol); `address` None makes it headless."""
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": metadata("Service", name, namespace, labels=selector),
        "spec": {
            "clusterIP": address or "None", "clusterIPs": [address or "None"], "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "selector": selector,
            "ports": [
                {"name": label, "port": port, "protocol": (rest or ["TCP"])[0], "targetPort": port}
                for label, port, *rest in ports
            ],
            "sessionAffinity": "None", "type": "ClusterIP",
        },
        "status": {"loadBalancer": {}},
    }


def endpoint_slice(service, pods):
    """The slice of a service with the pods that its selector matches."""
    meta, spec = service["metadata"], service["spec"]
    matching = [
        p for p in pods
        if p["metadata"]["namespace"] == meta["namespace"]
        and spec["selector"].items() <= p["metadata"]["labels"].items()
        and p["status"]["phase"] == "Running"
    ]
    name = f"{meta['name']}-{uid('slice', meta['namespace'], meta['name'])[:5]}"
    return {
        "addressType": "IPv4", "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "endpoints": [
            {
                "addresses": [p["status"]["podIP"]],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "nodeName": p["spec"]["nodeName"],
                "targetRef": {"kind": "Pod", "name": p["metadata"]["name"],
                              "namespace": meta["namespace"], "uid": p["metadata"]["uid"]},
            }
            for p in matching
        ],
        "metadata": metadata(
            "EndpointSlice", name, meta["namespace"], generateName=f"{meta['name']}-",
            labels={"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                    "kubernetes.io/service-name": meta["name"]},
            ownerReferences=[{"apiVersion": "v1", "blockOwnerDeletion": True, "controller": True,
                              "kind": "Service", "name": meta["name"], "uid": meta["uid"]}],
        ),
        "ports": [{"name": p["name"], "port": p["targetPort"], "protocol": p["protocol"]} for p in spec["ports"]],
    }


def listing(objects):
    return {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}
