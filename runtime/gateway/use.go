package gateway

import "context"

// Use brings an instance to life, as a request would, and keeps it alive while do runs: for commands,
// and for work that an instance needs beside its requests. An instance without a deployment is
// Unavailable.
func (g *Gateway) Use(ctx context.Context, host string, do func(Uploader) error) error {
	in, err := g.live.acquire(ctx, host)
	if err != nil {
		return err
	}
	defer in.release()
	if in.uploader == nil {
		return notDeployed()
	}
	return do(in.uploader)
}

// EachLive runs do for every instance that is live now, one after the other, without keeping any of them
// from being closed as idle: it does not count as use.
func (g *Gateway) EachLive(do func(instance string, u Uploader)) {
	lives, _ := g.live.snapshot()
	for _, l := range lives {
		if l.uploader == nil || !l.borrow() {
			continue
		}
		do(l.bundle.Instance.ID, l.uploader)
		l.release()
	}
}
