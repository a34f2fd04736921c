package check

import (
	"fmt"

	"turnkey/runtime/torture/history"
)

// Event is something that a hook has sent to a receiver when a change of a table is committed.
type Event struct {
	Lane, Table string
	// Every: changes whose n is a multiple of it are told; 1: all are.
	Every int64
}

// of reports a change that is told.
func (e *Event) of(c *history.Change) bool {
	return c.Table == e.Table && c.Verb != "delete" && c.Row.N%e.Every == 0
}

// events: what hooks enqueue, and what they do after the commit, reaches the receiver at least once for each change that
// was committed, under one id and with one content however often it comes, and never for one that was not.
func events(x *Index) (out []Violation) {
	for i := range x.settings.Events {
		out = append(out, x.eventsOf(&x.settings.Events[i])...)
	}
	for _, a := range x.Arrivals {
		if a.Wrong != "" {
			out = append(out, violation("what came to "+a.Lane+" is wrong: "+a.Wrong, a.Tag))
		}
	}
	return out
}

// told is what came of one operation's event.
type told struct {
	taken  bool
	ids    map[string]string // to the content
	change bool              // the content changed
}

func (x *Index) eventsOf(e *Event) (out []Violation) {
	came := map[string]*told{} // by the operation's tag
	for _, a := range x.Arrivals {
		if a.Lane != e.Lane {
			continue
		}
		t := came[a.Tag]
		if t == nil {
			t = &told{ids: map[string]string{}}
			came[a.Tag] = t
		}
		if before, again := t.ids[a.ID]; again && before != a.Body {
			t.change = true
		}
		t.ids[a.ID] = a.Body
		t.taken = t.taken || a.Taken
	}
	for i := range x.order {
		o := x.order[i]
		if o.Table != e.Table {
			continue
		}
		want := 0
		for _, at := range o.effects {
			if e.of(&x.Changes[at]) {
				want++
			}
		}
		t := came[o.Tag]
		delete(came, o.Tag)
		if what := t.wrong(e.Lane, want); what != "" {
			out = append(out, violation(what, o.Tag))
		}
	}
	for tag := range came {
		out = append(out, violation("an event came to "+e.Lane+" of an operation that nobody queued", tag))
	}
	return out
}

// wrong says what is wrong with the events of an operation that has so many changes to tell; "": nothing.
func (t *told) wrong(lane string, want int) string {
	switch {
	case want == 0 && t != nil:
		return "an event came to " + lane + " of a change that was not committed"
	case want == 0:
		return ""
	case t == nil || !t.taken:
		return "the event of a committed change never reached " + lane
	case len(t.ids) != want:
		return fmt.Sprintf("%d changes came to %s as %d events, each under an id of its own", want, lane, len(t.ids))
	case t.change:
		return "an event came to " + lane + " again under the same id and with other content"
	}
	return ""
}
