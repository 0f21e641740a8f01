package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

type server struct {
	world *world
	pool  *pool
	base  time.Time // of line 0 of every log
	users map[string]user
	seats *seats
	cores *cores
	stats *stats
	cost  struct{ call, object, mebibyte time.Duration }
}

// serve runs until SIGTERM; then it writes what everybody did to -stats.
func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	dir := flags.String("dir", ".", "where the files of the clients are written")
	statsFile := flags.String("stats", "", "where the counts are written at the end")
	bulk := flags.Int("pods", 0, "pods spread over 100 namespaces")
	nodes := flags.Int("nodes", 300, "nodes that those run on")
	filler := flags.Int("filler", 0, "objects of each of four kinds that are no pods")
	seatCount := flags.Int("seats", 49, "seats of the one priority level; 0 = no fairness")
	coreCount := flags.Int("cores", 0, "modelled cores; 0 = work costs nothing")
	var s server
	flags.DurationVar(&s.cost.call, "cost-call", 500*time.Microsecond, "core time of a request")
	flags.DurationVar(&s.cost.object, "cost-object", 60*time.Microsecond, "core time of an object in a list")
	flags.DurationVar(&s.cost.mebibyte, "cost-mebibyte", 4*time.Millisecond, "core time of a mebibyte of a log")
	var logs []logGroup
	flags.Func("logs", "NAMESPACE=PODS:BYTES:NODES, repeatable", func(text string) error {
		g, err := parseLogGroup(text)
		logs = append(logs, g)
		return err
	})
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	users, err := newUsers()
	if err != nil {
		return err
	}
	s.world, s.pool, s.stats = newWorld(*bulk, *nodes, *filler, logs), newPool(), newStats()
	s.base = time.Now().UTC().Truncate(time.Second).Add(-24 * time.Hour)
	s.cores, s.users = newCores(*coreCount), map[string]user{}
	if *seatCount > 0 {
		s.seats = newSeats(*seatCount)
	}
	for _, u := range users {
		s.users["Bearer "+u.token] = u
	}
	certificate, authority, err := newCertificate()
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	url := "https://" + listener.Addr().String()
	if err := writeClientFiles(*dir, url, authority, users); err != nil {
		return err
	}
	h := &http.Server{
		Handler:      &s,
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ErrorLog:     log.New(os.Stderr, "", 0),
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	go func() { <-ctx.Done(); _ = h.Close() }()
	fmt.Println("ready", url)
	if err := h.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if *statsFile == "" {
		return nil
	}
	text, _ := json.MarshalIndent(s.stats.snapshot(), "", "  ")
	return os.WriteFile(filepath.Clean(*statsFile), append(text, '\n'), 0o600)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	audit := r.Header.Get("Audit-ID")
	if audit == "" {
		audit = rand.Text()
	}
	w.Header().Set("Audit-Id", audit)
	caller, known := s.users[r.Header.Get("Authorization")]
	if !known {
		writeStatus(w, 401, "Unauthorized", "Unauthorized")
		return
	}
	s.stats.update(caller.name, func(c *counts) { c.Requests++ })
	path := strings.Trim(r.URL.Path, "/")
	switch {
	case r.Method == http.MethodPost:
		s.review(w, r, caller)
		return
	case r.Method != http.MethodGet:
		writeStatus(w, 405, "MethodNotAllowed", "only reading")
		return
	case path == "bench/stats":
		writeJSON(w, 200, s.stats.snapshot())
		return
	case path == "bench/reset":
		s.stats.reset()
		writeJSON(w, 200, object{})
		return
	case path == "version":
		writeJSON(w, 200, object{"major": "1", "minor": "34", "gitVersion": "v1.34.4", "platform": "linux/amd64", "goVersion": "go1.24"})
		return
	}
	if discovery(w, r) {
		return
	}
	s.object(w, r, caller)
}

// object answers for what is announced: lists, single objects, logs.
func (s *server) object(w http.ResponseWriter, r *http.Request, caller user) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	prefix := 2 // api/v1
	group := ""
	if parts[0] == "apis" {
		prefix = 3
		group = parts[1]
	}
	rest := parts[prefix:]
	namespace := ""
	if len(rest) > 2 && rest[0] == "namespaces" {
		namespace, rest = rest[1], rest[2:]
	}
	switch {
	case group == "" && len(rest) == 3 && rest[0] == "pods" && rest[2] == "log":
		s.log(w, r, logRead{caller: caller, pod: s.world.find(namespace, rest[1])})
	case len(rest) == 1:
		s.list(w, r, listRead{caller: caller, group: group, resource: rest[0], namespace: namespace})
	case len(rest) == 2:
		release, admitted := s.admit(w, r, caller, 1)
		if !admitted {
			return
		}
		defer release()
		s.cores.work(s.cost.call)
		s.single(w, namespace, rest[0], rest[1])
	default:
		writeStatus(w, 404, "NotFound", "the server could not find the requested resource")
	}
}

func (s *server) single(w http.ResponseWriter, namespace, kind, name string) {
	switch {
	case kind == "pods" && s.world.find(namespace, name) != nil:
		w.Header().Set("Content-Type", "application/json")
		body := s.world.appendPod(make([]byte, 0, 6<<10), s.world.find(namespace, name))
		_, _ = w.Write(append([]byte(`{"kind":"Pod","apiVersion":"v1",`), body[1:]...))
	case kind == "nodes" && s.world.hasNode(name):
		writeJSON(w, 200, named("Node", name))
	case kind == "namespaces" && s.world.hasNamespace(name):
		writeJSON(w, 200, named("Namespace", name))
	default:
		writeStatus(w, 404, "NotFound", fmt.Sprintf("%s %q not found", kind, name))
	}
}

// named renders a small object whose UID comes from its name.
func named(kind, name string) object {
	h := xorshift(88172645463325252)
	for _, c := range []byte(kind + name) {
		h = xorshift(uint64(h) ^ uint64(c))
		h.next()
	}
	uid := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(h.next()), h.below(1<<16), h.below(1<<12), h.below(1<<12), h.below(1<<48))
	o := object{"kind": kind, "apiVersion": "v1", "metadata": object{"name": name, "uid": uid, "resourceVersion": "7", "creationTimestamp": "2025-10-01T00:00:00Z"}}
	if kind == "Node" {
		o["status"] = object{
			"conditions": []object{{"type": "Ready", "status": "True"}},
			"nodeInfo":   object{"machineID": strings.ReplaceAll(uid, "-", ""), "kubeletVersion": "v1.34.4"},
		}
	} else {
		o["status"] = object{"phase": "Active"}
	}
	return o
}

func (u user) exempt() bool {
	for _, group := range u.groups {
		if group == "system:masters" {
			return true
		}
	}
	return false
}

// admit waits for seats; false when it has answered 429 itself.
func (s *server) admit(w http.ResponseWriter, r *http.Request, caller user, n int) (func(), bool) {
	if s.seats == nil || caller.exempt() {
		return func() {}, true
	}
	release, err := s.seats.acquire(r.Context(), caller.name, n)
	if err != nil {
		s.stats.update(caller.name, func(c *counts) { c.TooMany++ })
		w.Header().Set("Retry-After", "1")
		writeStatus(w, 429, "TooManyRequests", "too many requests, please try again later")
		return nil, false
	}
	return release, true
}

func (s *server) review(w http.ResponseWriter, r *http.Request, caller user) {
	var body object
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&body); err != nil {
		writeStatus(w, 415, "UnsupportedMediaType", "only JSON is understood")
		return
	}
	release, admitted := s.admit(w, r, caller, 1)
	if !admitted {
		return
	}
	defer release()
	s.cores.work(s.cost.call)
	switch {
	case strings.HasSuffix(r.URL.Path, "/selfsubjectreviews"):
		body["status"] = object{"userInfo": object{"username": caller.name, "groups": caller.groups}}
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		body["status"] = object{"allowed": true, "reason": "benchmark"}
	default:
		writeStatus(w, 404, "NotFound", "the server could not find the requested resource")
		return
	}
	writeJSON(w, 201, body)
}
