package worker

import (
	"log/slog"
	"runtime"
	"time"
)

// Options of a pool. The zero value of each field is its default.
type Options struct {
	// Binary is the program that is started as a worker, with the one argument wire.Command. Unset: this one.
	Binary string
	// Sizes and Limits are the pool's; Workers are each worker's.
	Sizes   Sizes
	Limits  Limits
	Bundles Bundles
	Now     func() time.Time
	Log     *slog.Logger
	// Without names layers to leave out, for tests of the others.
	Without []string
}

// Sizes say how many workers there are, and for how long.
type Sizes struct {
	Spares      int           // warm, unassigned workers, once hooks are in use; negative: none
	Workers     int           // leased to instances, all together; the least lately used makes room
	PerInstance int           // of one instance, while it has more to do than one can
	Running     int           // that compute at the same time
	Suspects    int           // of those, for instances that hit a deadline lately
	Waiting     int           // transactions of one instance that wait for a worker, or runs for their turn
	MaxWait     time.Duration // the longest such wait
	Idle        time.Duration // after which a worker without work ends
	Calls       int           // after which a worker is replaced
	Age         time.Duration // the same
	Suspicion   time.Duration // how long an instance is a suspect
	Start       time.Duration // the longest that a worker may take to be ready
}

// Limits of a worker that runs hooks, and of one request to it.
type Limits struct {
	Memory int64         // bytes of data that the program may hold, beyond what an idle worker has
	CPU    time.Duration // of processor time, where a request says nothing else
	Load   time.Duration // the same, for loading a program
	Grace  time.Duration // from the interruption to the kill
	Calls  int           // back into the runtime, in one request
	Call   int           // bytes of one of them
	Host   time.Duration // that they may take together
	Frame  int           // bytes of an answer, where a request does not allow more
}

// Bundles are the limits of a worker that parses source text, or runs a configuration's tests. It is started
// for one request and ends with it.
type Bundles struct {
	Memory  int64
	CPU     time.Duration
	Running int // at the same time; one of an instance
}

const mib = 1 << 20

func (o Options) withDefaults() Options {
	processors := runtime.GOMAXPROCS(0)
	fill(&o.Sizes.Spares, 2)
	fill(&o.Sizes.Workers, 64)
	fill(&o.Sizes.PerInstance, max(2, processors))
	fill(&o.Sizes.Running, processors)
	fill(&o.Sizes.Suspects, 1)
	fill(&o.Sizes.Waiting, 100)
	fill(&o.Sizes.MaxWait, 2*time.Second)
	fill(&o.Sizes.Idle, time.Minute)
	fill(&o.Sizes.Calls, 10_000)
	fill(&o.Sizes.Age, 10*time.Minute)
	fill(&o.Sizes.Suspicion, time.Minute)
	fill(&o.Sizes.Start, 10*time.Second)
	fill(&o.Limits.Memory, 80*mib)
	fill(&o.Limits.CPU, 200*time.Millisecond)
	fill(&o.Limits.Load, 500*time.Millisecond)
	fill(&o.Limits.Grace, 100*time.Millisecond)
	fill(&o.Limits.Calls, 50)
	fill(&o.Limits.Call, 512<<10)
	fill(&o.Limits.Host, 2*time.Second)
	fill(&o.Limits.Frame, 2*mib)
	fill(&o.Bundles.Memory, 176*mib) // 256 with what an idle worker has
	fill(&o.Bundles.CPU, 5*time.Second)
	fill(&o.Bundles.Running, processors)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
