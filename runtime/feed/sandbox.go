package feed

// Sandbox is how a runtime isolates users' code: the layers around each process that runs it.
type Sandbox struct {
	Layers  []string       `json:"layers"`
	Missing []MissingLayer `json:"missing,omitempty"`
	// Failure says why no such process starts; hooks do not run then.
	Failure string `json:"failure,omitempty"`
}

// MissingLayer is one that the system refuses, and why.
type MissingLayer struct {
	Layer  string `json:"layer"`
	Reason string `json:"reason"`
}

const (
	maxLayers = 50
	maxReason = 500
)

// Bounded cuts what a runtime says to what is worth keeping.
func (s *Sandbox) Bounded() *Sandbox {
	if s == nil {
		return nil
	}
	out := Sandbox{Layers: s.Layers[:min(len(s.Layers), maxLayers)], Missing: append([]MissingLayer{}, s.Missing[:min(len(s.Missing), maxLayers)]...), Failure: cut(s.Failure)}
	for n := range out.Missing {
		out.Missing[n].Layer, out.Missing[n].Reason = cut(out.Missing[n].Layer), cut(out.Missing[n].Reason)
	}
	return &out
}

func cut(s string) string { return s[:min(len(s), maxReason)] }
