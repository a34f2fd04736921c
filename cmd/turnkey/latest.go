package main

import (
	"sync"

	"turnkey/runtime/bundle"
	"turnkey/runtime/rehearsal"
	"turnkey/runtime/upload"
)

// latests keep what devices of development instances sent last, across new revisions of their bundles.
type latests struct {
	mu   sync.Mutex
	byID map[string]*upload.Latest
}

// of gives an instance's memory; nil for instances that have none.
func (l *latests) of(i bundle.Instance) *upload.Latest {
	if i.Kind != bundle.Development {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[string]*upload.Latest{}
	}
	if l.byID[i.ID] == nil {
		l.byID[i.ID] = &upload.Latest{}
	}
	return l.byID[i.ID]
}

// list gives what an instance's memory has.
func (l *latests) list(instance string) []rehearsal.Latest {
	l.mu.Lock()
	of := l.byID[instance]
	l.mu.Unlock()
	if of == nil {
		return nil
	}
	return of.List()
}
