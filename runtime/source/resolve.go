package source

// ConflictOutcome is what a resolution or a dismissal made of one conflict.
type ConflictOutcome struct {
	ID        string         `json:"id"`
	Status    ConflictStatus `json:"status,omitempty"` // afterwards
	ErrorCode string         `json:"error_code,omitempty"`
	Message   string         `json:"message,omitempty"`
	Hint      string         `json:"hint,omitempty"`
}

// CaseOutcome is what became of a conflict and of what hangs on it.
type CaseOutcome struct {
	Conflicts []ConflictOutcome `json:"conflicts"`
	// Rejections are the case's other half and what waited for it; none where the conflict had been decided.
	Rejections []Outcome `json:"rejections"`
}
