package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"turnkey/runtime/hook"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

const (
	// What one request to a worker carries at most; a larger call goes alone.
	mostHookCalls = 100
	mostHookBytes = 1 << 20
	// A request of several calls has hookPerCall more time for each, up to hookTogether.
	hookPerCall  = 2 * time.Millisecond
	hookTogether = time.Second
)

// hooking is an attempt's use of users' code.
type hooking struct {
	program *program
	session HookSession
	placed  bool // it has one of the engine's places
	begun   bool
	// serves says that everything which operations did so far is in the database, so that ctx.db sees it.
	serves  bool
	asksDB  bool  // a call wanted ctx.db where nothing serves it
	hostErr error // why the database ended the transaction in the middle of a call
	said    []said
	ask     *hook.Call // what the operation that is being applied wants to know first
	lines   []hookLine
	tallies []telemetry.HookCalls
}

// asked is a call of an operation; operation -1 is the transaction.
type asked struct {
	operation int
	call      hook.Call
}

// newHooking gives nil when no hook runs inside the transaction.
func (a *attempt) newHooking() *hooking {
	p := a.plan.program
	if p == nil {
		return nil
	}
	inside := p.transaction.transaction
	for i := range a.targets {
		inside = inside || a.targets[i].table != nil && a.targets[i].table.hooks.inside()
	}
	if !inside {
		return nil
	}
	return &hooking{program: p, said: make([]said, len(a.ops))}
}

// restart forgets what was said: the attempt begins again.
func (h *hooking) restart() {
	if h != nil {
		*h = hooking{program: h.program, session: h.session, placed: h.placed, said: make([]said, len(h.said))}
	}
}

// moment is a call's clock and seed: the same in each attempt at this transaction, and in no other.
func (a *attempt) moment(operation int, f hook.Function) hook.Moment {
	sum := sha256.Sum256([]byte(a.seed + "\x00" + strconv.Itoa(operation) + "\x00" + string(f)))
	return hook.Moment{NowMS: a.request.arrived.UnixMilli(), Seed: hex.EncodeToString(sum[:16])}
}

// call makes calls, in order, until one does not succeed: the last outcome tells.
func (a *attempt) call(ctx context.Context, tx source.Tx, list []asked) (out []hook.Outcome, err error) {
	for len(list) > 0 {
		n, size := 1, len(list[0].call.Argument)
		for n < len(list) && n < mostHookCalls && size+len(list[n].call.Argument) <= mostHookBytes {
			size += len(list[n].call.Argument)
			n++
		}
		ran, err := a.callTogether(ctx, tx, list[:n])
		if err != nil {
			return nil, err
		}
		out = append(out, ran.Outcomes...)
		if len(ran.Outcomes) < n || !ran.Outcomes[n-1].Succeeded() {
			return out, nil
		}
		list = list[n:]
	}
	return out, nil
}

// callTogether makes one request to the worker. What says nothing about the calls themselves is an error.
func (a *attempt) callTogether(ctx context.Context, tx source.Tx, list []asked) (*hook.Ran, error) {
	h := a.hooks
	if h.session == nil {
		session, err := h.program.hooks.Session(ctx, a.engine.instance, h.program.Program)
		if err != nil {
			return nil, a.trouble(err, list)
		}
		h.session = session
	}
	run := a.hookRun(list)
	clock := newHookClock(ctx)
	ran, err := h.session.Do(ctx, run, a.host(tx))
	h.begun = true
	switch {
	case h.hostErr != nil:
		return nil, h.hostErr
	case h.asksDB:
		return nil, &hookTrouble{asked: list[0], strict: true}
	case err != nil:
		return nil, a.trouble(err, list)
	}
	for i := range ran.Outcomes {
		o := &ran.Outcomes[i]
		if o.Failure != nil && ends(o.Failure.Class) {
			clock.called(&list[i], o)
			return nil, &hookTrouble{asked: list[i], class: o.Failure.Class, message: o.Failure.Message, located: a.located(&list[i], o.Failure), together: len(list)}
		}
		a.heard(&list[i], o)
		clock.called(&list[i], o)
	}
	return ran, nil
}

func (a *attempt) hookRun(list []asked) *hook.Run {
	p := a.hooks.program
	run := &hook.Run{Hash: p.Hash, Begin: !a.hooks.begun, User: a.hookUser(), Env: p.env, Limits: hook.DefaultLimits(), Calls: make([]hook.Call, len(list))}
	for i := range list {
		run.Calls[i] = list[i].call
	}
	limit := max(p.timeout, min(hookTogether, p.timeout+time.Duration(len(list)-1)*hookPerCall))
	run.Limits.TimeMS = int(limit / time.Millisecond)
	return run
}

// host answers ctx.db where everything before is in the database. Elsewhere it ends the calls: the transaction
// begins again in strict mode.
func (a *attempt) host(tx source.Tx) HookHost {
	h, counts := a.hooks, map[int]int{} // the engine counts, too; but who speaks may not be the engine
	return func(ctx context.Context, call *hook.HostCall) (hook.HostResult, error) {
		switch {
		case call.DB == nil:
			return hook.HostResult{Error: &hook.HostError{Code: "fetch_unavailable", Message: "fetch is not available inside a transaction."}}, nil
		case !h.serves:
			h.asksDB = true
			return hook.HostResult{Abort: true}, nil
		case h.hostErr != nil: // the first counts: whoever asks on may not be the engine
			return hook.HostResult{Abort: true}, nil
		}
		if counts[call.Index]++; counts[call.Index] > hook.DefaultLimits().DBCalls {
			return hook.HostResult{Error: &hook.HostError{Code: "too_many_calls", Message: "One hook may call ctx.db at most 50 times."}}, nil
		}
		answer, no, err := a.database(ctx, tx, call.DB)
		if err != nil {
			h.hostErr = err
			return hook.HostResult{Abort: true}, nil
		}
		return hook.HostResult{Value: answer, Error: no}, nil
	}
}
