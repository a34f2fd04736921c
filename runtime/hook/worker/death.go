package worker

import (
	"os"
	"strings"
	"syscall"

	"turnkey/runtime/hook"
)

// death is how a worker ended.
type death struct {
	class  hook.Class
	detail string
	// outside: nobody of us and nothing in the program ended it (kill -9, the kernel's OOM killer). It
	// says nothing against the instance.
	outside bool
}

// lastWords is how much of a worker's stderr is kept.
const lastWords = 4 << 10

// deathOf reads a process's state and last words. What we ended ourselves is named by doom.
func deathOf(doom *death, state *os.ProcessState, words string) death {
	if doom != nil {
		return *doom
	}
	first, _, _ := strings.Cut(words, "\n")
	detail := state.String()
	if first != "" {
		detail += ": " + first
	}
	status, _ := state.Sys().(syscall.WaitStatus)
	switch {
	case contains(words, "out of memory", "cannot allocate memory", "errno=12"):
		return death{class: hook.ClassOutOfMemory, detail: detail}
	case contains(words, "stack overflow", "stack exceeds"):
		return death{class: hook.ClassCrashed, detail: "the stack overflowed: " + detail}
	case status.Signaled() && status.Signal() == syscall.SIGSYS:
		return death{class: hook.ClassCrashed, detail: "it asked the kernel for what no hook needs: " + detail}
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return death{class: hook.ClassCrashed, detail: "killed from outside", outside: true}
	}
	return death{class: hook.ClassCrashed, detail: detail}
}

func contains(text string, any ...string) bool {
	for _, part := range any {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
