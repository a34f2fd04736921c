package rehearsal

import (
	"encoding/json"
	"time"
)

// MostExamples is how many cases a report shows.
const MostExamples = 100

// ReplayOrder asks what would become of the last recorded conflicts and rejections.
type ReplayOrder struct {
	// Limit is how many cases to look at, After where to go on: a Part's Next.
	Limit int    `json:"limit"`
	After string `json:"after,omitempty"`
	// For bounds the work; what is left is for the next order.
	For time.Duration `json:"for"`
}

// Report adds up what would become of recorded cases. Each is in one of Same, Differ, Skipped and Errors.
type Report struct {
	Total  int `json:"total"`
	Same   int `json:"same"`
	Differ int `json:"differ"`
	// NewRejections and NowAccepted are those of Differ that were applied and would be refused, and the other way round.
	NewRejections int `json:"new_rejections"`
	NowAccepted   int `json:"now_accepted"`
	// Skipped cannot be judged by themselves: they wait for another rejection.
	Skipped int `json:"skipped"`
	// Errors could not be rehearsed: what was kept cannot be read, or the database was in the way.
	Errors   int       `json:"errors"`
	Examples []Example `json:"examples" nullable:"false"`
}

// Part is how far a ReplayOrder came.
type Part struct {
	Report
	Next string `json:"next"`
	More bool   `json:"more"`
}

// Kind of a recorded case.
type Kind string

// The kinds.
const (
	ConflictCase  Kind = "conflict"
	RejectionCase Kind = "rejection"
	// LiveCase is a live transaction that a shadow has tried, by the request's id.
	LiveCase Kind = "live"
)

// Difference is what a draft changes about a case.
type Difference string

// The differences. What is not among them is the same.
const (
	OtherValues  Difference = "other_values"
	OtherCode    Difference = "other_code"
	NewRejection Difference = "new_rejection"
	NowAccepted  Difference = "now_accepted"
	Failed       Difference = "error"
)

// Example is a case of which something else would become.
type Example struct {
	Kind       Kind       `json:"kind" enum:"conflict,rejection,live"`
	ID         string     `json:"id"`
	Table      string     `json:"table"`
	RowID      string     `json:"row_id"`
	Difference Difference `json:"difference" enum:"other_values,other_code,new_rejection,now_accepted,error"`
	Fields     []string   `json:"fields,omitempty"` // the columns that differ, in the client's names
	Was        Result     `json:"was"`
	Would      Result     `json:"would"`
}

// Result is what became of a case, or would.
type Result struct {
	Outcome Outcome `json:"outcome"`
	Code    string  `json:"error_code,omitempty"`
	Message string  `json:"message,omitempty"`
	// Values are those of the columns that differ, as devices have them; of a row that is deleted there are none.
	Values  map[string]json.RawMessage `json:"values,omitempty"`
	Deleted bool                       `json:"deleted,omitempty"`
}

// Add counts one case; a nil example is one of which the same would become.
func (r *Report) Add(e *Example) {
	r.Total++
	if e == nil {
		r.Same++
		return
	}
	switch e.Difference {
	case Failed:
		r.Errors++
	case NewRejection:
		r.NewRejections++
		r.Differ++
	case NowAccepted:
		r.NowAccepted++
		r.Differ++
	default:
		r.Differ++
	}
	if len(r.Examples) < MostExamples {
		r.Examples = append(r.Examples, *e)
	}
}

// Skip counts a case that cannot be judged by itself.
func (r *Report) Skip() {
	r.Total++
	r.Skipped++
}

// Join adds the report of what came after.
func (r *Report) Join(next *Report) {
	r.Total += next.Total
	r.Same += next.Same
	r.Differ += next.Differ
	r.NewRejections += next.NewRejections
	r.NowAccepted += next.NowAccepted
	r.Skipped += next.Skipped
	r.Errors += next.Errors
	r.Examples = append(r.Examples, next.Examples[:min(len(next.Examples), MostExamples-len(r.Examples))]...)
}

// Compare tells how the outcomes differ; "" when they do not. Values are the caller's to compare.
func (e *Example) Compare() Difference {
	switch {
	case e.Would.Outcome == HeldBack:
		return Failed
	case e.Was.Outcome == Applied && e.Would.Outcome == Refused:
		return NewRejection
	case e.Was.Outcome == Refused && e.Would.Outcome == Applied:
		return NowAccepted
	case e.Was.Code != e.Would.Code:
		return OtherCode
	}
	return ""
}

// As names the difference; nil when there is none.
func (e Example) As(d Difference) *Example {
	if d == "" {
		return nil
	}
	e.Difference = d
	return &e
}
