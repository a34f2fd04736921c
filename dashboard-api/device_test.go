package dashboardapi

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"turnkey/controlplane"
	"turnkey/runtime/telemetry"
)

// from is an entry of a device.
func from(id, user, client string, more ...func(*telemetry.Entry)) telemetry.Entry {
	e := done(id, user)
	e.ClientID = client
	for _, f := range more {
		f(&e)
	}
	return e
}

func reporting(queue int64, oldest time.Time) func(*telemetry.Entry) {
	return func(e *telemetry.Entry) { e.Report = &telemetry.Report{Queue: queue, Oldest: oldest} }
}

func held(e *telemetry.Entry) { e.Outcome, e.Code, e.Waits = telemetry.Retryable, "source_down", true }

// devices lists them as "user/client: why".
func (s *shop) devices(instance, query string) (out []string) {
	s.Helper()
	for cursor := ""; ; {
		r := s.must(call{method: get, path: "/instances/" + instance + "/devices?limit=2&" + query + "&cursor=" + url.QueryEscape(cursor), as: s.ann})
		for _, d := range r.json["data"].([]any) {
			device := d.(map[string]any)
			out = append(out, fmt.Sprintf("%s/%s:%v", device["user_id"], device["client_id"], device["stuck"]))
		}
		next, more := r.json["next_cursor"].(string)
		if !more {
			return out
		}
		cursor = next
	}
}

// TestDevices: what runtimes see of devices, in batches of any order and repeated, is one view with the stuck ones first.
func TestDevices(t *testing.T) {
	s, id := newServed(t)
	at := s.newLine("rt")
	tell := func(entries ...telemetry.Entry) {
		for _, e := range entries {
			e.At = s.clock.now()
			at.Record(e)
		}
		at.shipper.Flush(t.Context())
		s.clock.advance(time.Minute)
	}
	hour := s.clock.now().Add(-2 * time.Hour)
	refusedToken := func(client string) telemetry.Entry {
		return telemetry.Entry{Instance: id, Kind: telemetry.Token, Outcome: telemetry.Refused, Code: "token_audience", ClientID: client, Message: "The token is meant for another audience.",
			Credential: &telemetry.Credential{Issuer: "https://a.example", KeyID: "k1", Audience: "x"}}
	}
	tell(from(id, "eve", "tablet", reporting(20, hour)))
	tell(from(id, "ann", "phone"), from(id, "bob", "", held), refusedToken("unknown"), refusedToken("stays out"))
	at.sink.after = true // stored, and sent again
	tell(from(id, "bob", "", held), refusedToken("phone"))
	at.sink.after = false
	s.clock.advance(20 * time.Second)
	tell(telemetry.Entry{Instance: id, Kind: telemetry.Token, Outcome: telemetry.Issued, UserID: "dan", ClientID: "unknown"})
	for range 15 {
		tell(from(id, "bob", "", held), from(id, "dan", "unknown"))
	}
	want := "[bob/:waiting ann/phone:refused /stays out:refused eve/tablet:silent dan/unknown:<nil>]"
	if got := fmt.Sprint(s.devices(id, "")); got != want {
		t.Errorf("devices %s\n   want %s", got, want)
	}
	for query, want := range map[string]string{
		"stuck=true": "[bob/:waiting ann/phone:refused /stays out:refused eve/tablet:silent]", "refused=true": "[ann/phone:refused /stays out:refused]",
		"user_id=dan": "[dan/unknown:<nil>]", "client_id=tablet": "[eve/tablet:silent]", "user_id=nobody": "[]",
	} {
		if got := fmt.Sprint(s.devices(id, query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	list, _, err := s.plane.Devices.List(t.Context(), id, controlplane.DeviceFilter{UserID: "bob"}, controlplane.Page{})
	if err != nil || len(list) != 1 || list[0].Code != "source_down" || list[0].Waits.IsZero() {
		t.Fatalf("bob's device: %+v, %v", list, err)
	}
	r := s.must(call{method: get, path: "/instances/" + id + "/devices/" + list[0].ID, as: s.ann})
	if waiting := r.json["waiting"].(map[string]any); waiting["code"] != "source_down" || r.text("hint") == "" {
		t.Errorf("bob's device is %s", r.Body)
	}
	tokens := s.must(call{method: get, path: "/instances/" + id + "/refused-tokens", as: s.ann})
	causes := tokens.json["data"].([]any)
	if len(causes) != 1 {
		t.Fatalf("causes: %s", tokens.Body)
	}
	if c := causes[0].(map[string]any); c["count"] != 3.0 || c["issuer"] != "https://a.example" || c["where"] != "token" || !strings.Contains(c["hint"].(string), "auth.providers") {
		t.Errorf("cause %v", c)
	}
	erased := s.must(call{method: remove, path: "/instances/" + id + "/users/eve/data", as: s.ann})
	if erased.json["devices"] != 1.0 {
		t.Errorf("erased %s", erased.Body)
	}
	if got := s.devices(id, "user_id=eve"); len(got) != 0 {
		t.Errorf("after the erasure there is %v", got)
	}
	late := from(id, "eve", "tablet")
	late.At = s.clock.now().Add(-time.Hour)
	at.Record(late)
	at.shipper.Flush(t.Context())
	if got := s.devices(id, "user_id=eve"); len(got) != 0 {
		t.Errorf("what was on its way is kept: %v", got)
	}
}

// TestDevicesComeAndGo: retention is that of the log, and an instance has only so many causes.
func TestDevicesComeAndGo(t *testing.T) {
	s, id := newServed(t)
	s.keep("/instances/"+id, map[string]any{"log_days": 7}, 200)
	now := s.clock.now()
	for n := range 6 {
		var b telemetry.Batch
		for i := range 100 {
			c := telemetry.RefusedCredential{Instance: id, Where: telemetry.Refusal, Code: "token_issuer", First: now, Last: now, N: 1}
			c.Issuer = fmt.Sprint("issuer ", n*100+i)
			b.Refused = append(b.Refused, c)
		}
		b.Devices = []telemetry.Device{{Instance: id, UserID: fmt.Sprint("u", n), First: now, Last: now}}
		b.Sights = []telemetry.Sighting{{Instance: id, What: telemetry.SightKeys, First: now, Last: now, N: 2}, {Instance: id, What: "of a later version", First: now, Last: now, N: 2}}
		s.shipBatch(b)
	}
	causes := s.must(call{method: get, path: "/instances/" + id + "/refused-tokens", as: s.ann}).json["data"].([]any)
	var sum float64
	for _, c := range causes {
		sum += c.(map[string]any)["count"].(float64)
	}
	if len(causes) > 200 || sum != 600 {
		t.Errorf("%d causes for %v refusals, want at most 200 for 600", len(causes), sum)
	}
	if n := len(s.devices(id, "")); n != 6 {
		t.Errorf("%d devices", n)
	}
	seen, err := s.plane.Sightings.List(t.Context(), id)
	if keys := seen[telemetry.SightKeys]; err != nil || len(seen) != 1 || keys.N != 12 || !keys.First.Equal(now) {
		t.Errorf("sightings %v, %v", seen, err)
	}
	s.clock.advance(8 * 24 * time.Hour)
	if _, _, err := s.plane.Telemetry.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for table, want := range map[string]int{"devices": 0, "refused_credentials": 0, "instance_sightings": 1} {
		var n int
		if err := s.audit.QueryRow(t.Context(), `SELECT count(*) FROM `+table+` WHERE instance_id = $1`, id).Scan(&n); err != nil || n != want {
			t.Errorf("%d rows in %s after 8 days, want %d; %v", n, table, want, err)
		}
	}
}
