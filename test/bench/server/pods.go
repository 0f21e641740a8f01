package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

const podVariants = 512

type pod struct {
	namespace, name, uid, node string
	variant                    int
	logBytes                   int64
}

// world is what the server serves; it never changes.
type world struct {
	pods       []*pod
	filler     []*pod
	byNode     map[string][]*pod
	namespaces []string
	nodes      []string
	templates  [][]segment
}

// logGroup is a namespace whose pods have logs of a given size, spread over its own nodes.
type logGroup struct {
	namespace   string
	pods, nodes int
	logBytes    int64
}

func parseLogGroup(text string) (logGroup, error) {
	var g logGroup
	name, rest, found := strings.Cut(text, "=")
	g.namespace = name
	if _, err := fmt.Sscanf(rest, "%d:%d:%d", &g.pods, &g.logBytes, &g.nodes); err != nil || !found {
		return g, fmt.Errorf("-logs is NAMESPACE=PODS:BYTES:NODES, not %q", text)
	}
	return g, nil
}

func newWorld(bulkPods, bulkNodes, filler int, groups []logGroup) *world {
	w := &world{byNode: map[string][]*pod{}, templates: make([][]segment, podVariants)}
	r := xorshift(12345)
	for i := range w.templates {
		w.templates[i] = podTemplate(i, &r)
	}
	add := func(p *pod) {
		p.uid = fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(r.next()), r.below(1<<16), r.below(1<<12), r.below(1<<12), r.below(1<<48))
		p.variant = len(w.pods) % podVariants
		w.pods = append(w.pods, p)
	}
	for i := 0; i < filler; i++ {
		add(&pod{namespace: "default", name: fmt.Sprintf("object-%06d", i)})
	}
	w.filler, w.pods = w.pods, nil
	for i := 0; i < bulkPods; i++ {
		add(&pod{
			namespace: fmt.Sprintf("team-%03d", i%100),
			name:      fmt.Sprintf("%s-%08x-%05d", words[i%len(words)], r.below(1<<32), i/100),
			node:      fmt.Sprintf("node-%04d", i%max(1, bulkNodes)),
			logBytes:  64 << 10,
		})
	}
	for _, g := range groups {
		for i := 0; i < g.pods; i++ {
			add(&pod{namespace: g.namespace, name: fmt.Sprintf("writer-%04d", i), node: fmt.Sprintf("%s-node-%04d", g.namespace, i%g.nodes), logBytes: g.logBytes})
		}
	}
	sort.Slice(w.pods, func(a, b int) bool {
		if w.pods[a].namespace != w.pods[b].namespace {
			return w.pods[a].namespace < w.pods[b].namespace
		}
		return w.pods[a].name < w.pods[b].name
	})
	seen := map[string]bool{"default": true, "kube-system": true}
	for _, p := range w.pods {
		seen[p.namespace] = true
		w.byNode[p.node] = append(w.byNode[p.node], p)
	}
	for name := range seen {
		w.namespaces = append(w.namespaces, name)
	}
	for name := range w.byNode {
		w.nodes = append(w.nodes, name)
	}
	sort.Strings(w.namespaces)
	sort.Strings(w.nodes)
	return w
}

// in returns the pods of a namespace, all of them for the empty name.
func (w *world) in(namespace string) []*pod {
	if namespace == "" {
		return w.pods
	}
	first := sort.Search(len(w.pods), func(i int) bool { return w.pods[i].namespace >= namespace })
	end := sort.Search(len(w.pods), func(i int) bool { return w.pods[i].namespace > namespace })
	return w.pods[first:end]
}

func (w *world) find(namespace, name string) *pod {
	pods := w.in(namespace)
	i := sort.Search(len(pods), func(i int) bool { return pods[i].name >= name })
	if i < len(pods) && pods[i].name == name {
		return pods[i]
	}
	return nil
}

func (w *world) hasNode(name string) bool { return len(w.byNode[name]) > 0 }

func (w *world) hasNamespace(name string) bool {
	i := sort.SearchStrings(w.namespaces, name)
	return i < len(w.namespaces) && w.namespaces[i] == name
}

// segment is a piece of a rendered pod: literal bytes, then what differs from pod to pod.
type segment struct {
	literal []byte
	field   byte // 0, or one of N(ame) S(pace) U(id) H(ost) C(ontainer)
}

func (w *world) appendPod(b []byte, p *pod) []byte {
	for _, s := range w.templates[p.variant] {
		b = append(b, s.literal...)
		switch s.field {
		case 'N':
			b = append(b, p.name...)
		case 'S':
			b = append(b, p.namespace...)
		case 'U':
			b = append(b, p.uid...)
		case 'H':
			b = append(b, p.node...)
		case 'C':
			hex := strings.ReplaceAll(p.uid, "-", "")
			b = append(append(b, hex...), hex...)
		}
	}
	return b
}

type object = map[string]any

// podTemplate renders a pod of about 4.8 kB, managed fields included, with marks where pods differ.
func podTemplate(variant int, r *xorshift) []segment {
	app := fmt.Sprintf("%s-%03d", words[variant%len(words)], variant)
	created := "2025-10-20T08:15:30Z"
	env := []object{}
	for i := 0; i < 2; i++ {
		env = append(env, object{"name": fmt.Sprintf("%s_%s_%d", strings.ToUpper(words[r.below(12)]), "ENDPOINT", i), "value": fmt.Sprintf("https://%s.%s.svc:8443/%x", words[r.below(12)], words[r.below(12)], r.next())})
	}
	condition := func(kind string) object {
		return object{"type": kind, "status": "True", "lastProbeTime": nil, "lastTransitionTime": created}
	}
	fields := func(names ...string) object {
		f := object{}
		for _, name := range names {
			f["f:"+name] = object{}
		}
		return f
	}
	image := fmt.Sprintf("registry.example.com/%s/%s@sha256:%016x%016x%016x%016x", words[r.below(12)], app, r.next(), r.next(), r.next(), r.next())
	text, err := json.Marshal(object{
		"metadata": object{
			"name": "\x01N", "namespace": "\x01S", "uid": "\x01U", "resourceVersion": "812345", "creationTimestamp": created, "generateName": app + "-",
			"labels": object{"app.kubernetes.io/name": app, "app.kubernetes.io/part-of": words[r.below(12)], "pod-template-hash": fmt.Sprintf("%08x", uint32(r.next())), "tier": "backend"},
			"annotations": object{
				"prometheus.io/scrape": "true", "prometheus.io/port": "9102", "example.com/config-checksum": fmt.Sprintf("%016x%016x", r.next(), r.next()),
				"example.com/team": "team-" + words[r.below(12)],
			},
			"ownerReferences": []object{{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "uid": fmt.Sprintf("%016x", r.next()), "controller": true, "blockOwnerDeletion": true}},
			"managedFields": []object{
				{"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": created, "fieldsType": "FieldsV1", "fieldsV1": object{
					"f:metadata": object{"f:annotations": fields(".", "prometheus.io/scrape", "prometheus.io/port", "example.com/config-checksum", "example.com/team"), "f:generateName": object{}, "f:labels": fields(".", "app.kubernetes.io/name", "pod-template-hash", "tier"), "f:ownerReferences": fields(".")},
					"f:spec":     object{"f:containers": object{`k:{"name":"main"}`: fields(".", "env", "image", "imagePullPolicy", "livenessProbe", "name", "ports", "readinessProbe", "resources", "terminationMessagePath", "volumeMounts")}, "f:dnsPolicy": object{}, "f:enableServiceLinks": object{}, "f:restartPolicy": object{}, "f:schedulerName": object{}, "f:securityContext": object{}, "f:terminationGracePeriodSeconds": object{}, "f:volumes": fields(".")},
				}},
				{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": created, "fieldsType": "FieldsV1", "subresource": "status", "fieldsV1": object{
					"f:status": object{"f:conditions": fields(`k:{"type":"ContainersReady"}`, `k:{"type":"Initialized"}`, `k:{"type":"PodReadyToStartContainers"}`, `k:{"type":"Ready"}`), "f:containerStatuses": object{}, "f:hostIP": object{}, "f:hostIPs": object{}, "f:phase": object{}, "f:podIP": object{}, "f:podIPs": fields(".", `k:{"ip":"10.0.0.1"}`), "f:startTime": object{}},
				}},
			},
		},
		"spec": object{
			"nodeName": "\x01H", "serviceAccountName": app, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler", "priority": 0, "preemptionPolicy": "PreemptLowerPriority", "terminationGracePeriodSeconds": 30, "enableServiceLinks": true,
			"containers": []object{{
				"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "env": env,
				"ports":                  []object{{"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"name": "metrics", "containerPort": 9102, "protocol": "TCP"}},
				"resources":              object{"limits": object{"cpu": "500m", "memory": "512Mi"}, "requests": object{"cpu": "100m", "memory": "256Mi"}},
				"livenessProbe":          object{"httpGet": object{"path": "/healthz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3},
				"readinessProbe":         object{"httpGet": object{"path": "/readyz", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3},
				"volumeMounts":           []object{{"name": "kube-api-access", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}},
				"terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
			}},
			"tolerations": []object{{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}, {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}},
			"volumes":     []object{{"name": "kube-api-access", "projected": object{"defaultMode": 420, "sources": []object{{"serviceAccountToken": object{"expirationSeconds": 3607, "path": "token"}}}}}},
		},
		"status": object{
			"phase": "Running", "qosClass": "Burstable", "hostIP": "10.1.0.7", "podIP": fmt.Sprintf("10.%d.%d.%d", r.below(255), r.below(255), r.below(255)), "startTime": created,
			"conditions":        []object{condition("PodReadyToStartContainers"), condition("Initialized"), condition("Ready"), condition("ContainersReady"), condition("PodScheduled")},
			"containerStatuses": []object{{"name": "main", "ready": true, "started": true, "restartCount": 0, "image": image, "imageID": image, "containerID": "containerd://\x01C", "state": object{"running": object{"startedAt": created}}, "lastState": object{}}},
		},
	})
	if err != nil {
		panic(err)
	}
	var segments []segment
	for {
		literal, rest, found := bytes.Cut(text, []byte(`\u0001`))
		if !found {
			return append(segments, segment{literal: literal})
		}
		segments = append(segments, segment{literal: literal, field: rest[0]})
		text = rest[1:]
	}
}
