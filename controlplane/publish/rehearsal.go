package publish

import (
	"context"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// Rehearsal is how a draft's tests went.
type Rehearsal struct {
	*hook.Tested
	Took time.Duration
}

// Test runs a draft's tests and gives all results, whether they pass or not. The document need not be right: tests
// ask it for nothing but the time of hooks.
func (c *Compiler) Test(ctx context.Context, d Draft) (*Rehearsal, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := c.now()
	cfg, _ := config.Parse([]byte(d.Document), config.Options{Kind: d.Kind})
	tested, err := c.runTests(ctx, d, cfg)
	if err != nil {
		return nil, err
	}
	return &Rehearsal{tested, max(c.now().Sub(began), 0)}, nil
}

// Errors are why tests could not be run, Warnings what else is to be known.
func (r *Rehearsal) Errors() []fault.Detail { return errorsOf(r.Diagnostics) }

// Warnings are those of the files that have tests.
func (r *Rehearsal) Warnings() []fault.Detail { return warningsOf(r.Diagnostics) }

// Failure says why the n-th test failed; nil if it passed.
func (r *Rehearsal) Failure(n int) *fault.Detail {
	if r.Tests[n].Passed {
		return nil
	}
	d := detailOf(&r.Tests[n])
	return &d
}
