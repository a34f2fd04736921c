package worker

// Quick makes the idle workers of an instance ones that were quick the last time, on whatever machine this is.
func (p *Pool) Quick(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchful = true
	for _, w := range p.instances[name].idle {
		w.prompt = true
	}
}
