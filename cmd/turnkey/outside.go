package main

import (
	"crypto/rand"
	"strings"
	"time"

	"turnkey/internal/clock"
	"turnkey/runtime/admission"
	"turnkey/runtime/hook"
	"turnkey/runtime/hook/effect"
	"turnkey/runtime/hook/fetch"
	"turnkey/runtime/hook/worker"
	"turnkey/runtime/telemetry"
)

// fetchTimeout is how long one fetch of a hook may take.
const fetchTimeout = 10 * time.Second

// outside makes what runs hooks outside of transactions.
func (p *runtimeParts) outside(workers *worker.Pool) {
	p.fetches = fetch.New(p.guard, fetchTimeout)
	p.hooks = effect.New(effect.Config{
		Workers: workers, Fetch: p.fetches, Share: workers.Stats().Limit / 4, // half of them stay for transactions
		Observe: p.tell, Idle: admission.Wait, Now: clock.Now, NewSeed: rand.Text,
	})
	p.runner = p.hooks.AfterCommit()
	workers.Watch(p.killed)
}

// tell records an entry; who is told is known only after the parts are made.
func (p *runtimeParts) tell(e telemetry.Entry) {
	if p.observe != nil {
		p.observe(e)
	}
}

// killed puts into an instance's log that its hook cost a worker. Of a transaction's hooks the pipeline says it,
// which knows whose it was.
func (p *runtimeParts) killed(k worker.Kill) {
	instance, use, outside := strings.Cut(k.Session, "/")
	where := "afterCommit"
	if use == "auth" {
		where = "resolveUser"
	}
	p.log.Warn("a hook's worker ended", "instance", instance, "use", use, "class", string(k.Class), "how", k.Detail)
	if !outside || use == "rehearsal" { // who tries something out is told in the answer
		return
	}
	p.tell(telemetry.Entry{
		Instance: instance, Kind: telemetry.Hook, Level: telemetry.Error, Outcome: telemetry.Fatal, Code: string(k.Class), Message: where + " was killed: " + kills(k) + ".",
	})
}

func kills(k worker.Kill) string {
	switch {
	case k.Outside:
		return "its worker was ended by the system"
	case k.Class == hook.ClassOutOfMemory:
		return "out of memory"
	case k.Class == hook.ClassTimeout:
		return "it did not stop at its time limit"
	}
	return "it ended its worker"
}
