package admission

import "sync"

// Memory bounds the bytes that bodies take. Large bodies share three quarters of it, so that small
// ones, which are nearly all, always find room; and one instance has a quarter of it, or one body of
// any size: a body that is allowed at all must fit at some time.
type Memory struct {
	limit int64

	mu        sync.Mutex
	total     int64
	large     int64
	instances map[string]*held
}

// held is what one instance has.
type held struct{ bytes, bodies int64 }

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
	m := b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	more := n - b.bytes
	if m.total+more > m.limit {
		return false
	}
	if only := b.held.bytes == b.bytes; !only && b.held.bytes+more > m.limit/4 {
		return false
	}
	large := b.asLarge(n) - b.asLarge(b.bytes)
	if large > 0 && m.large+large > m.limit/4*3 {
		return false
	}
	m.total += more
	m.large += large
	b.held.bytes += more
	b.bytes = n
	return true
}

func (b *Body) asLarge(n int64) int64 {
	if n <= largeBody {
		return 0
	}
	return n
}

// Free gives everything back; further calls do nothing.
func (b *Body) Free() {
	m := b.memory
	if b.held == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total -= b.bytes
	m.large -= b.asLarge(b.bytes)
	b.held.bytes -= b.bytes
	if b.held.bodies--; b.held.bodies == 0 {
		delete(m.instances, b.instance)
	}
	b.held, b.bytes = nil, 0
}
