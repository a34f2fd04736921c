package dashboardapi

import "time"

// WriteFilter selects among records of devices' writes: conflicts and rejections.
type WriteFilter struct {
	UserID   string    `query:"user_id" maxLength:"1024"`
	ClientID string    `query:"client_id" maxLength:"1024"`
	Table    string    `query:"table" maxLength:"1024"`
	RowID    string    `query:"row_id" maxLength:"1024"`
	From     time.Time `query:"from" doc:"At or after this time"`
	To       time.Time `query:"to" doc:"Before this time"`
	Order    string    `query:"order" enum:"newest,oldest" default:"newest"`
}

func (f *WriteFilter) oldestFirst() bool { return f.Order == "oldest" }

// statesOf are the states that a list is asked for.
func statesOf[S ~string](texts []string) []S {
	var out []S
	for _, t := range texts {
		out = append(out, S(t))
	}
	return out
}
