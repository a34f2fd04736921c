//go:build !linux

package worker

// masks are a matter of the scheduler, and left to it.
type masks struct{}

func newPlaces() *places { return &places{brief: map[*spot]struct{}{}} }

func (*masks) lost() string { return "only Linux has it" }

func (*masks) refuse(error) bool { return false }

func (*masks) list() []int { return nil }

func (*masks) behind(start func() error) error { return start() }

func (*masks) room() int { return 0 }

func (*masks) put(int, place) {}

// threadsOf is for those who may move them.
func threadsOf(int) []int { return nil }
