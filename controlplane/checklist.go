package controlplane

import (
	"context"
	"time"

	"turnkey/runtime/telemetry"
)

// Step is one thing that happens on the way from a deployment to an app that writes.
type Step struct {
	Code string
	Done bool
	// First and Last are when it was seen, zero where it was not.
	First, Last time.Time
	Message     string
	// Hint is what to do where it has not happened, or what else was seen.
	Hint string
}

// Checklist says how far an instance has come, from what runtimes have seen of it.
func (s *Connections) Checklist(ctx context.Context, instance string) (list []Step, err error) {
	var i Instance
	var seen map[telemetry.Sight]telemetry.Sighting
	err = s.read(ctx, func(tx Tx) error {
		if i, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		seen, err = sightingsAndKeys(ctx, tx, instance)
		return err
	})
	if err != nil {
		return nil, err
	}
	return checklist(i, seen), nil
}

func checklist(i Instance, seen map[telemetry.Sight]telemetry.Sighting) []Step {
	deployed := Step{Code: "deployed", Done: i.Deployment > 0, Message: "The configuration is deployed.", Hint: "Deploy the draft."}
	return []Step{
		deployed.settled(),
		keysStep(seen),
		step(seen, "token", telemetry.SightToken, "A token was issued.", "No token was issued yet.", hintOf(seen, telemetry.SightNoToken,
			"Let the app call /token, or mint one here for a try.", "Credentials were refused at /token: paste one into the token doctor.")),
		step(seen, "write", telemetry.SightWrite, "A write was applied.", "No write was applied yet.", hintOf(seen, telemetry.SightUpload,
			hintOf(seen, telemetry.SightNoUpload, "Change a row in the app while it is connected.", "Tokens were refused at /api/data: paste one into the token doctor."),
			"Writes arrived, and none was applied: look at the rejections.")),
		step(seen, "previous_values", telemetry.SightPrevious, "A device sends previous values, so conflicts are seen.", "No device has sent previous values yet.",
			hintOf(seen, telemetry.SightNoPrevious, "Change a row that is there already.", "Updates arrive without them: switch trackPrevious on in the client schema, or conflicts stay unseen.")),
	}
}

// What a person says, and nothing sees: that PowerSync was given the keys by hand.
const (
	sightPasted telemetry.Sight = "keys_pasted"
	// sightPastedBefore takes its place when there is a key since then; it is never stored.
	sightPastedBefore telemetry.Sight = "keys_pasted_before"
)

// sightingsAndKeys are sightings, where what was pasted counts for the keys that there were.
func sightingsAndKeys(ctx context.Context, tx Tx, instance string) (map[telemetry.Sight]telemetry.Sighting, error) {
	seen, err := sightings(ctx, tx, instance)
	pasted, said := seen[sightPasted]
	if err != nil || !said {
		return seen, err
	}
	keys, err := tx.ListSigningKeys(ctx, instance)
	for _, k := range keys {
		if k.CreatedAt.After(pasted.Last) {
			delete(seen, sightPasted)
			seen[sightPastedBefore] = pasted
		}
	}
	return seen, err
}

// keysStep tells PowerSync from a developer who looks at the keys in a browser, and believes who says that the keys were
// pasted: then nobody fetches them.
func keysStep(seen map[telemetry.Sight]telemetry.Sighting) Step {
	if _, fetched := seen[telemetry.SightKeys]; !fetched {
		if _, before := seen[sightPastedBefore]; before {
			return Step{Code: "keys", Message: "The keys that PowerSync was given by hand are not those of today.", Hint: "A key was made since. Paste the keys under Client Auth again before the new one signs, then confirm it."}
		}
		if _, pasted := seen[sightPasted]; pasted {
			return step(seen, "keys", sightPasted, "PowerSync was given the instance's keys by hand.", "", "")
		}
	}
	return step(seen, "keys", telemetry.SightKeys, "PowerSync fetched the instance's keys.", "PowerSync has not fetched the instance's keys yet.",
		hintOf(seen, telemetry.SightKeysViewed, "Enter the JWKS URI in PowerSync under Client Auth and deploy there. Where keys are pasted instead, they are never fetched: then confirm on the go-live page that they were.",
			"A browser or a tool fetched them, PowerSync did not: enter the JWKS URI there under Client Auth."))
}

func step(seen map[telemetry.Sight]telemetry.Sighting, code string, what telemetry.Sight, done, open, hint string) Step {
	s, ok := seen[what]
	if !ok {
		return Step{Code: code, Message: open, Hint: hint}
	}
	return Step{Code: code, Done: true, First: s.First, Last: s.Last, Message: done}
}

func hintOf(seen map[telemetry.Sight]telemetry.Sighting, what telemetry.Sight, otherwise, hint string) string {
	if _, ok := seen[what]; ok {
		return hint
	}
	return otherwise
}

func (s Step) settled() Step {
	if s.Done {
		s.Hint = ""
	} else {
		s.Message = "Nothing is deployed yet."
	}
	return s
}
