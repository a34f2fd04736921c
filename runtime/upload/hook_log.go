package upload

import (
	"context"
	"encoding/json"
	"fmt"

	"turnkey/runtime/hook"
	"turnkey/runtime/telemetry"
)

// hookLine is something that users' code has logged, or that became of it.
type hookLine struct {
	table   string // "" for the transaction
	level   telemetry.Level
	code    string
	killed  bool
	message string
}

var hookLevels = map[hook.Level]telemetry.Level{hook.Debug: telemetry.Info, hook.Info: telemetry.Info, hook.Warn: telemetry.Warn, hook.Error: telemetry.Error}

// heard notes what a call logged and came to. It counts if the attempt does.
func (a *attempt) heard(of *asked, o *hook.Outcome) {
	for i := range o.Logs {
		l := &o.Logs[i]
		a.hooks.lines = append(a.hooks.lines, hookLine{table: of.table(), level: hookLevels[l.Level], message: l.String()})
	}
	if o.LogsDropped > 0 {
		a.hooks.lines = append(a.hooks.lines, hookLine{table: of.table(), level: telemetry.Warn,
			message: fmt.Sprintf("%s of %s logged %d more lines, over the limit.", of.call.Function, of.call.Name, o.LogsDropped)})
	}
	if o.Result == hook.Dropped {
		a.hooks.lines = append(a.hooks.lines, hookLine{table: of.table(), level: telemetry.Info, code: "hook_dropped", message: dropped(of, o.Reason)})
	}
	if f := o.Failure; f != nil {
		a.hooks.lines = append(a.hooks.lines, hookLine{table: of.table(), level: telemetry.Error, code: string(f.Class), message: a.located(of, f)})
	}
	a.hooks.count(of, string(o.Result), o.Usage.DurationUS)
}

func dropped(of *asked, reason string) string {
	text := fmt.Sprintf("beforeWrite of %s dropped operation %d.", of.call.Name, of.operation)
	if reason != "" {
		text += " " + reason
	}
	return text
}

// table is whose hook was asked, as counts and logs name it.
func (of *asked) table() string {
	if of.operation < 0 {
		return ""
	}
	return of.call.Name
}

// count counts a call.
func (h *hooking) count(of *asked, result string, micros int64) {
	name := of.call.Name + "." + string(of.call.Function)
	for i := range h.tallies {
		if t := &h.tallies[i]; t.Hook == name && t.Result == result {
			t.Calls, t.DurationUS = t.Calls+1, t.DurationUS+micros
			return
		}
	}
	h.tallies = append(h.tallies, telemetry.HookCalls{Hook: name, Result: result, Calls: 1, DurationUS: micros})
}

// report notes a kill.
func (t *hookTrouble) report(a *attempt) {
	if !ends(t.class) {
		return
	}
	a.hooks.lines = append(a.hooks.lines, hookLine{table: t.asked.table(), level: telemetry.Error, code: string(t.class), killed: true,
		message: t.told(a.hooks.program.Program)})
	a.hooks.count(&t.asked, string(hook.Failed), 0)
}

// tellKill tells of a kill that does not decide yet. The rest of its attempt is void.
func (t *hookTrouble) tellKill(ctx context.Context, a *attempt) {
	if !ends(t.class) {
		return
	}
	if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
		w.lines = append(w.lines, a.hooks.lines[len(a.hooks.lines)-1])
	}
}

// tellHooks gives what an attempt's hooks logged and came to, which counts now, to who watches the transaction.
func (a *attempt) tellHooks(ctx context.Context) {
	if a.hooks == nil {
		return
	}
	if w, ok := ctx.Value(watchedKey{}).(*watched); ok {
		w.lines, w.calls = append(w.lines, a.hooks.lines...), a.hooks.tallies
	}
}

// observeHooks tells the lines that the hooks of a transaction have logged.
func (e *Engine) observeHooks(w *watched, about telemetry.Entry) {
	for i := range w.lines {
		l := &w.lines[i]
		about.Kind, about.Level, about.Outcome, about.Code, about.Message = telemetry.Hook, l.level, telemetry.Noted, l.code, l.message
		if l.killed {
			about.Outcome = telemetry.Fatal
		}
		about.Operations = nil
		if l.table != "" {
			about.Operations = []telemetry.TableOperations{{Table: l.table}}
		}
		e.deps.Observe(about)
	}
}

// hookUser is who writes, as ctx.user.
func (a *attempt) hookUser() *hook.User {
	if a.seen == nil {
		a.seen = &hook.User{ID: a.user.ID, Provider: a.user.Provider}
		if claims, err := json.Marshal(a.user.Claims); err == nil && a.user.Claims != nil { // they came from JSON
			a.seen.Claims = claims
		}
	}
	return a.seen
}
