package dashboardapi

import (
	"context"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// TracePath is the path of one request.
type TracePath struct {
	InstancePath
	Request string `path:"request" maxLength:"128"`
}

// requestTrace is one request of a device, from what it sent to what became of it.
type requestTrace struct {
	RequestID    string              `json:"request_id"`
	UserID       string              `json:"user_id,omitempty"`
	ClientID     string              `json:"client_id,omitempty"`
	SDK          string              `json:"sdk,omitempty"`
	AppVersion   string              `json:"app_version,omitempty"`
	Deployment   int                 `json:"deployment"`
	At           time.Time           `json:"at" doc:"When the first of it began"`
	Transactions []tracedTransaction `json:"transactions" nullable:"false" doc:"In the order of the upload; those that were not attempted are not logged"`
	Other        []logEntry          `json:"other" nullable:"false" doc:"Further lines: a token exchange, a refusal, deliveries that failed, events of the instance"`
}

type tracedTransaction struct {
	Entry logEntry   `json:"entry"`
	Lines []logEntry `json:"lines" nullable:"false" doc:"What its hooks logged"`
	// Detail is nil where it was not kept.
	Detail *telemetry.Trace `json:"detail,omitempty" doc:"Operations and hooks. Kept of every transaction that did not succeed, started over or took 250 ms, and of the first 60 each minute"`
}

type traceOutput struct{ Body requestTrace }

func (a *api) getTrace(ctx context.Context, in *TracePath) (*traceOutput, error) {
	list, err := a.cfg.Plane.Logs.Request(ctx, placeOf(ctx).Instance, in.Request)
	if err != nil {
		return nil, err
	}
	return &traceOutput{a.shapeTrace(in.Request, list)}, nil
}

// shapeTrace puts the lines of hooks to the transaction that they precede, which is how runtimes log them.
func (a *api) shapeTrace(request string, list []controlplane.LogEntry) requestTrace {
	out := requestTrace{RequestID: request, At: list[0].At, Transactions: []tracedTransaction{}, Other: []logEntry{}}
	lines := []logEntry{}
	for _, e := range list {
		if e.At.Before(out.At) {
			out.At = e.At
		}
		if out.UserID == "" {
			out.UserID = e.UserID
		}
		if e.ClientID != "" {
			out.ClientID = e.ClientID
		}
		if e.SDK != "" {
			out.SDK, out.AppVersion = e.SDK, e.AppVersion
		}
		out.Deployment = max(out.Deployment, e.Deployment)
		switch e.Kind {
		case telemetry.Hook:
			lines = append(lines, a.shapeLogEntry(e))
		case telemetry.Transaction:
			out.Transactions = append(out.Transactions, tracedTransaction{a.shapeLogEntry(e), lines, e.Trace})
			lines = []logEntry{}
		default:
			out.Other = append(out.Other, a.shapeLogEntry(e))
		}
	}
	out.Other = append(out.Other, lines...) // of hooks outside of transactions
	return out
}
