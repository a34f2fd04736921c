package telemetry

import "time"

// Sight is something of which people ask whether, since when and how lately it was seen of an instance.
type Sight string

// The sights.
const (
	SightKeys        Sight = "jwks"               // the public keys were fetched by something that is no browser: most likely a sync service
	SightKeysViewed  Sight = "jwks_other"         // they were fetched by a browser or a tool of a developer
	SightToken       Sight = "token"              // a token was issued
	SightDevelopment Sight = "development_token"  // one of them for a bare user id
	SightNoToken     Sight = "token_refused"      // a credential was refused where tokens are issued
	SightUpload      Sight = "upload"             // a transaction was attempted
	SightNoUpload    Sight = "upload_refused"     // a credential was refused where uploads arrive
	SightWrite       Sight = "write"              // a transaction was applied
	SightPrevious    Sight = "previous_values"    // an update or deletion came with previous values
	SightNoPrevious  Sight = "no_previous_values" // one came without
	SightStock       Sight = "stock_client"       // a transaction came from a device that does not name itself
	SightRejection   Sight = "rejection"          // a transaction was refused for good, and kept
)

// Sights lists them. A meter keeps them in this order.
var Sights = [...]Sight{SightKeys, SightKeysViewed, SightToken, SightDevelopment, SightNoToken, SightUpload, SightNoUpload, SightWrite, SightPrevious, SightNoPrevious, SightStock, SightRejection}

// The places of Sights, so that the write path need not look for them.
const (
	placeKeys = iota
	placeKeysViewed
	placeToken
	placeDevelopment
	placeNoToken
	placeUpload
	placeNoUpload
	placeWrite
	placePrevious
	placeNoPrevious
	placeStock
	placeRejection
)

// Sighting says how often something was seen, and when first and last. Like counters, sightings are never
// lost while the process lives.
type Sighting struct {
	Instance string    `json:"instance"`
	What     Sight     `json:"what"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	N        int64     `json:"n"`
}

// Join adds a sighting of the same thing.
func (s *Sighting) Join(more Sighting) {
	if s.N == 0 || more.First.Before(s.First) {
		s.First = more.First
	}
	if s.N == 0 || more.Last.After(s.Last) {
		s.Last = more.Last
	}
	s.N += more.N
}

// span is a sighting in a meter; its times are Unix nanoseconds.
type span struct{ first, last, n int64 }

func (m *meter) saw(place int, at, n int64) {
	if n == 0 {
		return
	}
	s := &m.spans[place]
	if s.n == 0 {
		s.first, s.last = at, at
	}
	s.first, s.last, s.n = min(s.first, at), max(s.last, at), s.n+n
	m.seen = true
}

// see notes what an entry shows of its instance.
func (m *meter) see(e *Entry) {
	at := e.At.UnixNano()
	switch e.Kind {
	case Transaction:
		if e.Outcome == NotAttempted {
			return
		}
		m.saw(placeUpload, at, 1)
		if e.Outcome == Success {
			m.saw(placeWrite, at, 1)
		}
		if e.Outcome == Fatal {
			m.saw(placeRejection, at, 1)
		}
		if e.ClientID == "" {
			m.saw(placeStock, at, 1)
		}
		with, without := e.previous()
		m.saw(placePrevious, at, with)
		m.saw(placeNoPrevious, at, without)
	case Token:
		switch e.Outcome {
		case Issued:
			m.saw(placeToken, at, 1)
			if e.Development {
				m.saw(placeDevelopment, at, 1)
			}
		case Refused:
			m.saw(placeNoToken, at, 1)
		}
	case Refusal:
		m.saw(placeNoUpload, at, 1)
	case Keys:
		if e.Outcome == Viewed {
			m.saw(placeKeysViewed, at, 1)
			return
		}
		m.saw(placeKeys, at, 1)
	}
}

// previous counts the operations that came with and without previous values.
func (e *Entry) previous() (with, without int64) {
	for i := range e.Operations {
		with += int64(e.Operations[i].Previous)
		without += int64(e.Operations[i].NoPrevious)
	}
	return with, without
}

// takeSpans gives the sightings since the last call.
func (m *meter) takeSpans(instance string) (out []Sighting) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.seen {
		return nil
	}
	for i, s := range m.spans {
		if s.n > 0 {
			out = append(out, Sighting{instance, Sights[i], time.Unix(0, s.first).UTC(), time.Unix(0, s.last).UTC(), s.n})
		}
	}
	m.spans, m.seen = [len(Sights)]span{}, false
	return out
}
