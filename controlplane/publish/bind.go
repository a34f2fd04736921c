package publish

import (
	"maps"
	"slices"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/config"
	"turnkey/runtime/hook"
)

// bind holds a configuration and its hook files against each other: what the one leaves to the other must be there,
// and what is there must be reached. program is nil without hook files.
func bind(cfg *bundle.Config, program *hook.Program, found *config.Findings) {
	if program == nil {
		program = &hook.Program{}
	}
	b := binder{cfg, program, found}
	b.files()
	for _, name := range slices.Sorted(maps.Keys(cfg.Tables)) {
		b.table(name)
	}
	b.settings()
}

type binder struct {
	cfg     *bundle.Config
	program *hook.Program
	found   *config.Findings
}

func (b binder) fail(d fault.Detail) { b.found.Errors = append(b.found.Errors, d) }

func (b binder) warn(d fault.Detail) { b.found.Warnings = append(b.found.Warnings, d) }

// files: a hook file for a table that is not configured would wait for writes that never come.
func (b binder) files() {
	for _, e := range b.program.Hooks {
		if _, configured := b.cfg.Tables[e.Name]; configured || !hook.IsTable(e.File) {
			continue
		}
		hint := "The configuration has no tables."
		if names := slices.Sorted(maps.Keys(b.cfg.Tables)); len(names) > 0 {
			hint = "Configured are: " + strings.Join(names[:min(len(names), 20)], ", ") + ". Rename the file, or add tables." + e.Name + "."
		}
		b.fail(fault.Detail{Path: e.File, Code: "no_such_table", Message: "The file is for the table " + e.Name + ", which is not configured: tables." + e.Name + " is missing.", Hint: hint})
	}
}

// table: a conflict that is left to a hook needs the hook.
func (b binder) table(name string) {
	t := b.cfg.Tables[name]
	var asks []string // the settings that ask for a hook
	if t.OnConflict.Policy == bundle.RowHook {
		asks = append(asks, "tables."+name+".on_conflict")
	}
	for _, field := range slices.Sorted(maps.Keys(t.Fields)) {
		if t.Fields[field].Merge.Policy == bundle.MergeHook {
			asks = append(asks, "tables."+name+".fields."+field+".merge")
		}
	}
	exports := b.program.Exports(name)
	switch has := b.program.Has(name, hook.ResolveConflict); {
	case has && len(asks) == 0:
		b.warn(fault.Detail{Path: exports.File, Code: "never_called", Message: "resolveConflict is never called: no conflict of the table " + name + " is left to a hook.",
			Hint: "Set on_conflict: hook for the table, or merge: hook for a field."})
	case !has:
		for _, path := range asks {
			d := fault.Detail{Path: path, Code: "no_such_hook", Message: "This leaves conflicts to resolveConflict in hooks/" + name + ".ts, and there is no such file.", Hint: "Write it, or choose another policy."}
			if exports != nil {
				d.Message = "This leaves conflicts to resolveConflict, which " + exports.File + " does not export."
			}
			b.fail(d)
		}
	}
}

// settings of hooks that nothing uses are harmless, but mostly a mistake.
func (b binder) settings() {
	h := b.cfg.Hooks
	if len(h.Env) > 0 && len(b.program.Hooks) == 0 {
		b.warn(fault.Detail{Path: "hooks.env", Code: "not_used", Message: "There is no hook file that could read these secrets.", Hint: "Remove them, or save a hook file."})
	}
	fetches := slices.ContainsFunc(b.program.Hooks, func(e hook.Exports) bool { return slices.ContainsFunc(e.Functions, hook.Function.MayFetch) })
	if len(h.Fetch) > 0 && !fetches {
		b.warn(fault.Detail{Path: "hooks.fetch", Code: "not_used", Message: "No hook may fetch: that is for afterCommit and resolveUser, which no file exports."})
	}
}
