package engine

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/go-sourcemap/sourcemap"

	"turnkey/runtime/hook"
)

// place is a position in a user's file; the zero place is unknown. Lines and columns begin at 1.
type place struct {
	file         string
	line, column int
}

// positions leads from the script to the users' files. The map is read when it is first needed.
type positions struct {
	text     string
	consumer *sourcemap.Consumer
	inserted insertions // what was put into the script after the map was made
}

func newPositions(sourceMap string) *positions { return &positions{text: sourceMap} }

// source finds what stands at a line and column of the script.
func (p *positions) source(line, column int) (place, bool) {
	if p.consumer == nil {
		if p.text == "" {
			return place{}, false
		}
		c, err := sourcemap.Parse("", []byte(p.text))
		if err != nil {
			p.text = ""
			return place{}, false
		}
		p.consumer = c
	}
	file, _, l, c, ok := p.consumer.Source(line, p.inserted.original(line, column)-1)
	if !ok || file == "" || strings.HasPrefix(file, ours) {
		return place{}, false
	}
	return place{file, l, c + 1}, true
}

// maxFrames is how much of a stack is told.
const maxFrames = 20

// frames turns goja's frames into those of the users' files.
func (p *positions) frames(stack []goja.StackFrame) []hook.Frame {
	var list []hook.Frame
	for i := range stack {
		f := &stack[i]
		if at := f.Position(); f.SrcName() == scriptName {
			list = p.add(list, f.FuncName(), at.Line, at.Column)
		}
	}
	return list
}

// frameLine is a line of error.stack: "at name (file:line:column(pc))".
var frameLine = regexp.MustCompile(`^\s*at (?:(.*) \()?` + regexp.QuoteMeta(scriptName) + `:(\d+):(\d+)\(\d+\)\)?$`)

// parse reads error.stack, which user code may have changed: at worst it names other lines of its own files.
func (p *positions) parse(stack string) []hook.Frame {
	var list []hook.Frame
	for n, text := range strings.SplitN(stack, "\n", 200) {
		if n == 199 || len(text) > 1000 {
			break
		}
		if m := frameLine.FindStringSubmatch(text); m != nil {
			line, _ := strconv.Atoi(m[2])
			column, _ := strconv.Atoi(m[3])
			list = p.add(list, m[1], line, column)
		}
	}
	return list
}

// stackLine is a line of error.stack inside of a text.
var stackLine = regexp.MustCompile(`\n\s*at (?:(.*?) \()?(?:(turnkey:[a-z]+):(\d+):(\d+)\(\d+\)|native)\)?`)

// readable leads the stacks of errors in a text for the log to the users' files, as in "at f (hooks/todos.ts:3:9)". Lines of
// ours and of built-ins are left out.
func (p *positions) readable(text string) string {
	if !strings.Contains(text, "\n\tat ") {
		return text
	}
	return stackLine.ReplaceAllStringFunc(text, func(found string) string {
		m := stackLine.FindStringSubmatch(found)
		line, _ := strconv.Atoi(m[3])
		column, _ := strconv.Atoi(m[4])
		at, known := place{}, false
		if m[2] == scriptName {
			at, known = p.source(line, column)
		}
		if !known {
			return ""
		}
		return "\n\tat " + strings.TrimSpace(m[1]+" ("+at.file+":"+strconv.Itoa(at.line)+":"+strconv.Itoa(at.column)+")")
	})
}

func (p *positions) add(list []hook.Frame, function string, line, column int) []hook.Frame {
	at, ok := p.source(line, column)
	if !ok || len(list) >= maxFrames {
		return list
	}
	return append(list, hook.Frame{Function: clean(function, 200), File: at.file, Line: at.line, Column: at.column})
}
