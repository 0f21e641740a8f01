package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

type latencies struct {
	Requests int     `json:"requests"`
	Errors   int     `json:"errors"`
	P50Ms    float64 `json:"p50Ms"`
	P95Ms    float64 `json:"p95Ms"`
	P99Ms    float64 `json:"p99Ms"`
	MaxMs    float64 `json:"maxMs"`
}

// probe is the other client: it asks at a fixed rate, whatever the answers do, and counts latency from the instant at which a request
// was due. Nine in ten are a small object, one is a page of 100. It stops at SIGTERM and prints what it saw.
func probe(arguments []string) error {
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	dir := flags.String("dir", ".", "the server's folder")
	name := flags.String("user", "bystander", "whose token")
	rate := flags.Int("rate", 50, "requests a second")
	namespace := flags.String("namespace", "team-001", "where the pages come from")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	client, base, header, err := newClient(*dir, *name)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	var (
		mutex   sync.Mutex
		seen    []float64
		errs    int
		pending sync.WaitGroup
	)
	period, begun := time.Second/time.Duration(*rate), time.Now()
	for i := 0; ; i++ {
		due := begun.Add(time.Duration(i) * period)
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
		path := "/api/v1/namespaces/kube-system"
		if i%10 == 9 {
			path = "/api/v1/namespaces/" + *namespace + "/pods?limit=100"
		}
		pending.Add(1)
		go func() {
			defer pending.Done()
			failed := get(client, base+path, header) != nil
			took := float64(time.Since(due).Microseconds()) / 1000
			mutex.Lock()
			defer mutex.Unlock()
			seen = append(seen, took)
			if failed {
				errs++
			}
		}()
	}
	pending.Wait()
	return json.NewEncoder(os.Stdout).Encode(summarize(seen, errs))
}

func newClient(dir, name string) (*http.Client, string, string, error) {
	read := func(file string) string {
		text, _ := os.ReadFile(filepath.Join(dir, file))
		return strings.TrimSpace(string(text))
	}
	roots := x509.NewCertPool()
	_, header, _ := strings.Cut(read(name+".header"), ": ")
	if !roots.AppendCertsFromPEM([]byte(read("ca.crt"))) || header == "" {
		return nil, "", "", fmt.Errorf("no client files of %s in %s", name, dir)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 100, ForceAttemptHTTP2: false}
	return &http.Client{Transport: transport, Timeout: 60 * time.Second}, read("server"), header, nil
}

func get(client *http.Client, url, header string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", header)
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != 200 {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	return nil
}

func summarize(seen []float64, errs int) latencies {
	slices.Sort(seen)
	at := func(share float64) float64 {
		if len(seen) == 0 {
			return 0
		}
		return seen[min(len(seen)-1, int(math.Ceil(share*float64(len(seen))))-1)]
	}
	return latencies{Requests: len(seen), Errors: errs, P50Ms: at(0.5), P95Ms: at(0.95), P99Ms: at(0.99), MaxMs: at(1)}
}
