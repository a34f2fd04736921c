//go:build e2e

package main_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// edit is one write of a device, with what became of it. It reached the server between sent and
// answered, of the try that decided.
type edit struct {
	op, row        string         // PUT, PATCH or DELETE
	name           string         // "": says nothing of it
	archived       string         // "true", "false" or ""
	add            int            // to the counter
	raw, old       map[string]any // what the SDK has queued and the values before; nil: see data
	sent, answered time.Time
	fate           string // "success" or the error's code
}

// data is what travels.
func (e *edit) data() map[string]any {
	if e.raw != nil {
		return e.raw
	}
	out := map[string]any{}
	if e.op == "PUT" {
		out["owner_id"] = "e2e"
	}
	if e.name != "" {
		out["name"] = e.name
	}
	if e.archived != "" {
		out["archived"] = e.archived == "true"
	}
	if e.add != 0 {
		out["position"] = e.add // over a previous value of 0
	}
	return out
}

// modelRow is a row as a run without the bad deployment has it; the zero value is a missing row.
type modelRow struct {
	there          bool
	name, archived string
}

func (r modelRow) after(e *edit) modelRow {
	switch {
	case e.op == "DELETE":
		return modelRow{}
	case e.op == "PUT" && !r.there:
		return modelRow{true, e.name, e.archived}
	case !r.there:
		return r
	}
	if e.name != "" {
		r.name = e.name
	}
	if e.archived != "" {
		r.archived = e.archived
	}
	return r
}

// explains reports whether some order of arrival of a row's edits leads from one state to the other.
func explains(from, to modelRow, edits []*edit) bool {
	_, ok := arrival(from, to, edits)
	return ok
}

// arrival finds an order in which a row's edits may have arrived, and which leads from one state to the other.
// Edits that did not overlap in time arrived in their order; those that did, in any.
func arrival(from, to modelRow, edits []*edit) (order []*edit, ok bool) {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b *edit) int { return a.sent.Compare(b.sent) })
	dead := map[string]bool{} // what has been tried in vain
	done := make([]bool, len(edits))
	var walk func(low int, now modelRow) bool
	walk = func(low int, now modelRow) bool {
		for low < len(edits) && done[low] {
			low++
		}
		if low == len(edits) {
			return now == to
		}
		var open []int // may be next: sent before anything that is left was answered
		ends := edits[low].answered
		for i := low; i < len(edits) && edits[i].sent.Before(ends); i++ {
			if !done[i] {
				open = append(open, i)
				if edits[i].answered.Before(ends) {
					ends = edits[i].answered
				}
			}
		}
		key := fmt.Sprint(open, now)
		if dead[key] {
			return false
		}
		for _, i := range open {
			if edits[i].sent.Before(ends) {
				done[i], order = true, append(order, edits[i])
				if walk(low, now.after(edits[i])) {
					return true
				}
				done[i], order = false, order[:len(order)-1]
			}
		}
		dead[key] = true
		return false
	}
	ok = walk(0, from)
	return order, ok
}

// TestPlanesModel: the checker lets pass what may be, and nothing else.
func TestPlanesModel(t *testing.T) {
	at := func(op, name string, sent, answered int) *edit {
		start := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
		return &edit{op: op, name: name, sent: start.Add(time.Duration(sent)), answered: start.Add(time.Duration(answered))}
	}
	old, a, b := modelRow{there: true, name: "old"}, modelRow{there: true, name: "a"}, modelRow{there: true, name: "b"}
	for name, c := range map[string]struct {
		from, to modelRow
		edits    []*edit
		want     bool
	}{
		"the last write":                  {old, b, []*edit{at("PATCH", "b", 3, 4), at("PATCH", "a", 1, 2)}, true},
		"a lost write":                    {old, a, []*edit{at("PATCH", "a", 1, 2), at("PATCH", "b", 3, 4)}, false},
		"either of two at once":           {old, a, []*edit{at("PATCH", "a", 1, 4), at("PATCH", "b", 3, 5)}, true},
		"neither of them":                 {old, old, []*edit{at("PATCH", "a", 1, 4), at("PATCH", "b", 3, 5)}, false},
		"a chain of overlaps is an order": {old, a, []*edit{at("PATCH", "a", 1, 4), at("PATCH", "x", 3, 6), at("PATCH", "b", 5, 8)}, false},
		"a deletion undone":               {old, old, []*edit{at("DELETE", "", 1, 2)}, false},
		"a row that came back":            {old, a, []*edit{at("DELETE", "", 1, 2), at("PATCH", "a", 3, 4)}, false},
		"a row made anew":                 {old, a, []*edit{at("DELETE", "", 1, 2), at("PUT", "a", 3, 4)}, true},
		"a row from nowhere":              {modelRow{}, a, []*edit{at("PATCH", "a", 1, 2)}, false},
	} {
		if got := explains(c.from, c.to, c.edits); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
