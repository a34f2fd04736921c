package admission

import "sync"

// Memory bounds the bytes that bodies take. Large bodies share three quarters of it, so that small
// ones, which are nearly all, find room. One instance has a sixteenth for small bodies and a quarter
// for large ones; but the first of its large bodies, its lead, may take what it needs: a body that is
// allowed at all must get through at some time, also when several come at once.
type Memory struct {
	limit int64

	mu        sync.Mutex
	total     int64
	large     int64
	instances map[string]*held
}

// held is what one instance has.
type held struct {
	small, large int64
	bodies       int
	lead         *Body
}

// largeBody is what a body may take before it counts as large.
const largeBody = 1 << 20

// NewMemory makes a bound of so many bytes, at least twice the largest body that is allowed.
func NewMemory(limit int64) *Memory {
	return &Memory{limit: limit, instances: map[string]*held{}}
}

// Body starts to count one body of an instance. Its owner calls Free.
func (m *Memory) Body(instance string) *Body {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.instances[instance]
	if h == nil {
		h = &held{}
		m.instances[instance] = h
	}
	h.bodies++
	return &Body{memory: m, held: h, instance: instance}
}

// Total is how many bytes are taken at the moment.
func (m *Memory) Total() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total
}

// Body is what one body takes. Not safe for concurrent use.
type Body struct {
	memory   *Memory
	held     *held
	instance string
	bytes    int64
}

// Grow takes more until the body has n bytes, and reports whether there was room; if not, it keeps
// what it had.
func (b *Body) Grow(n int64) bool {
	if n <= b.bytes {
		return true
	}
	m, h := b.memory, b.held
	m.mu.Lock()
	defer m.mu.Unlock()
	small, large := parts(n)
	smallBefore, largeBefore := parts(b.bytes)
	if m.total+n-b.bytes > m.limit {
		return false
	}
	if large == 0 && h.small+small-smallBefore > m.limit/16 {
		return false
	}
	if large > 0 {
		if m.large+large-largeBefore > m.limit/4*3 {
			return false
		}
		if h.lead == nil {
			h.lead = b
		}
		if h.lead != b && h.large+large-largeBefore > m.limit/4 {
			return false
		}
	}
	b.count(n)
	return true
}

// count makes the body's share n bytes.
func (b *Body) count(n int64) {
	small, large := parts(n)
	smallBefore, largeBefore := parts(b.bytes)
	b.memory.total += n - b.bytes
	b.memory.large += large - largeBefore
	b.held.small += small - smallBefore
	b.held.large += large - largeBefore
	b.bytes = n
}

func parts(n int64) (small, large int64) {
	if n <= largeBody {
		return n, 0
	}
	return 0, n
}

// Free gives everything back; further calls do nothing.
func (b *Body) Free() {
	m := b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if b.held == nil {
		return
	}
	b.count(0)
	if b.held.lead == b {
		b.held.lead = nil
	}
	if b.held.bodies--; b.held.bodies == 0 {
		delete(m.instances, b.instance)
	}
	b.held = nil
}
