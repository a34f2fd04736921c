package dashboardapi

import (
	"context"

	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/typescript"
)

// hooks is how a deployment's hook files were compiled and tested.
type hooks struct {
	Hash       string         `json:"hash,omitempty" doc:"Of the compiled program; absent where only shared code has tests"`
	Files      []hookFileSize `json:"files" nullable:"false"`
	Functions  []hookExports  `json:"functions" nullable:"false" doc:"Which hook file exports what"`
	Tests      hookTests      `json:"tests"`
	Coverage   []hookCoverage `json:"coverage" nullable:"false" doc:"The branches that the tests took, by file"`
	DurationMS int64          `json:"duration_ms" doc:"How long compiling and testing took"`
}

type hookFileSize struct {
	Path string `json:"path"`
	Size int    `json:"size" doc:"Bytes"`
}

type hookExports struct {
	File      string   `json:"file"`
	Name      string   `json:"name" doc:"The table, or _transaction or _auth"`
	Functions []string `json:"functions" nullable:"false"`
}

type hookTests struct {
	Count  int `json:"count"`
	Passed int `json:"passed"`
}

type hookCoverage struct {
	File   string `json:"file"`
	Taken  int    `json:"taken" doc:"Branches that a test took"`
	Total  int    `json:"total"`
	Missed []int  `json:"missed" nullable:"false" doc:"Lines with branches that no test took"`
}

func shapeHooks(r *publish.Report) *hooks {
	if r == nil {
		return nil
	}
	out := &hooks{
		Hash: r.Hash, Files: make([]hookFileSize, len(r.Files)), Functions: make([]hookExports, len(r.Hooks)),
		Tests: hookTests(r.Tests), Coverage: shapeCoverage(r.Coverage), DurationMS: r.DurationMS,
	}
	for n, f := range r.Files {
		out.Files[n] = hookFileSize(f)
	}
	for n, e := range r.Hooks {
		out.Functions[n] = hookExports{e.File, e.Name, make([]string, len(e.Functions))}
		for m, f := range e.Functions {
			out.Functions[n].Functions[m] = string(f)
		}
	}
	return out
}

func shapeCoverage(list []hook.Coverage) []hookCoverage {
	out := make([]hookCoverage, len(list))
	for n, c := range list {
		out[n] = hookCoverage{c.File, c.Taken, c.Total, append([]int{}, c.Missed...)}
	}
	return out
}

// testResult is one test of a draft.
type testResult struct {
	File       string    `json:"file"`
	Name       string    `json:"name"`
	Line       int       `json:"line,omitempty" doc:"Where the test is declared"`
	Passed     bool      `json:"passed"`
	DurationUS int64     `json:"duration_us"`
	Failure    *finding  `json:"failure,omitempty" doc:"Why and where it failed"`
	Logs       []hookLog `json:"logs" nullable:"false" doc:"What it said on the console, and by ctx.log"`
}

type hookLog struct {
	Level string `json:"level"`
	Text  string `json:"text"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
}

type hookTestInput struct {
	InstancePath
	Body *DraftInput // a pointer: the body may be absent
}

type hookTestOutput struct {
	Body struct {
		Passed     bool           `json:"passed" doc:"Whether these tests would let the draft be deployed"`
		Errors     []finding      `json:"errors" nullable:"false" doc:"Why tests could not be run"`
		Warnings   []finding      `json:"warnings" nullable:"false"`
		Tests      []testResult   `json:"tests" nullable:"false"`
		Coverage   []hookCoverage `json:"coverage" nullable:"false" doc:"The branches that the tests took, by file"`
		DurationMS int64          `json:"duration_ms"`
	}
}

// testHooks runs a draft's tests. Tests that fail are an answer like another: whoever asks wants to know.
func (a *api) testHooks(ctx context.Context, in *hookTestInput) (*hookTestOutput, error) {
	var draft DraftInput
	if in.Body != nil {
		draft = *in.Body
	}
	r, err := a.cfg.Plane.Hooks.Test(ctx, placeOf(ctx).Instance, draft.edit())
	if err != nil {
		return nil, err
	}
	out := &hookTestOutput{}
	b := &out.Body
	b.Passed, b.DurationMS = r.Passed(), r.Took.Milliseconds()
	b.Errors, b.Warnings, b.Coverage = findings(r.Errors()), findings(r.Warnings()), shapeCoverage(r.Coverage)
	b.Tests = make([]testResult, len(r.Tests))
	for n := range r.Tests {
		b.Tests[n] = shapeTest(&r.Tests[n], r.Failure(n))
	}
	return out, nil
}

func shapeTest(t *hook.TestResult, failure *fault.Detail) testResult {
	out := testResult{File: t.File, Name: t.Name, Line: t.Line, Passed: t.Passed, DurationUS: t.DurationUS, Logs: make([]hookLog, len(t.Logs))}
	if failure != nil {
		shaped := shapeFinding(*failure)
		out.Failure = &shaped
	}
	for n, l := range t.Logs {
		out.Logs[n] = hookLog{string(l.Level), l.Text, l.File, l.Line}
	}
	return out
}

type typesOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// hookTypes is turnkey.d.ts, for editors.
func (a *api) hookTypes(context.Context, *struct{}) (*typesOutput, error) {
	return &typesOutput{"text/plain; charset=utf-8", []byte(hook.TypeScript)}, nil
}

// instanceTypes is turnkey.d.ts with the tables of an instance's draft. While the draft has mistakes no table is known.
func (a *api) instanceTypes(ctx context.Context, _ *InstancePath) (*typesOutput, error) {
	cfg, err := a.cfg.Plane.Drafts.Config(ctx, placeOf(ctx).Instance)
	if err != nil {
		return nil, err
	}
	return &typesOutput{"text/plain; charset=utf-8", []byte(typescript.Declare(cfg))}, nil
}
