// Package check decides whether a run kept the promises: pure functions over the history, the
// database's own log of changes and its final rows. Each says what it found as violations that quote
// the events which show it. It must not know devices, servers or faults.
package check

import (
	"fmt"
	"slices"
	"strings"

	"turnkey/runtime/torture/history"
)

// Violation is one broken promise.
type Violation struct {
	Checker string
	What    string
	// Tags are the operations to look at in the history.
	Tags []string
	// Row is the row whose every change shows it; "" when the operations' own changes do.
	Row string
}

// Checker is one promise.
type Checker struct {
	Name  string
	Check func(*Index) []Violation
}

// All are the checkers, in the order of the report.
func All() []Checker {
	return []Checker{
		{"lost", lost}, {"duplicated", duplicated}, {"phantom", phantom}, {"answers", answers}, {"rejections", rejections},
		{"hooks", hooks}, {"events", events}, {"order", order}, {"atomic", atomic}, {"sums", sums}, {"lists", lists}, {"causal", causal},
		{"convergence", convergence}, {"tombstones", tombstones}, {"drained", drained},
	}
}

// op is what the run tells about one operation.
type op struct {
	history.Op
	tx        string
	device    string // that queued it
	sent      bool
	ok        bool
	rejected  bool
	dropped   bool
	whole     bool
	lastOnRow bool // nothing later in its transaction touches the row, so its tag must be seen
	effects   []int
}

// Index is a run in the form that the checkers ask for.
type Index struct {
	*history.Run
	ops      map[string]*op
	order    []*op             // as queued
	origins  map[string]string // of clones
	settings Settings
}

// Settings say which policies the run was configured with.
type Settings struct {
	// Sums are tables whose column n is a counter.
	Sums map[string]bool
	// Balance is the sum of all accounts that every snapshot must have; 0: no accounts.
	Balance int64
	// Hook is what the hook of one table does; zero: there is none.
	Hook Hook
	// Events are what hooks send to a receiver.
	Events []Event
}

// NewIndex reads a run once.
func NewIndex(run *history.Run, settings Settings) *Index {
	x := &Index{Run: run, ops: map[string]*op{}, origins: map[string]string{}, settings: settings}
	for i := range run.Events {
		x.event(&run.Events[i])
	}
	for i := range run.Changes {
		c := &run.Changes[i]
		if o := x.ops[c.Row.Tag]; o != nil && c.Verb != "delete" {
			o.effects = append(o.effects, i)
		}
	}
	return x
}

func (x *Index) event(e *history.Event) {
	if e.Kind == history.Clone {
		x.origins[e.Device] = e.Note
		return
	}
	if e.Kind == history.Queue {
		last := map[string]int{}
		for i, o := range e.Ops {
			last[history.Key(o.Table, o.ID)] = i
		}
		for i, o := range e.Ops {
			n := &op{Op: o, tx: e.Tx, device: e.Device, whole: e.Whole, lastOnRow: last[history.Key(o.Table, o.ID)] == i}
			x.ops[o.Tag] = n
			x.order = append(x.order, n)
		}
		return
	}
	for _, tag := range e.Tags {
		o := x.ops[tag]
		if o == nil {
			continue
		}
		switch e.Kind {
		case history.Send:
			o.sent = true
		case history.OK:
			o.ok = true
		case history.Rejected:
			o.rejected = true
		case history.Drop:
			o.dropped = true
		}
	}
}

// Run applies every checker.
func Run(run *history.Run, settings Settings) (violations []Violation, counts map[string]int) {
	x := NewIndex(run, settings)
	counts = map[string]int{}
	for _, c := range All() {
		found := c.Check(x)
		for i := range found {
			found[i].Checker = c.Name
		}
		counts[c.Name] = len(found)
		violations = append(violations, found...)
	}
	return violations, counts
}

// Excerpt is the part of the history that shows a violation: the events and changes of its
// operations.
func Excerpt(run *history.Run, v Violation, most int) []string {
	var out []string
	for _, e := range run.Events {
		touches := slices.ContainsFunc(e.Tags, func(t string) bool { return slices.Contains(v.Tags, t) }) ||
			slices.ContainsFunc(e.Ops, func(o history.Op) bool { return slices.Contains(v.Tags, o.Tag) })
		if touches {
			out = append(out, fmt.Sprintf("%12.6fs %-8s %s %s", e.At.Seconds(), e.Kind, e.Device, brief(e, v.Tags)))
		}
	}
	for i, c := range run.Changes {
		key := history.Key(c.Table, c.ID)
		if key == v.Row || v.Row == "" && slices.Contains(v.Tags, c.Row.Tag) {
			out = append(out, fmt.Sprintf("   change %6d %s %s tag=%s n=%d in commit %s", i, c.Verb, key, c.Row.Tag, c.Row.N, c.Commit))
		}
	}
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("... and %d more", len(out)-most))
	}
	return out
}

func brief(e history.Event, tags []string) string {
	var parts []string
	for _, o := range e.Ops {
		if slices.Contains(tags, o.Tag) {
			parts = append(parts, fmt.Sprintf("%s %s %s %v", o.Tag, o.Verb, history.Key(o.Table, o.ID), o.Data))
		}
	}
	if n := len(e.Tags); n > 0 {
		parts = append(parts, fmt.Sprintf("(%d operations)", n))
	}
	if e.Note != "" {
		parts = append(parts, e.Note)
	}
	return strings.Join(parts, " ")
}

// foreign reports a tag that no device wrote but the torture itself.
func foreign(tag string) bool { return tag == "seed" || tag == "foreign" }

func violation(what string, tags ...string) Violation { return Violation{What: what, Tags: tags} }

func rowViolation(key, what string, tags ...string) Violation {
	return Violation{What: what, Row: key, Tags: slices.DeleteFunc(tags, foreign)}
}
