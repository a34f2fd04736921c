package check

import (
	"fmt"
	"maps"

	"turnkey/runtime/torture/history"
)

// causal checks read-your-writes, monotonic reads, monotonic writes and writes-follow-reads over the
// workload of registers. The idea is that of jepsen-powersync's checker: a process carries, for each
// key, the newest version it must see; a write keeps its writer's vector; whoever reads the write
// takes that vector over. There, values only grow and are their own versions. Here the database's log
// of changes says which version followed which, so that any policy can be checked.
func causal(x *Index) []Violation {
	c := &causality{Index: x, versions: map[string]map[string]int{}, processes: map[string]vector{}, writers: map[string]vector{}, merged: map[string]map[string]bool{}}
	for key, row := range x.Seeds {
		c.versions[key] = map[string]int{row.Tag: 0}
	}
	for _, change := range x.Changes {
		key := history.Key(change.Table, change.ID)
		if c.versions[key] == nil {
			c.versions[key] = map[string]int{"": 0}
		}
		if change.Verb != "delete" {
			c.versions[key][change.Row.Tag] = len(c.versions[key])
		}
	}
	var out []Violation
	for i := range x.Events {
		switch e := &x.Events[i]; e.Kind {
		case history.Queue:
			c.write(e)
		case history.Read:
			out = append(out, c.read(e)...)
		}
	}
	return out
}

// vector is the least version of each key.
type vector map[string]seen

// seen is a version with the operation that made it known.
type seen struct {
	version int
	tag     string
}

type causality struct {
	*Index
	versions  map[string]map[string]int // key -> tag -> place in the order of versions
	processes map[string]vector         // by device and session
	writers   map[string]vector         // by tag: what its writer knew
	merged    map[string]map[string]bool
}

// learnt are the tags whose writers' vectors the process has taken over already.
func (c *causality) learnt(e *history.Event) map[string]bool {
	name := fmt.Sprintf("%s/%d", e.Device, e.Session)
	if c.merged[name] == nil {
		c.merged[name] = map[string]bool{}
	}
	return c.merged[name]
}

// own reports that the write may be in the device's own queue still, or was when it was cloned.
func (c *causality) own(device, tag string) bool {
	o := c.ops[tag]
	for o != nil && device != "" {
		if o.device == device {
			return true
		}
		device = c.origins[device]
	}
	return false
}

func (c *causality) process(e *history.Event) vector {
	name := fmt.Sprintf("%s/%d", e.Device, e.Session)
	if c.processes[name] == nil {
		c.processes[name] = vector{}
	}
	return c.processes[name]
}

func (c *causality) write(e *history.Event) {
	v := c.process(e)
	for _, o := range e.Ops {
		if o.Table != registersTable {
			continue
		}
		key := history.Key(o.Table, o.ID)
		if at, known := c.versions[key][o.Tag]; known {
			v.raise(key, seen{at, o.Tag})
		}
		if !e.Whole { // its transactions may be cut: this write may be seen without the next
			c.writers[o.Tag] = maps.Clone(v)
		}
	}
	if e.Whole {
		knew := maps.Clone(v)
		for _, o := range e.Ops {
			c.writers[o.Tag] = knew
		}
	}
}

const registersTable = "registers"

func (v vector) raise(key string, to seen) {
	if to.version > v[key].version {
		v[key] = to
	}
}

func (c *causality) read(e *history.Event) []Violation {
	var out []Violation
	v, learnt := c.process(e), c.learnt(e)
	// A read is one snapshot: what one key's writer knew holds for the others of the same read.
	for key, tag := range e.Seen {
		at, known := c.versions[key][tag]
		if !known {
			if !c.own(e.Device, tag) {
				out = append(out, violation(fmt.Sprintf("%s read %q of %s, which the database never held", e.Device, tag, key), tag))
			}
			continue
		}
		v.raise(key, seen{at, tag})
		if learnt[tag] {
			continue
		}
		learnt[tag] = true
		for other, version := range c.writers[tag] {
			v.raise(other, version)
		}
	}
	for key, tag := range e.Seen {
		if at, known := c.versions[key][tag]; known && at < v[key].version {
			out = append(out, violation(fmt.Sprintf("%s reads %q of %s (version %d) after it could know version %d", e.Device, tag, key, at, v[key].version), tag, v[key].tag))
		}
	}
	return out
}
