package controlplane

import (
	"slices"
	"strings"
	"testing"
	"time"

	"turnkey/runtime/bundle"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

func states(list []LiveCheck) map[string]CheckState {
	out := map[string]CheckState{}
	for _, c := range list {
		out[c.Code] = c.State
	}
	return out
}

// TestEveryFailureSaysWhatToDo: a red line without a fix is a dead end.
func TestEveryFailureSaysWhatToDo(t *testing.T) {
	open := &bundle.Config{Auth: bundle.Auth{PowerSyncURL: "http://x", DevelopmentTokens: true}, Tables: map[string]bundle.Table{"todos": {Allow: bundle.Allow{Create: "1 == 1"}}}}
	list := append(authChecks(&open.Auth), openTables(open), kindCheck(Instance{Kind: bundle.Development}), privilegeCheck(open, source.TestReport{Powers: []string{"everything"}}))
	list = append(list, seenChecks(nil, "https://one.example/jwks")...)
	list = append(list, seenChecks(nil, "http://localhost:8080/jwks")...)
	for _, c := range list {
		if c.State == Passed || c.Message == "" || c.Fix == "" {
			t.Errorf("%+v", c)
		}
	}
}

func TestOpenTables(t *testing.T) {
	for rule, want := range map[string]CheckState{
		"true": Failed, "1 == 1": Failed, "user.id != ''": Failed, "user.id == 'admin'": Passed, "new.owner == user.id": Passed, "false": Passed, "user.claims.role == 'admin'": Passed,
	} {
		cfg := &bundle.Config{Tables: map[string]bundle.Table{"a": {Allow: bundle.Allow{Update: rule}}, "b": {Allow: bundle.Allow{Delete: "old.o == user.id"}}}}
		if got := openTables(cfg); got.State != want {
			t.Errorf("%s: %+v", rule, got)
		}
	}
	if got := openTables(&bundle.Config{Tables: map[string]bundle.Table{"a": {}}}); got.State != Failed {
		t.Errorf("nobody may write anything: %+v", got)
	}
}

func TestPrivileges(t *testing.T) {
	cfg := &bundle.Config{Source: bundle.Source{Type: bundle.PostgreSQL, Database: "turnkey", RowLevelSecurity: &bundle.RowLevelSecurity{Role: "authenticated"}},
		Tables: map[string]bundle.Table{"a": {Collection: `sales.order"lines`}, "b": {Collection: "public.b"}},
		Auth:   bundle.Auth{Providers: []bundle.Provider{{Lookup: &bundle.Lookup{Collection: "app_users"}}}}}
	text := strings.Join(LeastPrivilege(cfg), "\n")
	for _, want := range []string{
		`CREATE SCHEMA IF NOT EXISTS "turnkey" AUTHORIZATION turnkey;`, `GRANT USAGE ON SCHEMA "sales" TO turnkey;`, `GRANT SELECT, INSERT, UPDATE, DELETE ON "sales"."order""lines" TO turnkey;`,
		`GRANT SELECT ON "public"."app_users" TO turnkey;`, `GRANT "authenticated" TO turnkey;`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	mongo := strings.Join(LeastPrivilege(&bundle.Config{Source: bundle.Source{Type: bundle.MongoDB, Database: "todo"}}), "\n")
	if !strings.Contains(mongo, `roles: [{role: "readWrite", db: "todo"}]`) {
		t.Error(mongo)
	}
	for _, c := range []struct {
		powers []string
		want   CheckState
	}{{nil, Unknown}, {[]string{}, Passed}, {[]string{"it is a superuser"}, Failed}} {
		if got := privilegeCheck(cfg, source.TestReport{Powers: c.powers}); got.State != c.want || (c.want != Passed) != (len(got.Commands) > 0) {
			t.Errorf("%v: %+v", c.powers, got)
		}
	}
}

// TestAlertsAreHeard: a channel counts that is not paused and takes what matters of this instance.
func TestAlertsAreHeard(t *testing.T) {
	here := Instance{ID: "ins_1", Organization: "org_1"}
	for name, c := range map[string]struct {
		list []AlertChannel
		want CheckState
	}{
		"none":                   {nil, Failed},
		"one for everything":     {[]AlertChannel{{Organization: "org_1"}}, Passed},
		"paused":                 {[]AlertChannel{{Organization: "org_1", Paused: true}}, Failed},
		"another instance's":     {[]AlertChannel{{Organization: "org_1", Instances: []string{"ins_2"}}}, Failed},
		"for keys alone":         {[]AlertChannel{{Organization: "org_1", Rules: []Rule{KeyExpiring}}}, Failed},
		"the second one does it": {[]AlertChannel{{Organization: "org_1", Paused: true}, {Organization: "org_1", Rules: []Rule{SourceDown, FirstRejection}}}, Passed},
	} {
		if got := alertCheck(here, c.list); got.State != c.want || (got.Fix == "") != (c.want == Passed) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestChecklist follows an instance from nothing to a device with previous values; what went wrong on the way is said.
func TestChecklist(t *testing.T) {
	at := time.Date(2026, 11, 26, 14, 5, 0, 0, time.UTC)
	seen := map[telemetry.Sight]telemetry.Sighting{}
	see := func(what telemetry.Sight) { seen[what] = telemetry.Sighting{What: what, First: at, Last: at, N: 1} }
	done := func() (out []string) {
		for _, s := range checklist(Instance{Deployment: 1}, seen) {
			if s.Done {
				out = append(out, s.Code)
			} else if s.Hint == "" || !s.First.IsZero() {
				t.Errorf("%+v", s)
			}
		}
		return out
	}
	hint := func(code string) string {
		list := checklist(Instance{}, seen)
		return list[slices.IndexFunc(list, func(s Step) bool { return s.Code == code })].Hint
	}
	for _, c := range []struct {
		sight telemetry.Sight
		want  []string
		hint  [2]string
	}{
		{telemetry.SightKeysViewed, []string{"deployed"}, [2]string{"keys", "A browser or a tool"}},
		{telemetry.SightKeys, []string{"deployed", "keys"}, [2]string{}},
		{telemetry.SightNoToken, []string{"deployed", "keys"}, [2]string{"token", "token doctor"}},
		{telemetry.SightToken, []string{"deployed", "keys", "token"}, [2]string{}},
		{telemetry.SightNoUpload, []string{"deployed", "keys", "token"}, [2]string{"write", "token doctor"}},
		{telemetry.SightUpload, []string{"deployed", "keys", "token"}, [2]string{"write", "rejections"}},
		{telemetry.SightWrite, []string{"deployed", "keys", "token", "write"}, [2]string{}},
		{telemetry.SightNoPrevious, []string{"deployed", "keys", "token", "write"}, [2]string{"previous_values", "trackPrevious"}},
		{telemetry.SightPrevious, []string{"deployed", "keys", "token", "write", "previous_values"}, [2]string{}},
	} {
		see(c.sight)
		if got := done(); !slices.Equal(got, c.want) {
			t.Errorf("after %s: %v, want %v", c.sight, got, c.want)
		}
		if c.hint[0] != "" && !strings.Contains(hint(c.hint[0]), c.hint[1]) {
			t.Errorf("after %s the hint of %s is %q", c.sight, c.hint[0], hint(c.hint[0]))
		}
	}
	if first := checklist(Instance{}, nil)[0]; first.Done || first.Hint == "" {
		t.Errorf("nothing is deployed: %+v", first)
	}
	if got := states(seenChecks(seen, "http://localhost/jwks")); got["keys"] != Passed || got["previous_values"] != Passed {
		t.Errorf("go-live: %v", got)
	}
}

// TestKeysThatArePasted: where they cannot be fetched it is not known whether PowerSync has them, and people's word
// counts for the keys that there were.
func TestKeysThatArePasted(t *testing.T) {
	const public, private = "https://one.example/jwks", "http://localhost:8080/jwks"
	saw := func(what ...telemetry.Sight) map[telemetry.Sight]telemetry.Sighting {
		out := map[telemetry.Sight]telemetry.Sighting{}
		for _, w := range what {
			out[w] = telemetry.Sighting{What: w, N: 1}
		}
		return out
	}
	for name, c := range map[string]struct {
		seen map[telemetry.Sight]telemetry.Sighting
		jwks string
		want CheckState
		says string
	}{
		"never fetched":                          {nil, public, Failed, "has not fetched"},
		"out of reach":                           {nil, private, Unknown, "cannot fetch"},
		"out of reach, and fetched all the same": {saw(telemetry.SightKeys), private, Passed, "fetched"},
		"pasted":                                 {saw(sightPasted), private, Passed, "by hand"},
		"pasted where they could be fetched":     {saw(sightPasted), public, Passed, "by hand"},
		"pasted before a rotation":               {saw(sightPastedBefore), public, Failed, "not those of today"},
		"pasted before, and fetched since":       {saw(sightPastedBefore, telemetry.SightKeys), public, Passed, "fetched"},
	} {
		got := seenChecks(c.seen, c.jwks)[0]
		if got.Code != "keys" || got.State != c.want || !strings.Contains(got.Message, c.says) || (got.Fix == "") != (c.want == Passed) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
