package value

// pairingWork bounds the comparisons of pairing, which a client could otherwise make quadratic in the
// size of its list (about 20 ms). Beyond it, what is left is paired by position.
const pairingWork work = 2_000_000

// pair finds the stored element that each client element was; -1: it is new. No stored element is
// given twice. In order of trust:
//
//  1. the common front and the common end, by client form;
//  2. objects with the same _id or id;
//  3. equal client form anywhere, so that a reordered list keeps its elements;
//  4. within each gap between the elements paired so far: the most alike objects, and when a gap has
//     as many elements on both sides, by position.
//
// Two objects with different ids are never a pair.
func pair(client, stored Array) []int {
	p := pairing{client: client, stored: stored, partner: make([]int, len(client))}
	if len(stored) == 0 {
		for i := range p.partner {
			p.partner[i] = -1
		}
		return p.partner
	}
	lo := 0
	for lo < len(client) && lo < len(stored) && p.done.same(client[lo], stored[lo], true) {
		p.partner[lo] = lo
		lo++
	}
	hi, end := len(client), len(stored)
	for hi > lo && end > lo && p.done.same(client[hi-1], stored[end-1], true) {
		hi, end = hi-1, end-1
		p.partner[hi] = end
	}
	if p.done = 0; lo < hi {
		p.middle(lo, hi, end)
	}
	return p.partner
}

type pairing struct {
	client, stored Array
	partner        []int
	taken          []bool // stored elements, from lo
	lo             int
	done           work
}

func (p *pairing) take(i, j int) {
	p.partner[i] = j
	p.taken[j-p.lo] = true
}

func (p *pairing) middle(lo, hi, end int) {
	p.lo, p.taken = lo, make([]bool, end-lo)
	for i := lo; i < hi; i++ {
		p.partner[i] = -1
	}
	p.byID(lo, hi, end)
	p.byForm(lo, hi, end)
	p.gaps(lo, hi, end)
}

func (p *pairing) byID(lo, hi, end int) {
	var ids map[string]int
	for j := lo; j < end; j++ {
		if id, ok := idOf(p.stored[j]); ok {
			if ids == nil {
				ids = make(map[string]int, end-lo)
			}
			if _, twice := ids[id]; twice {
				ids[id] = -1 // not unique: it identifies nobody
				continue
			}
			ids[id] = j
		}
	}
	for i := lo; i < hi && len(ids) > 0; i++ {
		if id, ok := idOf(p.client[i]); ok {
			if j, known := ids[id]; known && j >= 0 {
				p.take(i, j)
				ids[id] = -1
			}
		}
	}
}

// idOf gives the text of an element's _id, or else its id.
func idOf(v Value) (string, bool) {
	o, ok := v.(*Object)
	if !ok {
		return "", false
	}
	id, ok := o.Get("_id")
	if !ok {
		id, ok = o.Get("id")
	}
	if !ok || id == nil || isContainer(id) {
		return "", false
	}
	return lowerHex(FormatID(id)), true
}

// lowerHex makes ids of both cases meet.
func lowerHex(s string) string {
	if id, ok := parseObjectID(s); ok {
		return id.String()
	}
	if id, ok := parseUUID(s); ok {
		return id.String()
	}
	return s
}

func (p *pairing) byForm(lo, hi, end int) {
	first := lo // everything before is taken
	for i := lo; i < hi; i++ {
		if p.partner[i] >= 0 {
			continue
		}
		for first < end && p.taken[first-p.lo] {
			first++
		}
		for j := first; j < end; j++ {
			if p.taken[j-p.lo] {
				continue
			}
			if p.done > pairingWork {
				return
			}
			if p.done.same(p.client[i], p.stored[j], true) {
				p.take(i, j)
				break
			}
		}
	}
}

// gaps walks the runs of client elements without a partner, each with the free stored elements
// between its neighbours' partners.
func (p *pairing) gaps(lo, hi, end int) {
	after := lo // stored elements before it lie before the run
	for i := lo; i < hi; {
		if p.partner[i] >= 0 {
			after = p.partner[i] + 1
			i++
			continue
		}
		run := i
		for i < hi && p.partner[i] < 0 {
			i++
		}
		before := end
		if i < hi && p.partner[i] >= after {
			before = p.partner[i]
		}
		var free []int
		for j := after; j < before; j++ {
			if !p.taken[j-p.lo] {
				free = append(free, j)
			}
		}
		p.gap(run, i, free)
	}
}

func (p *pairing) gap(from, to int, free []int) {
	if len(free) == 0 {
		return
	}
	for i := from; i < to; i++ {
		best, most := -1, 0
		for k, j := range free {
			if p.taken[j-p.lo] {
				continue
			}
			if p.done > pairingWork {
				break
			}
			if n := p.alike(p.client[i], p.stored[j]); n > most {
				best, most = k, n
			}
		}
		if best >= 0 {
			p.take(i, free[best])
		}
	}
	if to-from != len(free) {
		return
	}
	for k, j := range free {
		if i := from + k; p.partner[i] < 0 && !p.taken[j-p.lo] && mayPair(p.client[i], p.stored[j]) {
			p.take(i, j)
		}
	}
}

// alike counts the members of equal client form; objects with different ids share nothing.
func (p *pairing) alike(client, stored Value) (n int) {
	p.done++
	a, ok := client.(*Object)
	b, isObject := stored.(*Object)
	if !ok || !isObject {
		return 0
	}
	p.done += work(10 + len(a.Members) + len(b.Members))
	if !mayPair(client, stored) {
		return 0
	}
	find := lookup(b)
	for i := range a.Members {
		if j := find(a.Members[i].Name); j >= 0 && p.done.same(a.Members[i].Value, b.Members[j].Value, true) {
			n++
		}
	}
	return n
}

func mayPair(client, stored Value) bool {
	a, okA := idOf(client)
	b, okB := idOf(stored)
	return !okA || !okB || a == b
}
