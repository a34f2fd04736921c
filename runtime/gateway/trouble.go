package gateway

import (
	"context"
	"maps"
	"time"

	"turnkey/internal/fault"
)

// Trouble is something wrong with an instance that this gateway serves, or should serve.
type Trouble struct {
	Instance string
	// Cause is what Uploader.Degraded gave; nil when Err is set.
	Cause any
	// Err says why the newest revision could not be brought to life, at Since.
	Err   *fault.Error
	Since time.Time
}

// Troubles lists what is wrong now. Instances that nobody asks for are not live and not in it.
func (g *Gateway) Troubles(ctx context.Context) []Trouble {
	var out []Trouble
	lives, failed := g.live.snapshot()
	for _, l := range lives {
		if l.uploader == nil {
			continue
		}
		if cause := l.uploader.Degraded(); cause != nil {
			out = append(out, Trouble{Instance: l.bundle.Instance.ID, Cause: cause})
		}
	}
	for host, f := range failed {
		// A newer revision has not been tried yet, and a host that is gone has nothing wrong.
		if newest, err := g.cfg.Instances.Revision(ctx, host); err == nil && newest <= f.revision {
			out = append(out, Trouble{Instance: f.instance, Err: fault.Of(f.err), Since: f.at})
		}
	}
	return out
}

// Note is something to know of an instance with which nothing is wrong.
type Note struct {
	Instance string
	Repeats  any // what Uploader.Repeats gave
}

// Notes lists what is to be known now, of instances that are live.
func (g *Gateway) Notes() []Note {
	var out []Note
	lives, _ := g.live.snapshot()
	for _, l := range lives {
		if l.uploader == nil {
			continue
		}
		if weaker := l.uploader.Repeats(); weaker != nil {
			out = append(out, Note{Instance: l.bundle.Instance.ID, Repeats: weaker})
		}
	}
	return out
}

// snapshot copies what is live and what could not be built.
func (g *registry) snapshot() ([]*live, map[string]failure) {
	g.mu.Lock()
	defer g.mu.Unlock()
	lives := make([]*live, 0, len(g.byHost))
	for _, l := range g.byHost {
		lives = append(lives, l)
	}
	return lives, maps.Clone(g.failed)
}
