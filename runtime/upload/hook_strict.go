package upload

import "sync/atomic"

// strictness remembers that hooks need every operation applied before the next one's hooks run: they use
// ctx.db, or take so long that a frame of them is too long. It lasts as long as the deployment.
type strictness struct{ needed atomic.Bool }

// wantsStrict reports a transaction whose hooks are known to need strict mode.
func (m *member) wantsStrict(p *program) bool {
	if p == nil {
		return false
	}
	if p.transaction.strict.needed.Load() {
		return true
	}
	for i := range m.targets {
		if t := m.targets[i].table; t != nil && t.hooks.strict != nil && t.hooks.strict.needed.Load() {
			return true
		}
	}
	return false
}
