package gateway

import (
	"fmt"
	"net/http"
	"time"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/telemetry"
)

// observeToken tells of a token exchange: who got one, or why not.
func (g *Gateway) observeToken(w http.ResponseWriter, in *live, began time.Time, token any, err error) {
	if g.cfg.Observe == nil {
		return
	}
	e := g.entry(w, in, telemetry.Token, telemetry.Issued)
	e.At, e.DurationUS = began, g.cfg.Now().Sub(began).Microseconds()
	if who, ok := token.(interface{ Subject() string }); ok && err == nil {
		e.UserID = who.Subject()
	}
	refuse(&e, err)
	g.cfg.Observe(e)
}

// observeRefusal tells of an upload whose credential was refused: a device that never gets in.
func (g *Gateway) observeRefusal(w http.ResponseWriter, in *live, err error) {
	if g.cfg.Observe == nil {
		return
	}
	e := g.entry(w, in, telemetry.Refusal, telemetry.Refused)
	refuse(&e, err)
	g.cfg.Observe(e)
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
