package main

import (
	"encoding/json"
	"net/http"
	"strings"
)

type resource struct {
	group, version, name, kind, singular string
	namespaced                           bool
	verbs                                []string
	short                                []string
}

var reading = []string{"get", "list"}

// resources is all that the server announces. What is not a pod, node, namespace or filler is always an empty list.
var resources = []resource{
	{"", "v1", "configmaps", "ConfigMap", "configmap", true, reading, []string{"cm"}},
	{"", "v1", "events", "Event", "event", true, reading, []string{"ev"}},
	{"", "v1", "namespaces", "Namespace", "namespace", false, reading, []string{"ns"}},
	{"", "v1", "nodes", "Node", "node", false, reading, []string{"no"}},
	{"", "v1", "pods", "Pod", "pod", true, reading, []string{"po"}},
	{"", "v1", "pods/log", "Pod", "", true, []string{"get"}, nil},
	{"", "v1", "services", "Service", "service", true, reading, []string{"svc"}},
	{"apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", "customresourcedefinition", false, reading, nil},
	{"apiregistration.k8s.io", "v1", "apiservices", "APIService", "apiservice", false, reading, nil},
	{"apps", "v1", "replicasets", "ReplicaSet", "replicaset", true, reading, []string{"rs"}},
	{"authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", "selfsubjectreview", false, []string{"create"}, nil},
	{"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", "selfsubjectaccessreview", false, []string{"create"}, nil},
	{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "endpointslice", true, reading, nil},
}

// fillers are kinds with as many objects as -filler says, of the size and shape of a pod: something to list without logs.
var fillers = map[string]bool{"configmaps": true, "services": true, "replicasets": true, "endpointslices": true}

func groupVersion(group, version string) string {
	if group == "" {
		return version
	}
	return group + "/" + version
}

// discovery answers /api, /apis and the older /api/v1, /apis/GROUP/VERSION; false when the path is none of them.
func discovery(w http.ResponseWriter, r *http.Request) bool {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case len(parts) == 1 && (parts[0] == "api" || parts[0] == "apis"):
		accept := r.Header.Get("Accept")
		if strings.Contains(accept, "as=APIGroupDiscoveryList") {
			version := "v2"
			if !strings.Contains(accept, "v=v2;") {
				version = "v2beta1"
			}
			w.Header().Set("Content-Type", "application/json;g=apidiscovery.k8s.io;v="+version+";as=APIGroupDiscoveryList")
			writeJSON(w, 200, aggregated(parts[0] == "api", version))
			return true
		}
		writeJSON(w, 200, older(parts[0] == "api"))
	case len(parts) == 2 && parts[0] == "api":
		writeResources(w, "", parts[1])
	case len(parts) == 3 && parts[0] == "apis":
		writeResources(w, parts[1], parts[2])
	default:
		return false
	}
	return true
}

func groups(core bool) []string {
	if core {
		return []string{""}
	}
	var names []string
	for _, r := range resources {
		if r.group != "" && (len(names) == 0 || names[len(names)-1] != r.group) {
			names = append(names, r.group)
		}
	}
	return names
}

func scope(r resource) string {
	if r.namespaced {
		return "Namespaced"
	}
	return "Cluster"
}

func aggregated(core bool, version string) object {
	items := []object{}
	for _, group := range groups(core) {
		found := []object{}
		for _, r := range resources {
			if r.group == group && !strings.Contains(r.name, "/") {
				entry := object{"resource": r.name, "responseKind": object{"group": r.group, "version": r.version, "kind": r.kind}, "scope": scope(r), "singularResource": r.singular, "verbs": r.verbs, "shortNames": r.short}
				if r.name == "pods" {
					entry["subresources"] = []object{{"subresource": "log", "responseKind": object{"group": "", "version": "v1", "kind": "Pod"}, "verbs": []string{"get"}}}
				}
				found = append(found, entry)
			}
		}
		items = append(items, object{"metadata": object{"name": group, "creationTimestamp": nil}, "versions": []object{{"version": "v1", "freshness": "Current", "resources": found}}})
	}
	return object{"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/" + version, "metadata": object{}, "items": items}
}

func older(core bool) object {
	if core {
		return object{"kind": "APIVersions", "versions": []string{"v1"}, "serverAddressByClientCIDRs": []object{}}
	}
	list := []object{}
	for _, group := range groups(false) {
		v := object{"groupVersion": group + "/v1", "version": "v1"}
		list = append(list, object{"name": group, "versions": []object{v}, "preferredVersion": v})
	}
	return object{"kind": "APIGroupList", "apiVersion": "v1", "groups": list}
}

func writeResources(w http.ResponseWriter, group, version string) {
	found := []object{}
	for _, r := range resources {
		if r.group == group && r.version == version {
			found = append(found, object{"name": r.name, "singularName": r.singular, "namespaced": r.namespaced, "kind": r.kind, "verbs": r.verbs, "shortNames": r.short})
		}
	}
	if len(found) == 0 {
		writeStatus(w, 404, "NotFound", "the server could not find the requested resource")
		return
	}
	writeJSON(w, 200, object{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion(group, version), "resources": found})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func writeStatus(w http.ResponseWriter, code int, reason, message string) {
	writeJSON(w, code, object{"kind": "Status", "apiVersion": "v1", "metadata": object{}, "status": "Failure", "message": message, "reason": reason, "code": code})
}
