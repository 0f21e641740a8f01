package main

import "sync"

// counts is what one user did. Maxima are of requests being handled at the same instant.
type counts struct {
	Requests          int64 `json:"requests"`
	Lists             int64 `json:"lists"`
	Streams           int64 `json:"streams"`
	Bytes             int64 `json:"bytes"`
	TooMany           int64 `json:"tooMany"`
	MaxLists          int   `json:"maxLists"`
	MaxStreams        int   `json:"maxStreams"`
	MaxStreamsPerNode int   `json:"maxStreamsPerNode"`
	MaxListMs         int64 `json:"maxListMs"`
	lists             int
	streams           int
	streamsPerNode    map[string]int
}

type stats struct {
	mutex sync.Mutex
	users map[string]*counts
}

func newStats() *stats { return &stats{users: map[string]*counts{}} }

func (s *stats) update(user string, change func(*counts)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.users[user]
	if c == nil {
		c = &counts{streamsPerNode: map[string]int{}}
		s.users[user] = c
	}
	change(c)
}

func (s *stats) listBegins(user string) {
	s.update(user, func(c *counts) { c.Lists++; c.lists++; c.MaxLists = max(c.MaxLists, c.lists) })
}

func (s *stats) listEnds(user string, ms int64) {
	s.update(user, func(c *counts) { c.lists--; c.MaxListMs = max(c.MaxListMs, ms) })
}

func (s *stats) streamBegins(user, node string) {
	s.update(user, func(c *counts) {
		c.Streams++
		c.streams++
		c.streamsPerNode[node]++
		c.MaxStreams = max(c.MaxStreams, c.streams)
		c.MaxStreamsPerNode = max(c.MaxStreamsPerNode, c.streamsPerNode[node])
	})
}

func (s *stats) streamEnds(user, node string, bytes int64) {
	s.update(user, func(c *counts) { c.streams--; c.streamsPerNode[node]--; c.Bytes += bytes })
}

// reset forgets the past, not what is running.
func (s *stats) reset() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for user, c := range s.users {
		s.users[user] = &counts{lists: c.lists, streams: c.streams, streamsPerNode: c.streamsPerNode}
	}
}

func (s *stats) snapshot() map[string]counts {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	copied := map[string]counts{}
	for user, c := range s.users {
		copied[user] = *c
	}
	return copied
}
