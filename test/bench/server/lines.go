package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"time"
)

// Lines of one second share their fraction with the same lines of every other second, so a rendered pool can be used again.
const (
	linesPerSecond = 1000
	poolLines      = 64 * linesPerSecond
	secondsLayout  = "2006-01-02T15:04:05"
	// stampBytes is the length of `2006-01-02T15:04:05.000000000Z ` as a kubelet writes it.
	stampBytes = 31
)

type xorshift uint64

func (x *xorshift) next() uint64 {
	v := uint64(*x)
	v ^= v << 13
	v ^= v >> 7
	v ^= v << 17
	*x = xorshift(v)
	return v
}

func (x *xorshift) below(n uint64) uint64 { return x.next() % n }

var (
	words    = []string{"checkout", "payment", "inventory", "session", "cart", "ledger", "shipping", "catalog", "gateway", "mailer", "search", "profile"}
	verbs    = []string{"GET", "POST", "PUT", "DELETE", "PATCH"}
	levels   = []string{"debug", "info", "info", "info", "warn", "error"}
	messages = []string{
		"request served", "cache miss, reading from the store", "connection to upstream closed, dialing again", "token renewed",
		"slow query", "retry scheduled", "worker idle", "batch written", "lease extended", "config reloaded",
	}
	agents = []string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.5.0", "kube-probe/1.34", "Go-http-client/1.1",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
	}
)

// appendLine renders one log line: 60 % JSON, 25 % klog, 15 % access log.
func appendLine(b []byte, r *xorshift) []byte {
	word := words[r.below(uint64(len(words)))]
	switch kind := r.below(100); {
	case kind < 60:
		return fmt.Appendf(b, `{"level":"%s","ts":%d.%06d,"logger":"%s.%s","msg":"%s","trace_id":"%016x%016x","duration_ms":%d,"user":"u-%07d","attempt":%d,"path":"/api/v%d/%s/%d"}`+"\n",
			levels[r.below(6)], 1700000000+r.below(9e6), r.below(1e6), word, words[r.below(12)], messages[r.below(10)], r.next(), r.next(),
			r.below(4000), r.below(1e7), r.below(4), 1+r.below(3), word, r.below(1e6))
	case kind < 85:
		return fmt.Appendf(b, "%c%02d%02d %02d:%02d:%02d.%06d %7d %s_controller.go:%d] \"%s\" controller=\"%s\" key=\"%s/%s-%06x\" generation=%d\n",
			"IIIWE"[r.below(5)], 1+r.below(12), 1+r.below(28), r.below(24), r.below(60), r.below(60), r.below(1e6), 1+r.below(40000), word,
			40+r.below(900), messages[r.below(10)], word, words[r.below(12)], word, r.below(1<<24), r.below(90))
	default:
		return fmt.Appendf(b, "10.%d.%d.%d - - [%02d/Nov/2025:%02d:%02d:%02d +0000] \"%s /%s/%x HTTP/1.1\" %d %d \"-\" \"%s\" %d.%03d\n",
			r.below(255), r.below(255), r.below(255), 1+r.below(28), r.below(24), r.below(60), r.below(60), verbs[r.below(5)], word, r.next(),
			[]int{200, 200, 200, 204, 301, 404, 500}[r.below(7)], r.below(60000), agents[r.below(5)], r.below(3), r.below(1000))
	}
}

// pool holds the lines that every log repeats, each with the part of its time stamp that never changes in front: `.000000000Z `.
type pool struct {
	bytes  []byte
	starts []int
}

const fractionBytes = stampBytes - len(secondsLayout)

func newPool() *pool {
	r := xorshift(12345)
	p := &pool{starts: make([]int, 0, poolLines+1)}
	for i := 0; i < poolLines; i++ {
		p.starts = append(p.starts, len(p.bytes))
		p.bytes = fmt.Appendf(p.bytes, ".%09dZ ", (i%linesPerSecond)*(1_000_000_000/linesPerSecond)+314159)
		p.bytes = appendLine(p.bytes, &r)
	}
	p.starts = append(p.starts, len(p.bytes))
	return p
}

// linesIn is how many whole lines, stamped, fit in a log of so many bytes.
func (p *pool) linesIn(bytes int64) int64 {
	cycle := int64(len(p.bytes)) + poolLines*int64(len(secondsLayout))
	lines := bytes / cycle * poolLines
	rest := bytes % cycle
	for i := 0; i < poolLines; i++ {
		rest -= int64(p.starts[i+1] - p.starts[i] + len(secondsLayout))
		if rest < 0 {
			break
		}
		lines++
	}
	return lines
}

// appendLog renders lines from index `from` on until the buffer would pass its capacity or `until` is reached; returns the next index.
func (p *pool) appendLog(b []byte, base time.Time, from, until int64, stamped bool) ([]byte, int64) {
	second := int64(-1)
	var prefix [len(secondsLayout)]byte
	for i := from; i < until; i++ {
		line := p.bytes[p.starts[i%poolLines]:p.starts[i%poolLines+1]]
		if len(b)+len(line)+len(prefix) > cap(b) {
			return b, i
		}
		if !stamped {
			b = append(b, line[fractionBytes:]...)
			continue
		}
		if s := i / linesPerSecond; s != second {
			second = s
			base.Add(time.Duration(s)*time.Second).AppendFormat(prefix[:0], secondsLayout)
		}
		b = append(append(b, prefix[:]...), line...)
	}
	return b, until
}

// firstLineSince is the index of the first line that is not older than `since`.
func firstLineSince(base, since time.Time) int64 {
	if !since.After(base) {
		return 0
	}
	const step = time.Second / linesPerSecond
	return int64((since.Sub(base) + step - 1) / step)
}

// writeLines prints unstamped lines, for the payload files of the seal and verify benchmarks.
func writeLines(arguments []string) error {
	flags := flag.NewFlagSet("lines", flag.ContinueOnError)
	size := flags.Int64("bytes", 1<<20, "exactly so many bytes; the last line may be cut")
	skip := flags.Int64("skip", 0, "begin at this line")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	p := newPool()
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	buffer := make([]byte, 0, 256<<10)
	base := time.Date(2025, 11, 1, 0, 0, 0, 0, time.UTC)
	for next, left := *skip, *size; left > 0; {
		buffer, next = p.appendLog(buffer[:0], base, next, 1<<62, false)
		n := min(left, int64(len(buffer)))
		if _, err := out.Write(buffer[:n]); err != nil {
			return err
		}
		left -= n
	}
	return out.Flush()
}
