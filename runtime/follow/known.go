package follow

// Known is an instance that can be served.
type Known struct {
	Instance, Host string
	Revision       int64
}

// List gives every instance that can be served, in no order.
func (f *Follower) List() []Known {
	f.mu.RLock()
	defer f.mu.RUnlock()
	out := make([]Known, 0, len(f.byID))
	for id, e := range f.byID {
		if !e.header.Deleted {
			out = append(out, Known{id, e.header.Host, e.header.Revision})
		}
	}
	return out
}
