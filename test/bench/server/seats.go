package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

var errTooMany = errors.New("too many requests")

const (
	queueLimit = 50
	queueWait  = 15 * time.Second
)

// seats is a priority level as in priority and fairness: requests take seats, wait in the queue of their flow (the user) when there are
// none, and the flow that has used least seat time goes first. A waiting head that does not fit blocks the rest, as in the original.
type seats struct {
	mutex sync.Mutex
	total int
	used  int
	flows map[string]*flow
}

type flow struct {
	work  float64 // seat seconds used
	queue []*waiter
	inUse int
}

type waiter struct {
	seats   int
	granted chan struct{}
}

func newSeats(total int) *seats { return &seats{total: total, flows: map[string]*flow{}} }

// acquire returns a release function; errTooMany where a real server answers 429.
func (s *seats) acquire(ctx context.Context, name string, n int) (func(), error) {
	s.mutex.Lock()
	f := s.flows[name]
	if f == nil {
		f = &flow{work: s.leastWork()}
		s.flows[name] = f
	}
	if len(f.queue) >= queueLimit {
		s.mutex.Unlock()
		return nil, errTooMany
	}
	if len(f.queue) == 0 && f.inUse == 0 {
		f.work = max(f.work, s.leastWork())
	}
	w := &waiter{seats: n, granted: make(chan struct{})}
	f.queue = append(f.queue, w)
	s.dispatch()
	s.mutex.Unlock()

	timer := time.NewTimer(queueWait)
	defer timer.Stop()
	select {
	case <-w.granted:
		return s.releaser(f, n), nil
	case <-ctx.Done():
	case <-timer.C:
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	select {
	case <-w.granted: // granted while giving up
		return s.releaser(f, n), nil
	default:
	}
	for i := range f.queue {
		if f.queue[i] == w {
			f.queue = append(f.queue[:i], f.queue[i+1:]...)
			break
		}
	}
	s.dispatch()
	return nil, errTooMany
}

func (s *seats) releaser(f *flow, n int) func() {
	begun := time.Now()
	var once sync.Once
	return func() {
		once.Do(func() {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			f.work += float64(n) * time.Since(begun).Seconds()
			f.inUse -= n
			s.used -= n
			s.dispatch()
		})
	}
}

func (s *seats) leastWork() float64 {
	least, found := 0.0, false
	for _, f := range s.flows {
		if (len(f.queue) > 0 || f.inUse > 0) && (!found || f.work < least) {
			least, found = f.work, true
		}
	}
	return least
}

func (s *seats) dispatch() {
	for {
		var next *flow
		for _, f := range s.flows {
			// Seats in use count as work that is under way, else a flow could take all of them before its first request ends.
			if len(f.queue) > 0 && (next == nil || f.work+float64(f.inUse) < next.work+float64(next.inUse)) {
				next = f
			}
		}
		if next == nil || s.used+next.queue[0].seats > s.total {
			return
		}
		w := next.queue[0]
		next.queue = next.queue[1:]
		next.inUse += w.seats
		s.used += w.seats
		close(w.granted)
	}
}

// cores models the processor of the server: work holds one of n for its time, first come first served, and burns nothing of this machine.
// Zero cores: everything is free.
type cores struct{ slots chan struct{} }

func newCores(n int) *cores {
	if n == 0 {
		return &cores{}
	}
	return &cores{slots: make(chan struct{}, n)}
}

func (c *cores) work(d time.Duration) {
	if c.slots == nil || d <= 0 {
		return
	}
	c.slots <- struct{}{}
	time.Sleep(d)
	<-c.slots
}
