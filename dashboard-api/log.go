package dashboardapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

type logEntry struct {
	ID          string                      `json:"id" doc:"Follow the log after it with after, or with Last-Event-ID"`
	At          time.Time                   `json:"at"`
	Kind        string                      `json:"kind" enum:"transaction,token,refusal,instance,delivery,hook" doc:"A client transaction, a token exchange, an upload whose credential was refused, an event of the instance, an attempt to deliver that failed, or a line of a hook's log (with outcome fatal_error: a hook that was killed, and why)"`
	Level       string                      `json:"level" enum:"info,warn,error"`
	Deployment  int                         `json:"deployment,omitempty"`
	RequestID   string                      `json:"request_id,omitempty" doc:"Also in the response's X-Request-Id, and with the rejection"`
	UserID      string                      `json:"user_id,omitempty"`
	ClientID    string                      `json:"client_id,omitempty"`
	SDK         string                      `json:"sdk,omitempty"`
	AppVersion  string                      `json:"app_version,omitempty"`
	Operations  []telemetry.TableOperations `json:"operations,omitempty" doc:"How many of which kind, by table"`
	Outcome     string                      `json:"outcome" enum:"success,fatal_error,retryable_error,issued,refused,unavailable,noted"`
	Code        string                      `json:"code,omitempty" doc:"Why it did not succeed"`
	Message     string                      `json:"message,omitempty"`
	RejectionID string                      `json:"rejection_id,omitempty"`
	DurationUS  int64                       `json:"duration_us,omitempty" doc:"Microseconds of work"`
	Retries     int                         `json:"retries,omitempty" doc:"How often a conflict made it start over"`
}

var levelNames = map[telemetry.Level]string{telemetry.Info: "info", telemetry.Warn: "warn", telemetry.Error: "error"}

func (a *api) shapeLogEntry(e controlplane.LogEntry) logEntry {
	return logEntry{
		ID: a.logIDs.id(e.Instance, e.Seq), At: e.At, Kind: string(e.Kind), Level: levelNames[e.Level], Deployment: e.Deployment,
		RequestID: e.RequestID, UserID: e.UserID, ClientID: e.ClientID, SDK: e.SDK, AppVersion: e.AppVersion, Operations: e.Operations,
		Outcome: string(e.Outcome), Code: e.Code, Message: e.Message, RejectionID: e.Rejection, DurationUS: e.DurationUS, Retries: e.Retries,
	}
}

type logInput struct {
	InstancePage
	Since     time.Time `query:"since" doc:"Not before this time"`
	Until     time.Time `query:"until" doc:"Before this time"`
	Level     string    `query:"level" enum:"info,warn,error" doc:"This level and what is worse"`
	Kind      string    `query:"kind" enum:"transaction,token,refusal,instance,delivery,hook"`
	RequestID string    `query:"request_id" maxLength:"128"`
	UserID    string    `query:"user_id" maxLength:"512"`
	ClientID  string    `query:"client_id" maxLength:"128"`
	Table     string    `query:"table" maxLength:"128" doc:"Transactions with operations on this table"`
	Code      string    `query:"code" maxLength:"128"`
	Outcome   string    `query:"outcome" maxLength:"32"`
	Text      string    `query:"text" maxLength:"200" doc:"Part of the message or the code"`
	Follow    bool      `query:"follow" doc:"Answer with a stream of server-sent events: entries as they arrive, oldest first, each with its id. It ends after five minutes; connect again with Last-Event-ID"`
	After     string    `query:"after" maxLength:"64" doc:"With follow: begin after this entry instead of now"`
	LastEvent string    `header:"Last-Event-ID" maxLength:"64" doc:"With follow: resume after this entry"`
}

func (in *logInput) filter() controlplane.LogFilter {
	f := controlplane.LogFilter{
		Since: in.Since, Until: in.Until, Kind: telemetry.Kind(in.Kind), RequestID: in.RequestID, UserID: in.UserID, ClientID: in.ClientID,
		Table: in.Table, Code: in.Code, Outcome: telemetry.Outcome(in.Outcome), Text: in.Text,
	}
	for level, name := range levelNames {
		if name == in.Level {
			f.Level = level
		}
	}
	return f
}

// logHandler registers readLog with both of its answers described.
func (a *api) logHandler(api huma.API, op huma.Operation) {
	schema := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[page[logEntry]](), true, "PageLogEntry")
	op.Responses["200"] = &huma.Response{
		Description: "A page, newest first; with follow a stream of server-sent events, each with one entry as its data",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}, eventStream: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	handle(a.readLog)(api, op)
}

func (a *api) readLog(ctx context.Context, in *logInput) (*huma.StreamResponse, error) {
	if query := requestOf(ctx).http.URL.Query(); query.Has("follow") && (in.Follow || query.Get("follow") == "") {
		return a.followLog(ctx, in)
	}
	p, err := in.open(ctx, a)
	if err != nil {
		return nil, err
	}
	before, _ := strconv.ParseInt(p.After, 10, 64) // it was sealed by us
	list, next, err := a.cfg.Plane.Logs.List(ctx, placeOf(ctx).Instance, in.filter(), before, p.Limit)
	if err != nil {
		return nil, err
	}
	after := ""
	if next > 0 {
		after = strconv.FormatInt(next, 10)
	}
	text, err := json.Marshal(paged(ctx, a, list, after, a.shapeLogEntry).Body)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(out huma.Context) {
		out.SetHeader("Content-Type", "application/json")
		out.SetStatus(http.StatusOK)
		_, _ = out.BodyWriter().Write(text) // the caller may have gone
	}}, nil
}
