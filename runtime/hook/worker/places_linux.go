package worker

import (
	"errors"
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// masks are the processors that this process has, and their halves.
type masks struct {
	all     [3]unix.CPUSet         // by place
	missing atomic.Pointer[string] // why nobody is kept anywhere
}

// newPlaces tries with a thread, which ends if it cannot go back.
func newPlaces() *places {
	p := &places{brief: map[*spot]struct{}{}}
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := unix.SchedGetaffinity(0, &p.all[anywhere])
		if err == nil {
			err = p.halve()
		}
		if err == nil {
			err = unix.SchedSetaffinity(0, &p.all[back])
		}
		if err == nil {
			err = unix.SchedSetaffinity(0, &p.all[anywhere])
		}
		if err == nil {
			runtime.UnlockOSThread()
		}
		result <- err
	}()
	if err := <-result; err != nil {
		p.refuse(err)
	}
	return p
}

var errAlone = errors.New("this process has one processor")

// halve divides them.
func (p *masks) halve() error {
	cpus := p.list()
	half := (len(cpus) + 1) / 2
	if len(cpus) < 2 {
		return errAlone
	}
	for i, cpu := range cpus {
		if i < half {
			p.all[front].Set(cpu)
		} else {
			p.all[back].Set(cpu)
		}
	}
	return nil
}

// refuse gives up keeping anybody anywhere; it reports whether that is new.
func (p *masks) refuse(err error) bool {
	why := err.Error()
	return p.missing.CompareAndSwap(nil, &why)
}

// lost is why nobody is kept anywhere, if so.
func (p *masks) lost() string {
	if why := p.missing.Load(); why != nil {
		return *why
	}
	return ""
}

// list is the processors that a worker may have when it is ready, wherever it was started.
func (p *masks) list() (cpus []int) {
	for cpu := range len(p.all[anywhere]) * 64 {
		if p.all[anywhere].IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// behind calls start, whose children are kept to the back half: a thread's processors are those of the one that made it.
func (p *masks) behind(start func() error) error {
	if p.lost() != "" {
		return start()
	}
	runtime.LockOSThread()
	if err := unix.SchedSetaffinity(0, &p.all[back]); err != nil {
		runtime.UnlockOSThread()
		p.refuse(err)
		return start()
	}
	err := start()
	if back := unix.SchedSetaffinity(0, &p.all[anywhere]); back != nil {
		p.refuse(back)
		return err // the thread stays with its goroutine, and ends with it
	}
	runtime.UnlockOSThread()
	return err
}

// room is how many processors the front has.
func (p *masks) room() int { return p.all[front].Count() }

// threadsOf finds the threads of a worker but the first: they were made right behind it, so they have the numbers next to its own. One that is
// not found stays where it is.
func threadsOf(pid int) (tids []int) {
	for tid := pid + 1; tid < pid+near; tid++ {
		if err := unix.Tgkill(pid, tid, 0); err == nil || errors.Is(err, unix.EPERM) {
			tids = append(tids, tid)
		}
	}
	return tids
}

// near is how many numbers are tried, a tenth of a microsecond each.
const near = 64

// put gives a thread its processors.
func (p *masks) put(tid int, at place) {
	if p.lost() != "" {
		return
	}
	if err := unix.SchedSetaffinity(tid, &p.all[at]); err != nil && !errors.Is(err, unix.ESRCH) {
		p.refuse(err)
	}
}
