package publish

import (
	"context"
	"slices"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/hook"
)

// twice asks once more when a worker crashed: somebody may have killed it. Time and memory are counted for the worker
// alone, so those ends would come again.
func twice[A any](ask func() (*A, error)) (*A, error) {
	out, err := ask()
	if fault.Is(err, string(hook.ClassCrashed)) {
		return ask()
	}
	return out, err
}

// deadly tells whether a worker ended by what it was given.
func deadly(err error) bool {
	return fault.Is(err, string(hook.ClassTimeout)) || fault.Is(err, string(hook.ClassOutOfMemory)) || fault.Is(err, string(hook.ClassCrashed))
}

// died says what the files did to their worker.
func died(err error, doing, file string) hook.Diagnostic {
	what := "it, or what it imports,"
	if file == "" {
		what = "the files"
	}
	d := hook.Diagnostic{Severity: hook.SeverityError, File: file}
	switch {
	case fault.Is(err, string(hook.ClassTimeout)):
		d.Message, d.Hint = doing+what+" took too long.", "Look for a loop without end, and for text that unfolds into very much."
	case fault.Is(err, string(hook.ClassOutOfMemory)):
		d.Message, d.Hint = doing+what+" took too much memory.", "Look for lists without end, and for text that is nested or repeated very often."
	default:
		d.Message, d.Hint = doing+what+" ended the process that does it.", "Look for code that is nested very deeply, or calls itself without end."
	}
	return d
}

// culpritTime bounds the search: the answer must come while somebody waits for it. On a busy machine one look at a file that
// uses up its processor time takes many seconds.
const culpritTime = 30 * time.Second

// attempt compiles or tests some files. told is what it says against them when it comes to an end: code that eats
// memory until its time is over ends by either, as the machine goes.
type attempt func(context.Context, []hook.File) (told []hook.Diagnostic, err error)

// culprit finds the file, of those that are looked for, which ends a worker together with all others that are not:
// by halves. doing is what dying is said of. No file is named when it takes more than one, or takes too long.
func (c *Compiler) culprit(ctx context.Context, cause error, doing string, files []hook.File, looked func(hook.File) bool, try attempt) []hook.Diagnostic {
	ctx, cancel := context.WithTimeout(ctx, culpritTime)
	defer cancel()
	var suspects, others []hook.File
	for _, f := range files {
		if looked(f) {
			suspects = append(suspects, f)
		} else {
			others = append(others, f)
		}
	}
	for half := (len(suspects) + 1) / 2; len(suspects) > 0 && ctx.Err() == nil; half = (len(suspects) + 1) / 2 {
		told, err := try(ctx, slices.Concat(suspects[:half], others))
		switch {
		case deadly(err) && half == len(suspects): // half of one is one
			return []hook.Diagnostic{died(err, doing, suspects[0].Path)}
		case deadly(err):
			suspects = suspects[:half]
		case len(told) > 0:
			return told
		default:
			suspects = suspects[half:]
		}
	}
	return []hook.Diagnostic{died(cause, doing, "")}
}
