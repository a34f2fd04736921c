package telemetry

import "time"

// Credential is what a refused credential says of itself. Nothing of it is proven, and nothing of it is secret.
type Credential struct {
	Issuer   string `json:"issuer,omitempty"`
	KeyID    string `json:"key_id,omitempty"`
	Audience string `json:"audience,omitempty"`
}

// RefusedCredential is one cause for which credentials are refused, and how often it was.
type RefusedCredential struct {
	Instance string `json:"instance"`
	Where    Kind   `json:"where"` // Token, or Refusal: an upload
	Code     string `json:"code"`
	Credential
	Message   string    `json:"message,omitempty"`
	RequestID string    `json:"request_id,omitempty"` // the last one's
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	N         int64     `json:"n"`
}

// Cause is what makes two refusals the same.
type Cause struct {
	Instance string
	Where    Kind
	Code     string
	Credential
}

// Cause tells it.
func (c *RefusedCredential) Cause() Cause { return Cause{c.Instance, c.Where, c.Code, c.Credential} }

// Join adds later refusals for the same cause.
func (c *RefusedCredential) Join(l RefusedCredential) {
	if c.First.IsZero() || l.First.Before(c.First) {
		c.First = l.First
	}
	if !l.Last.Before(c.Last) {
		c.Last, c.Message, c.RequestID = l.Last, l.Message, l.RequestID
	}
	c.N += l.N
}

// turnAway counts a refused credential by its cause. Strangers choose what theirs say, so there are only so many causes.
func (m *meter) turnAway(r *Recorder, e *Entry) {
	if e.Kind != Token && e.Kind != Refusal || e.Outcome != Refused {
		return
	}
	c := RefusedCredential{Instance: e.Instance, Where: e.Kind, Code: e.Code, Message: e.Message, RequestID: e.RequestID, First: e.At, Last: e.At, N: 1}
	if e.Credential != nil {
		c.Credential = *e.Credential
	}
	c.Clean()
	k := c.Cause()
	have := m.refused[k]
	if have == nil && len(m.refused) >= r.bounds.Causes {
		c.Credential = Credential{Issuer: Other}
		k = c.Cause()
		have = m.refused[k]
	}
	if have != nil {
		have.Join(c)
		return
	}
	if m.refused == nil {
		m.refused = map[Cause]*RefusedCredential{}
	}
	m.refused[k] = &c
}

func (m *meter) takeRefused() map[Cause]*RefusedCredential {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.refused
	m.refused = nil
	return out
}

// Clean makes every text safe and bounded.
func (c *RefusedCredential) Clean() {
	for _, s := range []*string{&c.Instance, (*string)(&c.Where), &c.Code, &c.Issuer, &c.KeyID, &c.Audience, &c.RequestID} {
		*s = Clean(*s, maxName)
	}
	c.Message = Clean(c.Message, maxMessage)
}
