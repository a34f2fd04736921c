package publish

import (
	"time"

	"turnkey/runtime/hook"
)

// Report is what is kept of how a deployment's hook files were compiled and tested.
type Report struct {
	Hash     string          `json:"hash"` // of the program; empty where only lib/ has tests
	Files    []FileSize      `json:"files"`
	Hooks    []hook.Exports  `json:"hooks"`
	Tests    Tests           `json:"tests"`
	Coverage []hook.Coverage `json:"coverage"`
	// DurationMS is how long compiling and testing took.
	DurationMS int64 `json:"duration_ms"`
}

// FileSize is one file that was deployed.
type FileSize struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

// Tests counts them. A deployment has none that failed.
type Tests struct {
	Count  int `json:"count"`
	Passed int `json:"passed"`
}

func report(files []hook.File, p *hook.Program, t *hook.Tested, took time.Duration) *Report {
	r := &Report{Files: make([]FileSize, len(files)), Hooks: []hook.Exports{}, Coverage: append([]hook.Coverage{}, t.Coverage...), DurationMS: max(took.Milliseconds(), 0)}
	for n, f := range files {
		r.Files[n] = FileSize{f.Path, len(f.Text)}
	}
	if p != nil {
		r.Hash, r.Hooks = p.Hash, p.Hooks
	}
	for i := range t.Tests {
		r.Tests.Count++
		if t.Tests[i].Passed {
			r.Tests.Passed++
		}
	}
	return r
}
