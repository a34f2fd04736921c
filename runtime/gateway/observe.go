package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
)

// exchange is a token exchange that has ended.
type exchange struct {
	began         time.Time
	authorization string
	client        *device // nil: it says nothing of itself
	answer        any
	err           error
}

// observeToken tells of a token exchange: who got one, or why not.
func (g *Gateway) observeToken(w http.ResponseWriter, in *live, x exchange) {
	if g.cfg.Observe == nil {
		return
	}
	e := g.entry(w, in, telemetry.Token, telemetry.Issued)
	e.At, e.DurationUS = x.began, g.cfg.Now().Sub(x.began).Microseconds()
	if who, ok := x.answer.(interface {
		Subject() string
		ForNobody() bool
	}); ok && x.err == nil {
		e.UserID, e.Development = who.Subject(), who.ForNobody()
	}
	if c := x.client; c != nil {
		e.ClientID, e.SDK, e.AppVersion, e.Report = c.ID, c.SDK, c.AppVersion, c.report()
	}
	if refuse(&e, x.err); e.Outcome == telemetry.Refused {
		e.Credential = readable(x.authorization)
	}
	g.cfg.Observe(e)
}

// observeRefusal tells of an upload whose credential was refused: a device that never gets in.
func (g *Gateway) observeRefusal(w http.ResponseWriter, in *live, authorization string, err error) {
	if g.cfg.Observe == nil {
		return
	}
	e := g.entry(w, in, telemetry.Refusal, telemetry.Refused)
	if refuse(&e, err); e.Outcome == telemetry.Refused {
		e.Credential = readable(authorization)
	}
	g.cfg.Observe(e)
}

// observeKeys tells that somebody fetched the public keys. Developers look at them, too; what matters is
// whether a sync service did.
func (g *Gateway) observeKeys(r *http.Request, in *live) {
	if g.cfg.Observe == nil {
		return
	}
	outcome := telemetry.Fetched
	for _, tool := range []string{"mozilla/", "curl/", "wget/", "httpie/", "postman"} {
		if agent := r.UserAgent(); len(agent) >= len(tool) && strings.EqualFold(agent[:len(tool)], tool) {
			outcome = telemetry.Viewed
		}
	}
	g.cfg.Observe(telemetry.Entry{At: g.cfg.Now(), Instance: in.bundle.Instance.ID, Kind: telemetry.Keys, Level: telemetry.Info, Outcome: outcome})
}

func (g *Gateway) entry(w http.ResponseWriter, in *live, kind telemetry.Kind, outcome telemetry.Outcome) telemetry.Entry {
	return telemetry.Entry{
		At: g.cfg.Now(), Instance: in.bundle.Instance.ID, Deployment: in.bundle.Deployment, Kind: kind, Level: telemetry.Info,
		RequestID: w.Header().Get(requestIDHeader), Outcome: outcome,
	}
}

// refuse adds why. Only what the fault lets strangers see: its cause may hold a credential.
func refuse(e *telemetry.Entry, err error) {
	if err == nil {
		return
	}
	f := fault.Of(err)
	e.Level, e.Outcome, e.Code, e.Message = telemetry.Warn, telemetry.Refused, f.Code, f.Message
	if f.Hint != "" {
		e.Message += " " + f.Hint // the developer reads the log, and the hint names the setting
	}
	if f.Kind == fault.Unavailable || f.Kind == fault.Internal {
		e.Level, e.Outcome = telemetry.Error, telemetry.Unavailable
	}
}

// observeBuild tells that a revision of an instance serves here now, or why it does not.
func (c *Config) observeBuild(b *bundle.Bundle, err error) {
	if c.Observe == nil {
		return
	}
	e := telemetry.Entry{
		At: c.Now(), Instance: b.Instance.ID, Deployment: b.Deployment, Kind: telemetry.Instance, Level: telemetry.Info, Outcome: telemetry.Noted,
		Message: fmt.Sprintf("Revision %d serves.", b.Revision),
	}
	if err != nil {
		f := fault.Of(err)
		e.Level, e.Code, e.Message = telemetry.Error, f.Code, fmt.Sprintf("Revision %d cannot serve; the one before it does, if there is one. %s %s", b.Revision, f.Message, f.Hint)
	}
	c.Observe(e)
}
