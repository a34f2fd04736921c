package hook

import "time"

// Engine runs users' code inside a worker process. It serves one caller at a time and has no limit on
// memory: the process has. Nothing that the code does is an error here; it is an outcome.
type Engine interface {
	Bundle(Bundle) Bundled
	Load(Load) Loaded
	Run(Run, Host) Ran
	Test(Test) Tested
}

// Idler is an engine that has something to prepare while nobody waits: a worker calls it when the runtime says so. It takes well
// under a millisecond.
type Idler interface{ Idle() }

// Warmer is an engine whose first run is slow: a worker warms it before the limits hold.
type Warmer interface{ Warm() }

// Metered is an engine that counts processor time against a Run's limit, once it is told how much its process has used.
type Metered interface {
	Meter(used func() time.Duration)
}

// Host carries one HostCall to the runtime and waits for the answer. An error means that the pipe is
// broken: the run ends.
type Host func(HostCall) (HostResult, error)

// Exchange carries a KindHostCall payload to the other side and returns the KindHostResult payload.
type Exchange func(payload []byte) ([]byte, error)

// Serve answers one frame by the engine: all that a worker process needs to know of payloads. The
// answer's id is the request's.
func Serve(e Engine, kind Kind, payload []byte, exchange Exchange) (Kind, []byte) {
	switch kind {
	case KindLoad:
		return answer(payload, KindLoaded, e.Load)
	case KindRun:
		return run(e, payload, exchange)
	case KindBundle:
		return answer(payload, KindBundled, e.Bundle)
	case KindTest:
		return answer(payload, KindTested, e.Test)
	}
	return broken("unknown kind of frame")
}

func answer[Q, A any](payload []byte, kind Kind, do func(Q) A) (Kind, []byte) {
	q, err := Decode[Q](payload)
	if err != nil {
		return broken(err.Error())
	}
	out, err := Encode(do(*q))
	if err != nil {
		return broken(err.Error())
	}
	return kind, out
}

// run is answer for a Run.
func run(e Engine, payload []byte, exchange Exchange) (Kind, []byte) {
	r, err := decodeRun(payload)
	if err != nil {
		return broken(err.Error())
	}
	ran := e.Run(*r, exchange.host)
	out, err := encodeRan(&ran)
	if err != nil {
		return broken(err.Error())
	}
	return KindRan, out
}

func broken(message string) (Kind, []byte) {
	out, err := Encode(Broken{Message: message})
	if err != nil {
		return KindBroken, []byte("{}")
	}
	return KindBroken, out
}

// host speaks HostCalls over the exchange.
func (x Exchange) host(c HostCall) (HostResult, error) {
	payload, err := Encode(c)
	if err != nil {
		return HostResult{}, err
	}
	reply, err := x(payload)
	if err != nil {
		return HostResult{}, err
	}
	r, err := Decode[HostResult](reply)
	if err != nil {
		return HostResult{}, err
	}
	return *r, nil
}
