package publish

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// Workers compile and test hook files in processes of their own; *worker.Pool is some.
type Workers interface {
	Bundle(ctx context.Context, instance string, b hook.Bundle) (*hook.Bundled, error)
	Test(ctx context.Context, instance string, t hook.Test) (*hook.Tested, error)
	// Prove loads a program as a write would; the error names the file where it is one's.
	Prove(ctx context.Context, instance string, p *hook.Program, l hook.Limits) (file string, err error)
}

// Draft is what somebody wants to be served.
type Draft struct {
	// Instance is whose it is: one draft of an instance compiles at a time.
	Instance string
	// Organization shares the workers that compile with others, each in its turn.
	Organization string
	Kind         bundle.Kind
	Document     string
	Secrets      []string // the names of those that are stored
	Files        []hook.File
}

// Release is a draft that may be deployed.
type Release struct {
	Config *bundle.Config
	// Program and Report are nil without hook files.
	Program  *hook.Program
	Report   *Report
	Warnings []fault.Detail
}

// patience is how long anybody waits for workers: few compile at once, and one for an instance.
const patience = time.Minute

// Compiler makes releases of drafts. Without workers it makes those that have no hook files.
type Compiler struct {
	workers Workers
	gate    *gate
	now     func() time.Time
}

// NewCompiler makes one; workers may be nil. As many jobs run at once as workers for jobs do.
func NewCompiler(workers Workers, now func() time.Time) *Compiler {
	return &Compiler{workers, newGate(runtime.GOMAXPROCS(0)), now}
}

// queue is where a draft's jobs wait for their turn.
func (c *Compiler) queue(d Draft) Workers {
	return queued{c.workers, c.gate, cmp.Or(d.Organization, d.Instance)}
}

// Release compiles a draft and runs its tests. The error has a detail for each mistake.
func (c *Compiler) Release(ctx context.Context, d Draft) (*Release, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := c.now()
	r, err := c.Compile(ctx, d)
	if err != nil {
		return r, err
	}
	tested, err := c.test(ctx, d, r.Config)
	if err != nil {
		return r, err
	}
	if r.Program == nil && len(tested.Tests) == 0 {
		return r, nil
	}
	r.Warnings = append(r.Warnings, warningsOf(tested.Diagnostics)...)
	r.Report = report(d.Files, r.Program, tested, c.now().Sub(began))
	return r, nil
}

// Compile makes a release whose tests have not been run, for trying a draft out. The release is there with an
// error, too: its warnings are still true.
func (c *Compiler) Compile(ctx context.Context, d Draft) (*Release, error) {
	if strings.TrimSpace(d.Document) == "" {
		return &Release{}, fault.New(fault.Invalid, "config_empty", "There is no configuration to deploy.").
			WithHint("Save one first: PUT /api/v1/instances/{instance}/config.")
	}
	cfg, found := config.Parse([]byte(d.Document), config.Options{Kind: d.Kind, Secrets: known(d.Secrets)})
	program, err := c.program(ctx, d, cfg, &found)
	if err == nil && len(found.Errors) == 0 {
		err = c.prove(ctx, d, cfg, program, &found)
	}
	if err == nil {
		err = found.Fault()
	}
	if err != nil {
		return &Release{Warnings: found.Warnings}, err
	}
	return &Release{Config: cfg, Program: program, Warnings: found.Warnings}, nil
}

// Check says all that is to be said about a draft, its hook files included: their tests are not run. Where no
// worker can be had it says that, too.
func (c *Compiler) Check(ctx context.Context, d Draft) (config.Findings, error) {
	_, found := config.Parse([]byte(d.Document), config.Options{Kind: d.Kind, Secrets: known(d.Secrets)})
	cfg, _ := config.Parse([]byte(d.Document), config.Options{Kind: d.Kind}) // a missing secret must not hide the rest
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := c.program(ctx, d, cfg, &found)
	if f := fault.Of(err); f != nil && f.Code == codeUnavailable {
		found.Warnings = append(found.Warnings, fault.Detail{Path: "hooks", Code: f.Code, Message: "The hook files were not looked at. " + f.Message, Hint: f.Hint})
		err = nil
	}
	return missingSecretsWarn(found), err
}

// program compiles the hook files into found, and holds them against the configuration if there is one.
func (c *Compiler) program(ctx context.Context, d Draft, cfg *bundle.Config, found *config.Findings) (*hook.Program, error) {
	program, diagnostics, err := c.bundle(ctx, d)
	if err != nil {
		return nil, err
	}
	found.Errors = append(found.Errors, errorsOf(diagnostics)...)
	found.Warnings = append(found.Warnings, warningsOf(diagnostics)...)
	if cfg != nil && (program != nil || !slices.ContainsFunc(d.Files, isHook)) { // else the files' own mistakes come first
		bind(cfg, program, found)
	}
	return program, nil
}

// Candidate is a release as a bundle that nobody follows: for commands that try it out.
func Candidate(i bundle.Instance, r *Release, secrets Secrets, at time.Time) *bundle.Bundle {
	return &bundle.Bundle{Format: bundle.FormatFor(r.Config, r.Program), Instance: i, Config: *r.Config, Program: r.Program, Secrets: secrets, IssuedAt: at}
}

func isHook(f hook.File) bool { return hook.IsHook(f.Path) }

func isTest(f hook.File) bool { return hook.IsTest(f.Path) }
