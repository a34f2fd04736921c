package upload

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"turnkey/internal/fault"
	"turnkey/runtime/conflict"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// What Choice.Take and Choice.Fields may say.
const (
	TakeClient = "client" // what the device wrote
	TakeServer = "server" // what was stored when it did
	TakePolicy = "policy" // what the table's policy says today; only of the whole
)

// Choice is what somebody decides about one conflict.
type Choice struct {
	// Take is for the columns that the others do not name.
	Take   string                     `json:"take,omitempty"`
	Fields map[string]string          `json:"fields,omitempty"` // by column: client or server
	Values map[string]json.RawMessage `json:"values,omitempty"` // by column: edited, as a device would send it
}

// Resolve is an order to decide a conflict.
type Resolve struct {
	ID string
	Choice
	// Also decides other conflicts of the same case by their ids; for those that it leaves out, Take counts.
	Also map[string]Choice
	// Overwrite what was written to the columns since the conflict.
	Overwrite    bool
	WithoutRules bool
	By           string
}

// Resolve writes what was decided through the same pipeline as any upload, as the user whose write it was,
// and closes the conflict in the same commit, which makes it exactly once. Of a conflict that was left
// open, the whole transaction is replayed, and the case is closed with both its halves.
func (e *Engine) Resolve(ctx context.Context, order Resolve) (source.CaseOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	none := source.CaseOutcome{}
	c, err := e.src.Conflict(ctx, order.ID)
	switch {
	case err != nil:
		return none, replayFault(source.FailureOf(err))
	case c == nil:
		return none, fault.New(fault.NotFound, "not_found", "There is no such conflict.")
	case !c.Status.Resolvable():
		return none, conflictSettled(c.Status)
	}
	out, err := e.resolve(ctx, c, &order)
	if fault.Is(err, "conflict_moved") { // by somebody who has just resolved it?
		if c, err := e.src.Conflict(ctx, order.ID); err == nil && c != nil && !c.Status.Resolvable() {
			return out, conflictSettled(c.Status)
		}
	}
	return out, err
}

func (e *Engine) resolve(ctx context.Context, c *source.ConflictRecord, order *Resolve) (source.CaseOutcome, error) {
	if c.Status == source.ConflictOpen {
		return e.resolveCase(ctx, c, order)
	}
	if err := order.others(nil); err != nil {
		return source.CaseOutcome{}, err
	}
	return e.resolveDecided(ctx, c, order)
}

// others refuses decisions about conflicts that do not wait with this one: what somebody decided must not be passed over.
func (o *Resolve) others(waiting []source.ConflictRecord) error {
	for _, id := range slices.Sorted(maps.Keys(o.Also)) {
		if id == o.ID || !slices.ContainsFunc(waiting, func(c source.ConflictRecord) bool { return c.ID == id }) {
			return fault.Newf(fault.Invalid, "choice_conflict", "%s is not another open conflict of this case.", quote(id)).
				WithHint("also is for the open conflicts with the same rejection_id; nothing was resolved.")
		}
	}
	return nil
}

// resolveDecided writes other values over those that a policy stored.
func (e *Engine) resolveDecided(ctx context.Context, c *source.ConflictRecord, order *Resolve) (source.CaseOutcome, error) {
	none := source.CaseOutcome{}
	closing := order.closing(e, c, order.Choice)
	op, d, err := order.operation(c)
	if err != nil {
		return none, err
	}
	if op == nil { // it stays as it is
		if err := e.src.CloseConflicts(ctx, []source.Closing{closing}); err != nil {
			return none, resolveFault(source.FailureOf(err))
		}
		return resolved(c.ID), nil
	}
	t := &Transaction{Operations: []Operation{*op}}
	q := &request{upload: &Upload{Form: Transactions, ClientID: c.ClientID}, user: userOf(c), id: c.RequestID, arrived: e.deps.Now(), replay: &replaying{
		Replay: Replay{By: order.By, WithoutRules: order.WithoutRules,
			decided: &decisions{of: map[int]*decided{0: d}, closings: []source.Closing{closing}, overwrite: order.Overwrite, alone: true}},
		since: map[source.RowName]source.RejectedRow{},
	}}
	v, failure := e.settle(ctx, q, t, e.identify(q, t))
	switch {
	case failure != nil:
		return none, resolveFault(failure)
	case v.held != nil:
		return none, heldFault(&v)
	case v.no != nil && v.no.is(codeMoved):
		return none, movedFault(v.no)
	case v.no != nil:
		return none, fault.New(fault.Conflict, "resolution_refused", v.no.Message).WithHint(v.no.Hint)
	}
	return resolved(c.ID), nil
}

// operation is the write that a decision comes to; nil: nothing is to be written.
func (o *Resolve) operation(c *source.ConflictRecord) (*Operation, *decided, error) {
	op := &Operation{Op: Patch, Table: c.TableName, RowID: c.RowID}
	if c.Policy == policyDeletesLose {
		switch {
		case o.Take == TakeServer && o.Fields == nil && o.Values == nil:
			return nil, nil, nil
		case o.Take == TakeClient && o.Fields == nil && o.Values == nil:
			full, err := readValues(c)
			if err != nil {
				return nil, nil, err
			}
			d := &decided{}
			op.Op = Delete
			return op, d, d.recall(full)
		}
		return nil, nil, fault.New(fault.Invalid, "choice_unknown", "A deletion that lost is resolved as a whole.").
			WithHint("Take client to delete the row after all, or server to keep it.")
	}
	full, err := readValues(c)
	if err != nil {
		return nil, nil, err
	}
	d := &decided{}
	if err := d.recall(full); err != nil {
		return nil, nil, err
	}
	if o.policyOnly() {
		return o.reconsidered(c, op, d, full)
	}
	if d.values, err = o.Choice.values(c, full); err != nil {
		return nil, nil, err
	}
	op.Data = &value.Object{}
	for _, f := range c.Fields {
		op.Data.Set(f.Name, d.values[f.Name])
	}
	return op, d, nil
}

// reconsidered lets the policy decide about the device's write once more.
func (o *Resolve) reconsidered(c *source.ConflictRecord, op *Operation, d *decided, full *fullValues) (*Operation, *decided, error) {
	sent, err := columnsOf(full.Client)
	if err != nil {
		return nil, nil, unreadableValues(err)
	}
	if d.server, err = columnsOf(full.Server); err != nil {
		return nil, nil, unreadableValues(err)
	}
	op.Data, op.Previous = objectOf(sent), objectOf(d.base)
	for _, f := range c.Fields {
		d.policy = append(d.policy, f.Name)
	}
	return op, d, nil
}

func objectOf(columns map[string]value.Value) *value.Object {
	o := &value.Object{}
	for name, v := range columns {
		o.Set(name, v)
	}
	slices.SortFunc(o.Members, func(a, b value.Member) int { return strings.Compare(a.Name, b.Name) })
	return o
}

// resolveCase replays a transaction that waits for a decision.
func (e *Engine) resolveCase(ctx context.Context, c *source.ConflictRecord, order *Resolve) (source.CaseOutcome, error) {
	none := source.CaseOutcome{}
	r, err := e.src.Rejection(ctx, c.Rejection)
	switch {
	case err != nil:
		return none, replayFault(source.FailureOf(err))
	case r == nil:
		return none, fault.New(fault.Conflict, "conflict_alone", "The transaction of this conflict is not kept any more.").WithHint("Dismiss the conflict.")
	case r.Status == source.Held:
		return none, fault.New(fault.Conflict, "rejection_held", "The transaction of this conflict waits for another rejection.").
			WithHint("Replay or discard " + r.Group + " first.")
	case r.Status != source.Open:
		return none, settledFault(r.Status)
	}
	list, err := e.openOf(ctx, r.ID)
	if err == nil {
		err = order.others(list)
	}
	if err != nil {
		return none, err
	}
	for i := range list {
		if full, err := e.src.Conflict(ctx, list[i].ID); err != nil {
			return none, replayFault(source.FailureOf(err))
		} else if full != nil {
			list[i] = *full
		}
	}
	d := &decisions{of: map[int]*decided{}, overwrite: order.Overwrite}
	for i := range list {
		if err := order.decide(e, &list[i], d); err != nil {
			return none, err
		}
	}
	replay := Replay{ID: r.ID, By: order.By, WithoutRules: order.WithoutRules, decided: d}
	first, err := e.replay(ctx, r, replay)
	if err != nil {
		return none, err
	}
	out := source.CaseOutcome{Rejections: []source.Outcome{first}}
	if first.Status != source.Replayed {
		if first.ErrorCode == conflict.CodeRecorded {
			return out, fault.New(fault.Conflict, "resolution_refused", "The write met the row's changes again, and the table's policy is record: that leaves it to you. The conflict as it is now is open in the place of this one.").
				WithHint("Resolve the new conflict with client, server or values by column; or deploy another on_conflict first.")
		}
		return out, fault.New(fault.Conflict, "resolution_refused", first.Message).WithHint(first.Hint)
	}
	for i := range list {
		out.Conflicts = append(out.Conflicts, source.ConflictOutcome{ID: list[i].ID, Status: source.ConflictResolved})
	}
	rest, err := e.release(ctx, r.ID, replay)
	out.Rejections = append(out.Rejections, rest...)
	return out, err
}

// decide adds what was decided about one conflict of a case.
func (o *Resolve) decide(e *Engine, c *source.ConflictRecord, d *decisions) error {
	choice := Choice{Take: o.Take}
	if c.ID == o.ID {
		choice = o.Choice
	} else if also, ok := o.Also[c.ID]; ok {
		choice = also
	}
	d.closings = append(d.closings, o.closing(e, c, choice))
	if choice.policyOnly() {
		return nil
	}
	full, err := readValues(c)
	if err != nil {
		return err
	}
	of := &decided{}
	if err := of.recall(full); err != nil {
		return err
	}
	if of.values, err = choice.values(c, full); err != nil {
		return err
	}
	d.of[c.Operation] = of
	return nil
}

// openOf lists the conflicts of a case that are open.
func (e *Engine) openOf(ctx context.Context, rejection string) (all []source.ConflictRecord, err error) {
	for f := (source.ConflictFilter{Rejection: rejection, Status: []source.ConflictStatus{source.ConflictOpen}, OldestFirst: true, Limit: 1000}); ; {
		list, err := e.src.Conflicts(ctx, f)
		if err != nil {
			return nil, replayFault(source.FailureOf(err))
		}
		if all = append(all, list...); len(list) < f.Limit {
			return all, nil
		}
		f.After = list[len(list)-1].ID
	}
}

func (c *Choice) policyOnly() bool { return c.Take == TakePolicy && c.Fields == nil && c.Values == nil }

// values gives a value for each column in question.
func (c *Choice) values(of *source.ConflictRecord, full *fullValues) (map[string]value.Value, error) {
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		if !concerns(of, name) {
			return nil, noSuchColumn(name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Values)) {
		if !concerns(of, name) {
			return nil, noSuchColumn(name)
		}
	}
	out := make(map[string]value.Value, len(of.Fields))
	for _, f := range of.Fields {
		take, named := c.Fields[f.Name]
		if !named {
			take = c.Take
		}
		raw, edited := c.Values[f.Name]
		switch {
		case edited:
		case take == TakeClient:
			raw = full.Client[f.Name]
		case take == TakeServer:
			raw = full.Server[f.Name]
		case take == "":
			return nil, fault.Newf(fault.Invalid, "choice_missing", "Nothing says what becomes of the column %s.", quote(f.Name)).
				WithHint("Say take for all columns, or name each one under fields or values.")
		default:
			return nil, fault.Newf(fault.Invalid, "choice_unknown", "Columns take client or server, not %s.", quote(take))
		}
		v, err := value.DecodeJSON(raw)
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "choice_value", "The value for the column "+quote(f.Name)+" cannot be read.")
		}
		out[f.Name] = v
	}
	return out, nil
}

func concerns(c *source.ConflictRecord, column string) bool {
	return slices.ContainsFunc(c.Fields, func(f source.ConflictField) bool { return f.Name == column })
}

func noSuchColumn(name string) error {
	return fault.Newf(fault.Invalid, "choice_column", "The column %s is no part of this conflict.", quote(name)).
		WithHint("Write other columns by an upload of their own.")
}

// closing closes a conflict with what was decided.
func (o *Resolve) closing(e *Engine, c *source.ConflictRecord, choice Choice) source.Closing {
	text, err := json.Marshal(struct {
		Choice
		Overwrite    bool `json:"overwrite,omitempty"`
		WithoutRules bool `json:"without_rules,omitempty"`
	}{choice, o.Overwrite, o.WithoutRules})
	if err != nil { // it came as JSON
		text = nil
	}
	return source.Closing{ID: c.ID, From: []source.ConflictStatus{c.Status}, To: source.ConflictResolved, By: o.By, At: e.now(), Resolution: text}
}

func readValues(c *source.ConflictRecord) (*fullValues, error) {
	var full fullValues
	if err := json.Unmarshal(c.Values, &full); err != nil {
		return nil, unreadableValues(err)
	}
	return &full, nil
}

func userOf(c *source.ConflictRecord) rule.User {
	return storedUser(&source.Rejection{UserID: c.UserID, Provider: c.Provider, Claims: c.Claims})
}

func resolved(id string) source.CaseOutcome {
	return source.CaseOutcome{Conflicts: []source.ConflictOutcome{{ID: id, Status: source.ConflictResolved}}}
}

func unreadableValues(err error) error {
	return fault.Wrap(err, fault.Conflict, "conflict_unreadable", "The values that were recorded cannot be read.").WithHint("Dismiss the conflict.")
}

func conflictSettled(s source.ConflictStatus) error {
	message := "This conflict is settled already."
	if s != "" {
		message = "This conflict was " + string(s) + " already."
	}
	return fault.New(fault.Conflict, "conflict_settled", message)
}

func movedFault(no *Refusal) error {
	return fault.New(fault.Conflict, "conflict_moved", no.Message).WithHint(no.Hint)
}

func resolveFault(f *source.Failure) error {
	if f.Code == source.CodeConflictMoved {
		return conflictSettled("")
	}
	return replayFault(f)
}
