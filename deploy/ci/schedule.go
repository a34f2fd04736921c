package main

import "slices"

// runAll runs suites in their order and gives their results in that order; each is told as soon as it is there. A suite starts
// when everything before it has started and it may run beside what still runs.
func runAll(list []suite, run func(suite) result, tell func(result)) []result {
	type done struct {
		at int
		result
	}
	results := make([]result, len(list))
	ended := make(chan done)
	var running []int
	wait := func() {
		d := <-ended
		results[d.at] = d.result
		running = slices.DeleteFunc(running, func(n int) bool { return n == d.at })
		tell(d.result)
	}
	for n, s := range list {
		for !s.beside(list, running) {
			wait()
		}
		running = append(running, n)
		go func() { ended <- done{n, run(s)} }()
	}
	for len(running) > 0 {
		wait()
	}
	return results
}

// beside says whether a suite may start now: alone, or as the second of two that each need half of the machine.
func (s suite) beside(list []suite, running []int) bool {
	if len(running) == 0 {
		return true
	}
	other := list[running[0]]
	return len(running) == 1 && s.half && other.half && !s.disturbs(other) && !other.disturbs(s)
}

// disturbs says whether a suite makes anew what another one uses.
func (s suite) disturbs(other suite) bool {
	return s.makes != "" && (s.makes == other.uses || s.makes == other.makes)
}
