package source

import "turnkey/runtime/bundle"

// TestReport is the outcome of a connection test.
type TestReport struct {
	OK      bool    `json:"ok"`
	Server  string  `json:"server"`  // product and version
	Latency int64   `json:"latency"` // median round trip, microseconds
	Checks  []Check `json:"checks"`
	Mode    Mode    `json:"mode"`
	// Powers are what the database user may do beyond what serving needs, in words; null where that is not known.
	Powers []string `json:"powers"`
}

// Check is one thing that serving needs.
type Check struct {
	// Name: dial, tls, credentials, replica_set, transactions, privileges, prepared, pooler ...
	Name    string `json:"name"`
	OK      bool   `json:"ok"`
	Message string `json:"message"`
	// Fix is the exact next step when not OK.
	Fix string `json:"fix,omitempty"`
	// Statements are to be run by the operator where we may not create our tables.
	Statements []string `json:"statements,omitempty"`
}

// Inspection proposes a configuration from what is stored.
type Inspection struct {
	Tables []ProposedTable `json:"tables"`
	// Notes say what was left out and why.
	Notes []string `json:"notes,omitempty"`
}

// ProposedTable is one collection or table with the types found.
type ProposedTable struct {
	Name    string       `json:"name"` // proposed client name
	Table   bundle.Table `json:"table"`
	Rows    int64        `json:"rows"` // estimate
	Sampled int          `json:"sampled"`
	// Warnings name fields whose values have more than one type, and the like.
	Warnings []string `json:"warnings,omitempty"`
}
