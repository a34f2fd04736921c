package engine

import (
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/go-json-experiment/json"

	"turnkey/runtime/hook"
)

// shapeLimit is how long the top level of all files may run at deploy.
const shapeLimit = 2 * time.Second

// shape is what js/shape.js found in one file.
type shape struct {
	Error string `json:"error"` // why it has no default export that is an object
	// Members are the default export's: name and typeof.
	Members [][2]string `json:"members"`
}

// shapes runs the top level of each hook file once, as a transaction would, and looks at the default
// export. It fills in the program's functions.
func (e *Engine) shapes(p *hook.Program, b *built) []hook.Diagnostic {
	var findings []hook.Diagnostic
	script := newScript(p, b.program)
	w := newWatch(shapeLimit)
	defer w.end()
	for i := range p.Hooks {
		x := &p.Hooks[i]
		found, failure := e.shapeOf(script, w, x)
		if failure != nil {
			if findings = append(findings, notLoaded(x.File, failure)); failure.Class == hook.ClassTimeout {
				break
			}
			continue
		}
		d := hook.Diagnostic{Severity: hook.SeverityError, File: x.File}
		if at, ok := b.exportOf(x.File, ""); ok {
			d.Line, d.Column = at.line, at.column
		}
		if found.Error != "" {
			d.Message, d.Hint = found.Error, "Write: export default { "+string(hook.FunctionsOf(x.Name)[0])+"(…) { … } }"
			findings = append(findings, d)
			continue
		}
		findings = append(findings, b.members(x, found)...)
		if len(x.Functions) == 0 && len(found.Members) == 0 {
			d.Severity, d.Message = hook.SeverityWarning, "The file exports no hook function."
			findings = append(findings, d)
		}
	}
	return findings
}

func (e *Engine) shapeOf(script *script, w *watch, x *hook.Exports) (found shape, failure *hook.Failure) {
	run := &hook.Run{Limits: hook.DefaultLimits()}
	run.Limits.TimeMS = int(shapeLimit.Milliseconds())
	ses := newSession(script, e.library, e.now)
	ses.begin(run, w, nil)
	ses.current = current{asked: &hook.Call{Name: x.Name, Function: "The top level"}, now: e.now(), random: newRandom("")}
	err := ses.guard(func() error {
		if err := ses.load(); err != nil {
			return err
		}
		text, err := ses.eval("shape", ses.files, ses.vm.ToValue(x.File))
		if err != nil {
			return ses.drive(err)
		}
		if t, ok := text.(goja.String); ok {
			return json.Unmarshal([]byte(t.String()), &found)
		}
		return nil
	})
	if err != nil {
		ses.cutOff(err)
	}
	return found, ses.outcome.Failure
}

func notLoaded(file string, f *hook.Failure) hook.Diagnostic {
	d := hook.Diagnostic{Severity: hook.SeverityError, File: f.File, Line: f.Line, Column: f.Column, Hint: f.Hint,
		Message: "The file cannot be loaded: " + f.Message}
	if d.File == "" {
		d.File = file
	}
	return d
}

// members checks the names and kinds of what a file exports.
func (b *built) members(x *hook.Exports, found shape) []hook.Diagnostic {
	allowed := hook.FunctionsOf(x.Name)
	var findings []hook.Diagnostic
	for _, m := range found.Members {
		name, kind := m[0], m[1]
		if kind == "function" && slices.Contains(allowed, hook.Function(name)) {
			x.Functions = append(x.Functions, hook.Function(name))
			if at, ok := b.exportOf(x.File, name); ok {
				x.Lines[hook.Function(name)] = at.line
			}
			continue
		}
		d := hook.Diagnostic{Severity: hook.SeverityError, File: x.File}
		if at, ok := b.exportOf(x.File, name); ok {
			d.Line, d.Column = at.line, at.column
		}
		if slices.Contains(allowed, hook.Function(name)) {
			d.Message = clean(name, 100) + " is a " + kind + ", not a function."
		} else {
			d.Message, d.Hint = "There is no hook "+quote(name)+" in "+x.File+".", "There are: "+names(allowed)+"."
			if near := nearest(name, allowed); near != "" {
				d.Hint = "Did you mean " + near + "?"
			}
		}
		findings = append(findings, d)
	}
	slices.Sort(x.Functions)
	return findings
}

func names(list []hook.Function) string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = string(f)
	}
	return strings.Join(out, ", ")
}

// nearest finds the function that a misspelt name means.
func nearest(name string, list []hook.Function) string {
	plain := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == '_' || r == '-' {
				return -1
			}
			return r
		}, strings.ToLower(s))
	}
	for _, f := range list {
		if a, b := plain(name), plain(string(f)); distance(a, b) <= 2 || a == "on"+b {
			return string(f)
		}
	}
	return ""
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := i
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, cost)
		}
	}
	return row[len(b)]
}
