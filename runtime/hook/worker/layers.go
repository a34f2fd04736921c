package worker

import (
	"context"
	"slices"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/worker/wire"
)

// Layers says which layers of isolation hold, and why others do not.
type Layers struct {
	Active []string
	Failed []Missing
}

// Missing is a layer that could not be had.
type Missing = wire.Missing

// String is one line for a log.
func (l Layers) String() string {
	text := strings.Join(l.Active, ", ")
	for _, m := range l.Failed {
		text += "; no " + m.Layer + " (" + m.Reason + ")"
	}
	return text
}

// LayerNames lists every layer that Require knows, the one that matters most first.
func LayerNames() []string { return wire.Layers() }

// Layers reports what the workers locked themselves into; it starts one if there has been none.
func (p *Pool) Layers(ctx context.Context) (Layers, error) {
	if g := p.start.greeting(); g != nil {
		return layersOf(g), nil
	}
	w, err := p.launch(ctx, p.opts.Limits, niceRun)
	if err == nil {
		w.end(hook.ClassUnavailable, "it was asked for its layers alone")
	}
	if g := p.start.greeting(); g != nil { // it said what it has, even if that is less than required
		return layersOf(g), nil
	}
	return Layers{}, noSandbox(err)
}

func layersOf(g *wire.Greeting) Layers {
	order := func(a, b string) int { return slices.Index(wire.Layers(), a) - slices.Index(wire.Layers(), b) }
	l := Layers{Active: slices.Clone(g.Active), Failed: slices.Clone(g.Failed)}
	slices.SortFunc(l.Active, order)
	slices.SortFunc(l.Failed, func(a, b Missing) int { return order(a.Layer, b.Layer) })
	return l
}

// Require makes the named layers ("all" for every wall) a condition of every worker from now on. It starts one to
// see, and fails if a layer is missing: who asks for this does not want to run without.
func (p *Pool) Require(ctx context.Context, names ...string) error {
	if slices.Contains(names, "all") {
		names = wire.Layers()
		names = names[:slices.Index(names, wire.Processors)] // the one that is no wall: it takes two of them
	}
	for _, name := range names {
		if !slices.Contains(wire.Layers(), name) {
			return fault.Newf(fault.Invalid, "sandbox_layer", "There is no layer %q of the sandbox.", name).
				WithHint("The layers are " + strings.Join(wire.Layers(), ", ") + ", or all.")
		}
	}
	have, err := p.Layers(ctx)
	if err != nil {
		return err
	}
	var missing []fault.Detail
	for _, m := range have.Failed {
		if slices.Contains(names, m.Layer) {
			missing = append(missing, fault.Detail{Path: m.Layer, Code: "missing", Message: m.Reason})
		}
	}
	if len(missing) > 0 {
		return fault.New(fault.Invalid, "sandbox_incomplete", "The sandbox lacks layers that are required here.").WithDetails(missing...).
			WithHint("Run on a system that has them, allow them to this process (in a container: its seccomp and AppArmor profiles), or leave them out of --require-sandbox.")
	}
	p.start.require(names)
	return nil
}

func noSandbox(err error) error {
	return fault.Wrap(err, fault.Unavailable, "sandbox_start", "No sandbox worker starts.").
		WithHint("The program starts itself again as a worker: it must be executable, also for the user nobody, and best be built with CGO_ENABLED=0, as `make build` does.")
}

func (l *launcher) greeting() *wire.Greeting {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *launcher) require(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.need = append(l.need, names...)
}
