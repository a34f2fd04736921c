package check

import (
	"fmt"
	"maps"
	"slices"

	"turnkey/runtime/torture/history"
)

// refusals are one user's transactions that were refused, and what else may have been.
type refusals struct {
	refused map[string][]*op // by transaction
	parts   int              // how many rejections they may have at most
	unknown map[string]bool  // sent, and forgotten before an answer: may have been refused
	// twins counts a transaction's operations that look like what was refused before under the same ids: deletions, since
	// whatever else devices write has a tag of its own.
	twins  map[string]int
	before map[twin]string // the transaction that was refused
}

// twin is what a deletion is recognised by.
type twin struct {
	opID int64
	row  string
}

// rejections: what was refused is kept, once for each client transaction. A transaction that a batch
// cuts has one for each refused part.
func rejections(x *Index) []Violation {
	if x.Rejections == nil {
		return nil
	}
	users := refusedBy(x)
	kept := map[string]map[string]int{}
	total := map[string]int{}
	for _, r := range x.Rejections {
		if kept[r.User] == nil {
			kept[r.User] = map[string]int{}
		}
		kept[r.User][r.Row]++
		total[r.User]++
	}
	var out []Violation
	for _, user := range slices.Sorted(maps.Keys(users)) {
		u := users[user]
		for _, tx := range slices.Sorted(maps.Keys(u.refused)) {
			ops := u.refused[tx]
			if !slices.ContainsFunc(ops, func(o *op) bool { return kept[user][history.Key(o.Table, o.ID)] > 0 }) {
				out = append(out, violation(fmt.Sprintf("the refused transaction %s is not kept", tx), tagsOf(ops)...))
			}
		}
		least, most := len(u.refused)-u.equalled(), u.parts+len(u.unknown)
		if n := total[user]; n < least || n > most {
			out = append(out, violation(fmt.Sprintf("%s has %d kept rejections; %d transactions were refused, and at most %d can have been", user, n, least, most), u.sample()...))
		}
	}
	return out
}

func refusedBy(x *Index) map[string]*refusals {
	users := map[string]*refusals{}
	of := func(user string) *refusals {
		if users[user] == nil {
			users[user] = &refusals{refused: map[string][]*op{}, unknown: map[string]bool{}, twins: map[string]int{}, before: map[twin]string{}}
		}
		return users[user]
	}
	counted := map[string]bool{}
	for _, e := range x.Events {
		if e.Kind != history.Rejected && e.Kind != history.Send {
			continue
		}
		u := of(e.User)
		for _, tag := range e.Tags {
			o := x.ops[tag]
			switch {
			case o == nil || counted[e.User+string(e.Kind)+tag]:
			case e.Kind == history.Send && !o.ok && !o.rejected:
				u.unknown[o.tx] = true
			case e.Kind == history.Rejected:
				if u.refused[o.tx] == nil || !o.whole {
					u.parts++
				}
				u.refused[o.tx] = append(u.refused[o.tx], o)
				u.look(o)
			}
			counted[e.User+string(e.Kind)+tag] = true
		}
	}
	return users
}

// look finds out whether a refused deletion has a twin.
func (u *refusals) look(o *op) {
	if o.Verb != "DELETE" {
		return
	}
	t := twin{o.OpID, history.Key(o.Table, o.ID)}
	if tx, is := u.before[t]; !is {
		u.before[t] = o.tx
	} else if tx != o.tx {
		u.twins[o.tx]++
	}
}

// equalled counts the transactions that nobody can tell from a repeat of a refused one. They may have been told that refusal again.
func (u *refusals) equalled() (n int) {
	for tx, twins := range u.twins {
		if twins == len(u.refused[tx]) {
			n++
		}
	}
	return n
}

func tagsOf(ops []*op) []string {
	out := make([]string, len(ops))
	for i, o := range ops {
		out[i] = o.Tag
	}
	return out
}

// sample is one refused transaction to look at.
func (u *refusals) sample() []string {
	for _, tx := range slices.Sorted(maps.Keys(u.refused)) {
		return tagsOf(u.refused[tx])
	}
	return nil
}
