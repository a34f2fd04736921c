package worker

// Prepare lets an idle worker of the instance make the global state of its next transaction. Call it when the database has answered:
// until then the processors have better things to do.
func (p *Pool) Prepare(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.instances[name]; i != nil && len(i.idle) > 0 {
		i.idle[len(i.idle)-1].prepare() // the one that will be used next
	}
}

// Expect lets an idle worker of the instance, if the last run there was quick, stay awake for a moment: a session will ask it for a run at
// once. Call it where nobody competes with that upload. It promises nothing.
func (p *Pool) Expect(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := p.instances[name]; p.watchful && i != nil && len(i.idle) > 0 {
		i.idle[len(i.idle)-1].expect() // the one that will be used next
	}
}
