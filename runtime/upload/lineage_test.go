package upload

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// wrote is an operation that a device wrote once: another one may have the same id and content.
type wrote struct {
	op      int64
	content byte
	done    bool // the server has processed it
}

// file is what a device has stored. Its queue is in transactions.
type file struct {
	next  int64
	queue [][]*wrote
	all   []*wrote // also what has left the queue
}

func (f file) copy() file {
	return file{f.next, slices.Clone(f.queue), slices.Clone(f.all)}
}

// countingWorld is a device that loses power, and the receipts that the server has of it.
type countingWorld struct {
	*testing.T
	*rand.Rand
	whole    bool // it sends transactions; otherwise pieces of its queue
	now      time.Time
	receipts []source.Receipt
	disk     file
	saved    []file     // what power loss may go back to
	files    [][]*wrote // all that a file had when it was lost
	sent     [][]*wrote // copies may come late
	story    []string
}

// TestADeviceThatLosesPower holds what is taken for a repeat against the truth: nothing is processed twice, and what was never
// processed is taken for a repeat only if one file of the device had all of it that the server has seen.
func TestADeviceThatLosesPower(t *testing.T) {
	for _, whole := range []bool{true, false} {
		t.Run(fmt.Sprintf("whole=%v", whole), func(t *testing.T) {
			for seed := range uint64(1500) {
				w := &countingWorld{T: t, Rand: rand.New(rand.NewPCG(seed, 1)), whole: whole, now: time.Unix(1e9, 0), disk: file{next: 30}}
				for range 25 {
					w.step()
				}
			}
		})
	}
}

func (w *countingWorld) step() {
	w.now = w.now.Add(time.Second)
	switch w.IntN(6) {
	case 0, 1:
		w.saved = append(w.saved, w.disk.copy())
		w.write()
	case 2, 3:
		if len(w.disk.queue) > 0 {
			w.send(w.request())
			if w.IntN(3) > 0 { // the answer is heard
				w.saved = append(w.saved, w.disk.copy())
				w.forget()
			}
		}
	case 4:
		if len(w.sent) > 0 {
			w.story = append(w.story, "late")
			w.send(w.sent[w.IntN(len(w.sent))])
		}
	case 5:
		if len(w.saved) > 0 && w.IntN(2) == 0 {
			w.files = append(w.files, w.disk.all)
			n := max(0, len(w.saved)-1-w.IntN(4))
			w.disk, w.saved = w.saved[n].copy(), w.saved[:n]
			w.story = append(w.story, fmt.Sprintf("power loss, next is %d", w.disk.next))
		}
	}
}

func (w *countingWorld) write() {
	var list []*wrote
	for range 1 + w.IntN(3) {
		list = append(list, &wrote{op: w.disk.next, content: byte('a' + w.IntN(2))})
		w.disk.next++
	}
	w.disk.queue, w.disk.all = append(w.disk.queue, list), append(w.disk.all, list...)
}

// request is the next transaction, or a piece of the queue of any length.
func (w *countingWorld) request() []*wrote {
	if w.whole {
		return w.disk.queue[0]
	}
	all := slices.Concat(w.disk.queue...)
	return all[:1+w.IntN(min(4, len(all)))]
}

// forget takes what was processed last out of the queue.
func (w *countingWorld) forget() {
	heard := w.sent[len(w.sent)-1]
	for i := range w.disk.queue {
		w.disk.queue[i] = slices.DeleteFunc(slices.Clone(w.disk.queue[i]), func(o *wrote) bool { return slices.Contains(heard, o) })
	}
	w.disk.queue = slices.DeleteFunc(w.disk.queue, func(tx []*wrote) bool { return len(tx) == 0 })
}

// send has the server process a request, and judges what it took for a repeat.
func (w *countingWorld) send(request []*wrote) {
	ids := &identities{strength: strong, owner: source.Owner{1}, whole: w.whole}
	text := ""
	for _, o := range request {
		ids.list = append(ids.list, identity{block: o.op >> blockBits, op: o.op, print: source.Print{o.content}, nth: 1})
		text += fmt.Sprintf(" %d:%c", o.op, o.content)
	}
	m := ids.recall(&source.History{Receipts: slices.Clone(w.receipts)}, len(request), w.now)
	w.story = append(w.story, fmt.Sprintf("send%s known %v", text, m.known))
	for i, o := range request {
		switch {
		case o.done && !m.known[i]:
			w.fail("%d:%c was processed twice", o.op, o.content)
		case !o.done && m.known[i] && !w.excused(request, m):
			w.fail("%d:%c was never processed", o.op, o.content)
		}
	}
	for _, o := range request {
		o.done = true
	}
	w.receipts = append(w.receipts, ids.receipts(m, w.now, nil)...)
	w.sent = append(w.sent, request)
}

func (w *countingWorld) fail(format string, args ...any) {
	w.Helper()
	for _, s := range w.story {
		w.Log(s)
	}
	w.Fatalf(format, args...)
}

// excused reports that one file of the device has had all that is taken for known, and nothing else under the ids of the
// request that the server has seen. Of a piece of the queue only the beginning may be taken for known.
func (w *countingWorld) excused(request []*wrote, m *memory) bool {
	if !w.whole {
		n := slices.Index(m.known, false)
		return n < 0 || !slices.Contains(m.known[n:], true)
	}
	for _, f := range append(slices.Clone(w.files), w.disk.all) {
		had := make(map[int64]byte)
		for _, o := range f {
			if o.done {
				had[o.op] = o.content
			}
		}
		fits := true
		for i, o := range request {
			content, seen := had[o.op]
			fits = fits && (!seen && !m.known[i] || seen && content == o.content)
		}
		if fits {
			return true
		}
	}
	return false
}
