package hook

import "github.com/go-json-experiment/json/jsontext"

// Kind is the byte in a frame that says what its JSON payload is.
type Kind uint8

// The kinds. Those up to 15 are free for the worker's own (hello, ping): the engine never sees them.
const (
	KindLoad       Kind = 16 // Load      → KindLoaded
	KindLoaded     Kind = 17 // Loaded
	KindRun        Kind = 18 // Run       → KindRan; meanwhile any number of KindHostCall
	KindRan        Kind = 19 // Ran
	KindHostCall   Kind = 20 // HostCall, from the worker process → KindHostResult
	KindHostResult Kind = 21 // HostResult
	KindBundle     Kind = 22 // Bundle    → KindBundled
	KindBundled    Kind = 23 // Bundled
	KindTest       Kind = 24 // Test      → KindTested
	KindTested     Kind = 25 // Tested
	KindBroken     Kind = 31 // Broken: the request could not be read; a defect of ours
)

// Load makes a program the one that Run calls. It is compiled once: loading it again is free.
type Load struct {
	Program Program `json:"program"`
}

// Loaded answers Load. Failure is set if the engine cannot take the program (made for another engine).
type Loaded struct {
	Hash    string   `json:"hash"`
	Failure *Failure `json:"failure,omitzero"`
}

// Run carries out calls of one transaction, in order, until one does not succeed.
type Run struct {
	Hash string `json:"hash"` // the loaded program
	// Begin makes fresh global state: a new transaction, or a new attempt at one.
	Begin  bool              `json:"begin,omitzero"`
	User   *User             `json:"user,omitzero"`
	Env    map[string]string `json:"env,omitzero"`
	Limits Limits            `json:"limits"`
	Calls  []Call            `json:"calls"`
}

// Ran answers Run: one outcome for each call up to the first that did not succeed.
type Ran struct {
	Outcomes []Outcome `json:"outcomes"`
	// Retire says that the process should serve nobody any more: it was interrupted, so its heap may
	// be full of what the code left behind.
	Retire bool `json:"retire,omitzero"`
}

// Bundle compiles hook files.
type Bundle struct {
	Files []File `json:"files"`
}

// Bundled answers Bundle. Program is nil if a diagnostic is an error.
type Bundled struct {
	Program     *Program     `json:"program,omitzero"`
	Diagnostics []Diagnostic `json:"diagnostics,omitzero"`
}

// Test runs the *.test.ts among the files.
type Test struct {
	Files []File            `json:"files"`
	Env   map[string]string `json:"env,omitzero"`
	// NowMS and Seed are the tests' clock and randomness, unless a test sets its own.
	NowMS  int64  `json:"now_ms"`
	Seed   string `json:"seed"`
	Limits Limits `json:"limits"` // TimeMS is for each test
}

// Tested answers Test.
type Tested struct {
	// Diagnostics are why nothing could be run.
	Diagnostics []Diagnostic `json:"diagnostics,omitzero"`
	Tests       []TestResult `json:"tests,omitzero"`
	Coverage    []Coverage   `json:"coverage,omitzero"`
	Retire      bool         `json:"retire,omitzero"`
}

// Passed tells whether the files may be deployed.
func (t *Tested) Passed() bool {
	for i := range t.Diagnostics {
		if t.Diagnostics[i].Severity == SeverityError {
			return false
		}
	}
	for i := range t.Tests {
		if !t.Tests[i].Passed {
			return false
		}
	}
	return true
}

// TestResult is one test(name, fn).
type TestResult struct {
	File       string `json:"file"`
	Name       string `json:"name"`
	Line       int    `json:"line,omitzero"` // where the test is declared
	Passed     bool   `json:"passed"`
	DurationUS int64  `json:"duration_us,omitzero"`
	// Failure says why and where it failed; Expectation is set when an expect did not hold.
	Failure     *Failure     `json:"failure,omitzero"`
	Expectation *Expectation `json:"expectation,omitzero"`
	Logs        []Log        `json:"logs,omitzero"`
}

// Expectation is an expect(received).matcher(expected) that did not hold; the values as text.
type Expectation struct {
	Matcher  string `json:"matcher"` // "toEqual", "not.toBe"
	Expected string `json:"expected,omitzero"`
	Received string `json:"received,omitzero"`
}

// Coverage counts the branches of one hook or library file that the tests took.
type Coverage struct {
	File  string `json:"file"`
	Taken int    `json:"taken"`
	Total int    `json:"total"`
	// Missed are the lines with branches that were not taken, ascending.
	Missed []int `json:"missed,omitzero"`
}

// Broken says that a frame could not be understood.
type Broken struct {
	Message string `json:"message"`
}

// isObject tells whether text is a JSON object.
func isObject(text jsontext.Value) bool { return text.Kind() == '{' }
