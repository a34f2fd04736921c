package engine

import (
	"errors"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"turnkey/runtime/hook"
)

// session is the global state of one transaction: a VM in which the script has been run.
type session struct {
	vm      *goja.Runtime
	script  *script
	library *library
	clock   func() time.Time // measures; what user code sees is now

	run    *hook.Run
	host   hook.Host
	watch  *watch
	sent   int // bytes of values and effects that the Run's answer has so far
	logged int // and of logs
	// files maps a hook file to the function that gives its exports; invoke, freeze and api are js/core.js's.
	files  goja.Value
	invoke goja.Callable
	freeze goja.Callable
	api    goja.Value
	// plainest is Object.prototype.
	plainest *goja.Object
	members  map[string]goja.Value // of ctx, as far as they were asked for
	broken   bool                  // it was cut off: nothing may run in it any more
	testing  *testing              // nil but in tests

	current
}

// current is the call that is going on.
type current struct {
	index    int
	asked    *hook.Call
	now      time.Time
	random   random
	outcome  hook.Outcome
	settled  bool
	timers   timers
	forsaken []*goja.Promise // rejected, and nobody handles it yet
}

func newSession(s *script, l *library, clock func() time.Time) *session {
	return &session{vm: goja.New(), script: s, library: l, clock: clock}
}

// begin takes the Run whose calls follow.
func (s *session) begin(run *hook.Run, w *watch, host hook.Host) {
	s.run, s.watch, s.host = run, w, host
	s.sent, s.logged = 0, 0
	s.vm.SetMaxCallStackSize(run.Limits.CallDepth)
}

// call carries out one call.
func (s *session) call(index int, c *hook.Call) hook.Outcome {
	began := s.clock()
	waited := s.watch.waited
	s.current = current{index: index, asked: c, now: time.UnixMilli(c.NowMS).UTC(), random: newRandom(c.Seed)}
	file := s.script.files[c.Name]
	if file == "" {
		return hook.Outcome{Result: hook.Absent}
	}
	err := s.guard(func() error {
		if err := s.load(); err != nil {
			return err
		}
		delete(s.members, "now")
		delete(s.members, "deliveryId")
		argument, err := s.argument(c.Argument)
		if err != nil {
			return err
		}
		_, err = s.invoke(nil, s.files, s.vm.ToValue(file), s.vm.ToValue(string(c.Function)), argument)
		return s.drive(err)
	})
	if err != nil {
		s.cutOff(err)
	}
	s.asked = nil
	o := s.outcome
	o.Usage.DurationUS = max(s.clock().Sub(began).Microseconds(), 0)
	o.Usage.HostUS = (s.watch.waited - waited).Microseconds()
	return o
}

// guard runs code of the user. What comes back as an error cut the session off; exceptions are outcomes.
func (s *session) guard(f func() error) (err error) {
	s.watch.start(s.vm)
	defer s.watch.stop()
	defer func() {
		if r := recover(); r != nil {
			// goja panics with an interrupt that lands while Go code converts a value, and on its own defects.
			s.broken = true
			if cause, ok := r.(error); ok {
				err = cause
			} else {
				err = errors.New("the engine failed")
			}
		}
	}()
	return f()
}

// load makes the global state, once. The script only offers its files as functions: no user code runs yet.
func (s *session) load() error {
	if s.files != nil {
		return nil
	}
	vm := s.vm
	vm.SetTimeSource(func() time.Time { return s.now })
	vm.SetRandSource(func() float64 { return s.random.float() })
	vm.SetParserOptions(parser.WithDisableSourceMaps) // or evaluated code could have any file read
	vm.SetPromiseRejectionTracker(s.track)
	s.members = map[string]goja.Value{}
	native := vm.ToValue(s.native)
	core, err := s.eval("core", native, vm.NewDynamicObject(context{s}), vm.NewArray(toAny(s.script.globals)...))
	if err != nil {
		return err
	}
	made := core.ToObject(vm) // ours: no user code has run yet
	s.invoke, s.freeze, s.api = callable(made.Get("call")), callable(made.Get("freeze")), made.Get("api")
	s.plainest = made.Get("plain").ToObject(vm)
	if s.script.mend {
		if _, err := s.eval("mend"); err != nil {
			return err
		}
	}
	if s.script.parses {
		if _, err := s.eval("parse", native); err != nil {
			return err
		}
	}
	if s.script.bares {
		if err := vm.GlobalObject().Delete("GoError"); err != nil {
			return err
		}
	}
	if s.testing != nil {
		if err := s.testing.cover.install(vm); err != nil {
			return err
		}
	}
	wrapper, err := vm.RunProgram(s.script.program)
	if err != nil {
		return err
	}
	module := vm.NewObject()
	if err := module.Set("exports", vm.NewObject()); err != nil {
		return err
	}
	if _, err := callable(wrapper)(nil, module, module.Get("exports")); err != nil {
		return err
	}
	s.files = module.Get("exports")
	return nil
}

// eval runs one of our own scripts, which is a function, with the arguments.
func (s *session) eval(name string, args ...goja.Value) (goja.Value, error) {
	f, err := s.vm.RunProgram(s.library.get(name))
	if err != nil {
		return nil, err
	}
	return callable(f)(nil, args...)
}

// callable is for functions of ours.
func callable(v goja.Value) goja.Callable {
	f, ok := goja.AssertFunction(v)
	if !ok {
		panic("engine: " + v.String() + " is no function")
	}
	return f
}

func toAny(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
