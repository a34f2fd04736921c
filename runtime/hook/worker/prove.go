package worker

import (
	"context"

	"turnkey/runtime/hook"
)

// proof is a function that no hook file has: asking for it loads the file and does nothing.
const proof hook.Function = "proof"

// Prove loads a program and each of its files as the first write would: in a worker like any other, within the limits
// of an upload. Compiling has more of everything, so what it accepts may still be too much for a worker; that must be
// known before writes depend on it. The error names the file if it is one's.
func (p *Pool) Prove(ctx context.Context, instance string, program *hook.Program, limits hook.Limits) (file string, err error) {
	s, err := p.Session(ctx, "proof of "+instance, program) // what dies here says nothing of the instance's writes
	if err != nil {
		return "", err
	}
	defer s.Close()
	if _, err := s.Do(ctx, &hook.Run{Hash: program.Hash, Begin: true, Limits: limits}, nil); err != nil {
		return "", err
	}
	for _, e := range program.Hooks {
		call := hook.Call{Function: proof, Name: e.Name, Argument: []byte("null"), NowMS: p.opts.Now().UnixMilli()}
		ran, err := s.Do(ctx, &hook.Run{Hash: program.Hash, Begin: true, Limits: limits, Calls: []hook.Call{call}}, nil)
		if err != nil {
			return e.File, err
		}
		if f := ran.Outcomes[0].Failure; f != nil {
			return e.File, &Failure{Class: f.Class, Message: f.Message}
		}
	}
	return "", nil
}
