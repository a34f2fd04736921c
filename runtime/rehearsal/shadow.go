package rehearsal

import (
	"maps"
	"time"
)

// ShadowOrder asks a runtime to let a candidate run beside what is deployed.
type ShadowOrder struct {
	ID string `json:"id"`
	// Deployment is the one that it runs beside; when another one serves, it is over.
	Deployment int       `json:"deployment"`
	Sample     float64   `json:"sample"` // of the transactions, 0..1
	Until      time.Time `json:"until"`
}

// ShadowReport adds up what a candidate would have made of live transactions.
type ShadowReport struct {
	Report
	// Dropped were to be tried, but the ones before were not done yet.
	Dropped int `json:"dropped"`
	// Fields counts by table and field, in the source's names, in how many rows another value would be stored.
	Fields map[string]map[string]int `json:"fields"`
}

// MostShadowFields bounds how many fields are told apart.
const MostShadowFields = 500

// Field counts a field of which another value would be stored.
func (r *ShadowReport) Field(table, field string) {
	if r.Fields == nil {
		r.Fields = map[string]map[string]int{}
	}
	of := r.Fields[table]
	if of == nil {
		of = map[string]int{}
		r.Fields[table] = of
	}
	if _, known := of[field]; known || len(of) < MostShadowFields {
		of[field]++
	}
}

// JoinShadow adds another runtime's report.
func (r *ShadowReport) JoinShadow(other *ShadowReport) {
	r.Join(&other.Report)
	r.Dropped += other.Dropped
	for table, fields := range other.Fields {
		for field, n := range fields {
			if r.Fields == nil {
				r.Fields = map[string]map[string]int{}
			}
			if r.Fields[table] == nil {
				r.Fields[table] = map[string]int{}
			}
			r.Fields[table][field] += n
		}
	}
}

// Clone copies a report that goes on changing.
func (r *ShadowReport) Clone() ShadowReport {
	out := *r
	out.Examples = append([]Example{}, r.Examples...)
	out.Fields = make(map[string]map[string]int, len(r.Fields))
	for table, fields := range r.Fields {
		out.Fields[table] = maps.Clone(fields)
	}
	return out
}

// ShadowState is a shadow at one runtime.
type ShadowState struct {
	// Order is nil where there is none.
	Order   *ShadowOrder `json:"order,omitempty"`
	Running bool         `json:"running"`
	Report  ShadowReport `json:"report"`
}
