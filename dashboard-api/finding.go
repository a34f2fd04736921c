package dashboardapi

import "turnkey/internal/fault"

// finding is one place of a configuration or a hook file that its author should look at.
type finding struct {
	Path        string       `json:"path" doc:"Where: body.name, query.limit, a path of the configuration, or a hook file"`
	Line        int          `json:"line,omitempty" doc:"In a file, from 1"`
	Column      int          `json:"column,omitempty"`
	Code        string       `json:"code,omitempty"`
	Message     string       `json:"message"`
	Hint        string       `json:"hint,omitempty"`
	Expectation *expectation `json:"expectation,omitempty" doc:"What a test expected, and what came"`
}

// expectation is an expect(received).matcher(expected) that did not hold.
type expectation struct {
	Matcher  string `json:"matcher" doc:"Such as toEqual, or not.toBe"`
	Expected string `json:"expected,omitempty"`
	Received string `json:"received,omitempty"`
}

func shapeFinding(d fault.Detail) finding {
	out := finding{Path: d.Path, Line: d.Line, Column: d.Column, Code: d.Code, Message: d.Message, Hint: d.Hint}
	if e := d.Expectation; e != nil {
		out.Expectation = &expectation{e.Matcher, e.Expected, e.Received}
	}
	return out
}

// findings is never nil: lists in answers are [] when empty.
func findings(details []fault.Detail) []finding {
	out := make([]finding, len(details))
	for i, d := range details {
		out[i] = shapeFinding(d)
	}
	return out
}
