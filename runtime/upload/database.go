package upload

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"

	"turnkey/runtime/hook"
	"turnkey/runtime/source"
)

// database answers one call of ctx.db in the transaction of the upload. It is called in strict mode only:
// everything that earlier operations did has been sent, so the database shows it. What it writes it notes in
// wrote, and in the rows that the attempt holds. An error is the transaction's, a *source.Failure; a HostError is the hook's to catch.
func (a *attempt) database(context.Context, source.Tx, *hook.DBRequest) (jsontext.Value, *hook.HostError, error) {
	return nil, &hook.HostError{Code: "db_unavailable", Message: "ctx.db is not available here."}, nil
}
