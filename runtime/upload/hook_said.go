package upload

import (
	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
	"turnkey/runtime/value"
)

// said is what hooks have said about one operation.
type said struct {
	before   bool // beforeWrite has been asked
	dropped  bool
	op       *Operation        // as beforeWrite changed it; nil: as it came
	sent     *value.Object     // the values that beforeWrite was given, as a row
	added    []string          // columns that the device did not send
	extra    map[string]*field // columns that no device can name
	resolved *hook.Outcome     // of resolveConflict

	started bool
	writes  int            // by ctx.db, before the operation
	row     *value.Object  // the row before the operation
	old     jsontext.Value // oldRow as hooks see it; nil: not written yet
	oldRow  *value.Object
	done    bool // it came to something
}

// of is what was said about the operation that is being applied; nil: its table has no hooks that run now.
func (a *attempt) of(t *table) *said {
	if a.hooks == nil || !t.hooks.inside() {
		return nil
	}
	return &a.hooks.said[a.at]
}

// operation is the i-th, as its hooks have changed it.
func (a *attempt) operation(i int) *Operation {
	if a.hooks != nil && a.hooks.said[i].op != nil {
		return a.hooks.said[i].op
	}
	return &a.ops[i]
}

// awaitsBefore reports that beforeWrite has to be asked about the operation before anything becomes of it.
func (a *attempt) awaitsBefore(t *table) bool {
	return t.hooks.before && a.hooks != nil && !a.hooks.said[a.at].before
}

// asking reports that the operation waits for an answer.
func (a *attempt) asking() bool { return a.hooks != nil && a.hooks.ask != nil }

// askBefore asks beforeWrite; values are those that the device sends, as a row; nil: a deletion.
func (a *attempt) askBefore(op *Operation, r *row, values *value.Object) *Refusal {
	s := &a.hooks.said[a.at]
	s.sent = values
	call, err := hook.CallBeforeWrite(a.moment(a.at, hook.BeforeWrite), a.hookWrite(op, r, values))
	return a.askFor(call, err)
}

func (a *attempt) askFor(call hook.Call, err error) *Refusal {
	if err != nil {
		return unshowable(call.Function, err)
	}
	a.hooks.ask = &call
	return nil
}

func unshowable(f hook.Function, err error) *Refusal {
	no := refuse(CodeInvalidData, "The row cannot be shown to the hook "+string(f)+".")
	no.Detail = err.Error()
	return no
}

// hookWrite is an operation as hooks see it.
func (a *attempt) hookWrite(op *Operation, r *row, values *value.Object) hook.Write {
	w := hook.Write{Op: string(op.Op), Table: r.table.Name, ID: r.name.RowID, Data: jsontext.Value("null"), PreviousValues: a.hookPrevious(op, r),
		Metadata: jsontext.Value("null"), Old: a.hooks.said[a.at].oldAs(r.table, r.now)}
	if op.Op != Delete {
		w.Data = hookValues(values)
	}
	if op.Metadata != "" {
		w.Metadata = value.AppendJSON(nil, op.Metadata)
	}
	return w
}

// oldAs is the row before the operation as hooks see it, written once.
func (s *said) oldAs(t *table, doc *value.Object) jsontext.Value {
	if s.old == nil || s.oldRow != doc {
		s.old, s.oldRow = hookRow(t, doc), doc
	}
	return s.old
}

// hookPrevious is what the device saw, by the source's names; null if it did not say.
func (a *attempt) hookPrevious(op *Operation, r *row) jsontext.Value {
	if op.Previous == nil {
		return jsontext.Value("null")
	}
	out := &value.Object{}
	for _, m := range op.Previous.Members {
		f, no := a.column(r.table, m)
		if f == nil || no != nil {
			continue
		}
		old, has := at(r.now, f.path)
		base, _ := a.base(r.table, f, op.Previous, old, has)
		put(out, f.path, base, a.plan.database)
	}
	return hookValues(out)
}

// valuesOf are what an update sends, as a row.
func (a *attempt) valuesOf(w *weighed) *value.Object {
	out := &value.Object{Members: make([]value.Member, 0, len(w.changes))}
	for i := range w.changes {
		if !w.changes[i].Absent {
			put(out, w.fields[i].path, w.changes[i].Client, a.plan.database)
		}
	}
	return out
}

// start begins to apply an operation, once more or for the first time; it reports one that is dropped.
func (s *said) start(a *attempt, i int) (dropped bool) {
	if !s.started {
		s.started, s.writes = true, a.dbWrites
	}
	s.row = a.rowOf[i].now
	return s.dropped
}

// onlyHooksName gives a column by a name that a hook made for it, since devices have none.
func (a *attempt) onlyHooksName(t *table, name string) *field {
	if s := a.of(t); s != nil {
		return s.extra[name]
	}
	return nil
}

// ofHook makes a refusal of a value the hook's fault where the hook has made it: what the device sent was typed before.
func (a *attempt) ofHook(no *Refusal) *Refusal {
	if a.hooks == nil || a.hooks.said[a.at].op == nil {
		return no
	}
	return a.badValue(asked{a.at, hook.Call{Function: hook.BeforeWrite, Name: a.ops[a.at].Table}}, no)
}
