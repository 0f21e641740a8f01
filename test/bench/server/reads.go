package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

type listRead struct {
	caller                     user
	group, resource, namespace string
}

// page is a window of a list: count objects, each rendered by `render`.
type page struct {
	kind, apiVersion string
	count            int
	render           func(b []byte, i int) []byte
}

func (s *server) pageOf(l listRead, selector string) (page, bool) {
	for _, r := range resources {
		if r.group != l.group || r.name != l.resource || r.verbs[0] != "get" {
			continue
		}
		p := page{kind: r.kind + "List", apiVersion: groupVersion(r.group, r.version)}
		names := func(kind string, list []string) {
			p.count = len(list)
			p.render = func(b []byte, i int) []byte {
				o := named(kind, list[i])
				delete(o, "kind")
				delete(o, "apiVersion")
				text, _ := json.Marshal(o)
				return append(b, text...)
			}
		}
		switch {
		case fillers[l.resource] && l.namespace == "":
			p.count = len(s.world.filler)
			p.render = func(b []byte, i int) []byte { return s.world.appendPod(b, s.world.filler[i]) }
		case l.group != "":
		case l.resource == "pods":
			pods := s.world.in(l.namespace)
			if node, found := strings.CutPrefix(selector, "spec.nodeName="); found {
				pods = s.world.byNode[node]
			}
			p.count = len(pods)
			p.render = func(b []byte, i int) []byte { return s.world.appendPod(b, pods[i]) }
		case l.resource == "nodes":
			names("Node", s.world.nodes)
		case l.resource == "namespaces":
			names("Namespace", s.world.namespaces)
		}
		return p, true
	}
	return page{}, false
}

// seatsOf is the estimate of the original: two objects of work for each asked for, a hundred to the seat, ten at most.
func seatsOf(limit, stored int) int {
	objects := stored
	if limit > 0 && limit < stored {
		objects = limit
	}
	return min(10, max(1, (2*objects+99)/100))
}

func (s *server) list(w http.ResponseWriter, r *http.Request, l listRead) {
	query := r.URL.Query()
	p, known := s.pageOf(l, query.Get("fieldSelector"))
	if !known {
		writeStatus(w, 404, "NotFound", "the server could not find the requested resource")
		return
	}
	from := 0
	if token := query.Get("continue"); token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		if _, scanErr := fmt.Sscanf(string(text), "from %d", &from); err != nil || scanErr != nil || from > p.count {
			writeStatus(w, 400, "BadRequest", "continue key is not valid")
			return
		}
	}
	limit, _ := strconv.Atoi(query.Get("limit"))
	until := p.count
	if limit > 0 {
		until = min(p.count, from+limit)
	}
	begun := time.Now()
	s.stats.listBegins(l.caller.name)
	ended := false
	end := func() {
		if !ended {
			ended = true
			s.stats.listEnds(l.caller.name, time.Since(begun).Milliseconds())
		}
	}
	defer end()
	release, admitted := s.admit(w, r, l.caller, seatsOf(limit, p.count))
	if !admitted {
		return
	}
	defer release()
	s.cores.work(s.cost.call + time.Duration(until-from)*s.cost.object)
	body := p.body(from, until)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	// The client cannot send its next request before the last byte: counting stops just before that.
	_, _ = w.Write(body[:len(body)-1])
	release()
	end()
	_, _ = w.Write(body[len(body)-1:])
	s.stats.update(l.caller.name, func(c *counts) { c.Bytes += int64(len(body)) })
}

func (p page) body(from, until int) []byte {
	next, remaining := "", ""
	if until < p.count {
		next = `,"continue":"` + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "from %d", until)) + `"`
		remaining = fmt.Sprintf(`,"remainingItemCount":%d`, p.count-until)
	}
	body := make([]byte, 0, 1024+(until-from)*5000)
	body = fmt.Appendf(body, `{"kind":"%s","apiVersion":"%s","metadata":{"resourceVersion":"900000"%s%s},"items":[`, p.kind, p.apiVersion, next, remaining)
	for i := from; i < until; i++ {
		if i > from {
			body = append(body, ',')
		}
		body = p.render(body, i)
	}
	return append(body, "]}\n"...)
}

type logRead struct {
	caller user
	pod    *pod
}

func (s *server) log(w http.ResponseWriter, r *http.Request, l logRead) {
	query := r.URL.Query()
	if l.pod == nil {
		writeStatus(w, 404, "NotFound", "pods not found")
		return
	}
	if query.Get("previous") == "true" {
		writeStatus(w, 400, "BadRequest", `previous terminated container "main" in pod "`+l.pod.name+`" not found`)
		return
	}
	var sent int64
	s.stats.streamBegins(l.caller.name, l.pod.node)
	defer func() { s.stats.streamEnds(l.caller.name, l.pod.node, sent) }()
	s.cores.work(s.cost.call)
	stamped := query.Get("timestamps") == "true"
	next, until := int64(0), s.pool.linesIn(l.pod.logBytes)
	if since, err := time.Parse(time.RFC3339, query.Get("sinceTime")); err == nil {
		next = min(until, firstLineSince(s.base, since))
	}
	left := int64(1) << 62
	if limit, err := strconv.ParseInt(query.Get("limitBytes"), 10, 64); err == nil {
		left = limit
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(200)
	buffer, owed := make([]byte, 0, 128<<10), int64(0)
	for next < until && left > 0 {
		buffer, next = s.pool.appendLog(buffer[:0], s.base, next, until, stamped)
		n := min(left, int64(len(buffer)))
		if owed += n; owed >= 1<<20 {
			s.cores.work(time.Duration(owed) * s.cost.mebibyte / (1 << 20))
			owed = 0
		}
		if _, err := w.Write(buffer[:n]); err != nil {
			return
		}
		sent += n
		left -= n
	}
	if sent == 0 {
		_, _ = io.WriteString(w, "")
	}
}
