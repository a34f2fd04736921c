package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"turnkey/controlplane/connect"
	"turnkey/controlplane/publish"
	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
	"turnkey/runtime/command"
	"turnkey/runtime/rule"
	"turnkey/runtime/source"
	"turnkey/runtime/telemetry"
)

// GoLive checks whether an instance is ready for users.
type GoLive struct{ *core }

// CheckState is how a check went.
type CheckState string

// The states.
const (
	Passed  CheckState = "passed"
	Failed  CheckState = "failed"
	Unknown CheckState = "unknown" // it could not be looked at
)

// LiveCheck is one thing that should be so before users come.
type LiveCheck struct {
	Code    string
	State   CheckState
	Message string
	Fix     string
	// Commands are to be pasted where the fix is made.
	Commands []string
}

func passed(code, message string) LiveCheck {
	return LiveCheck{Code: code, State: Passed, Message: message}
}
func failed(code, message, fix string) LiveCheck {
	return LiveCheck{Code: code, State: Failed, Message: message, Fix: fix}
}

// Check looks at everything. It asks a runtime to test the source of what is deployed. jwks is where the keys are fetched.
func (s *GoLive) Check(ctx context.Context, actor Actor, instance, jwks string) (list []LiveCheck, err error) {
	var shot snapshot
	var seen map[telemetry.Sight]telemetry.Sighting
	var alerts LiveCheck
	err = s.read(ctx, func(tx Tx) error {
		if shot.instance, err = tx.GetInstance(ctx, instance); err != nil {
			return err
		}
		channels, err := tx.ListAlertChannels(ctx, shot.instance.Organization, "", MaxPage)
		if err != nil {
			return err
		}
		alerts = alertCheck(shot.instance, channels)
		if shot.instance.Deployment == 0 {
			return nil
		}
		d, err := tx.GetDeployment(ctx, instance, shot.instance.Deployment)
		if err != nil {
			return err
		}
		shot.config = &d.Config
		if shot.secrets, err = s.openSecrets(ctx, tx, instance, publish.References(&d.Config)); err != nil {
			return err
		}
		seen, err = sightingsAndKeys(ctx, tx, instance)
		return err
	})
	if err != nil {
		return nil, err
	}
	list = append(list, kindCheck(shot.instance))
	if shot.config == nil {
		return append(list, failed("deployed", "Nothing is deployed, so nothing is served.", "Deploy the configuration, then look here again.")), nil
	}
	list = append(list, passed("deployed", fmt.Sprintf("Deployment %d serves.", shot.instance.Deployment)))
	list = append(list, authChecks(&shot.config.Auth)...)
	list = append(list, openTables(shot.config))
	list = append(list, s.sourceChecks(ctx, actor, shot)...)
	return append(append(list, seenChecks(seen, jwks)...), alerts), nil
}

// alertCheck wants that somebody hears of trouble with this instance.
func alertCheck(i Instance, channels []AlertChannel) LiveCheck {
	hears := func(c AlertChannel, r Rule) bool {
		return !c.Paused && c.takes(&Alert{Organization: i.Organization, Instance: i.ID, Rule: r})
	}
	for _, c := range channels {
		if hears(c, SourceDown) && hears(c, FirstRejection) {
			return passed("alerts", "Alerts go to "+c.Name+".")
		}
	}
	return failed("alerts", "Nobody is told when the database is down or writes are refused.", "Add an alert channel for it under Alerts: an e-mail address or a webhook.")
}

func kindCheck(i Instance) LiveCheck {
	if i.Kind == bundle.Production {
		return passed("production", "This is a production instance.")
	}
	return failed("production", "This is a development instance: tokens can be had without proof, and its kind never changes.",
		"Make a production instance in this project and promote this configuration to it.")
}

func authChecks(a *bundle.Auth) []LiveCheck {
	list := []LiveCheck{passed("development_tokens", "Tokens are given for proven identities only.")}
	if a.DevelopmentTokens {
		list[0] = failed("development_tokens", "Anybody gets a token for any user id (auth.development_tokens).", "Remove auth.development_tokens and deploy.")
	}
	switch {
	case len(a.Providers) == 0:
		list = append(list, failed("sign_in", "No sign-in is configured, so nobody can get a token.", "Add your sign-in under auth.providers."))
	default:
		names := make([]string, len(a.Providers))
		for i, p := range a.Providers {
			names[i] = p.Name
		}
		list = append(list, passed("sign_in", "Users are known by: "+strings.Join(names, ", ")+"."))
	}
	if strings.HasPrefix(a.PowerSyncURL, "https://") {
		return append(list, passed("powersync_url", "Apps reach PowerSync by https."))
	}
	return append(list, failed("powersync_url", "Apps are sent to PowerSync at "+a.PowerSyncURL+", which is not https.", "Set auth.powersync_url to the address that your PowerSync dashboard shows."))
}

// openTables names the tables whose rules let everybody who is signed in write every row.
func openTables(cfg *bundle.Config) LiveCheck {
	var open, closed []string
	for _, name := range slices.Sorted(maps.Keys(cfg.Tables)) {
		t := cfg.Tables[name]
		rules := []string{t.Allow.Create, t.Allow.Update, t.Allow.Delete}
		if slices.ContainsFunc(rules, always) {
			open = append(open, name)
		}
		if strings.Join(rules, "") == "" {
			closed = append(closed, name)
		}
	}
	switch {
	case len(open) > 0:
		return failed("tables", "Everybody who is signed in may write every row of: "+strings.Join(open, ", ")+".", "Compare the row with the user in allow, such as new.owner_id == user.id.")
	case len(cfg.Tables) == 0 || len(closed) == len(cfg.Tables):
		return failed("tables", "No table may be written by anybody.", "Add tables with allow rules.")
	}
	return passed("tables", fmt.Sprintf("Every rule of %d tables looks at the user or the row.", len(cfg.Tables)))
}

func always(expression string) bool {
	r, err := rule.Compile(expression, nil)
	return err == nil && r.Open()
}

// sourceChecks lets a runtime test the source.
func (s *GoLive) sourceChecks(ctx context.Context, actor Actor, shot snapshot) []LiveCheck {
	var report source.TestReport
	raw, err := s.order(ctx, actor, shot, command.SourceTest)
	if err == nil {
		err = json.Unmarshal(raw, &report)
	}
	if err != nil {
		f := fault.Of(err)
		return []LiveCheck{{Code: "source", State: Unknown, Message: "The database could not be tested: " + f.Message, Fix: f.Hint}}
	}
	list := []LiveCheck{passed("source", report.Server+" passes every test.")}
	for _, c := range report.Checks {
		if !c.OK {
			list[0] = failed("source", c.Message, c.Fix)
			list[0].Commands = c.Statements
			break
		}
	}
	if report.Mode.Note != "" {
		list = append(list, failed("real_database", report.Mode.Note, "Use a MongoDB replica set of your own, such as Atlas, and store its connection string."))
	} else if list[0].State == Passed {
		list = append(list, passed("real_database", "The database is "+report.Server+"."))
	}
	return append(list, privilegeCheck(shot.config, report))
}

func privilegeCheck(cfg *bundle.Config, report source.TestReport) LiveCheck {
	commands := LeastPrivilege(cfg)
	switch {
	case report.Powers == nil:
		return LiveCheck{Code: "least_privilege", State: Unknown, Message: "What the database user may do could not be read.", Fix: "Let Turnkey use a database user of its own, made like this.", Commands: commands}
	case len(report.Powers) > 0:
		c := failed("least_privilege", "The database user may do more than Turnkey needs: "+strings.Join(report.Powers, "; ")+".", "Make a user of its own for Turnkey, and store its connection string.")
		c.Commands = commands
		return c
	}
	return passed("least_privilege", "The database user may do what is needed and no more.")
}

// keysCheck does not ask for what cannot be seen: keys that PowerSync Cloud cannot fetch are pasted there.
func keysCheck(s Step, jwks string) LiveCheck {
	if s.Done {
		return passed(s.Code, s.Message)
	}
	if ok, why := connect.Reachable(jwks); !ok {
		return LiveCheck{Code: s.Code, State: Unknown, Message: "PowerSync Cloud cannot fetch the instance's keys, so nobody sees whether it has them. " + why,
			Fix: "Paste the keys of the connect page under Client Auth, and confirm it here. A sync service of your own that fetches them is noticed."}
	}
	return failed(s.Code, s.Message, s.Hint)
}

// ConfirmKeys keeps that the actor has given PowerSync the keys of now by hand.
func (s *GoLive) ConfirmKeys(ctx context.Context, actor Actor, instance string) error {
	return s.change(ctx, actor, func(tx Tx) (Event, error) {
		i, err := tx.LockInstance(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		keys, err := tx.ListSigningKeys(ctx, instance)
		if err != nil {
			return Event{}, err
		}
		now := s.now()
		var ids []string
		for _, k := range keys {
			if k.live(now) {
				ids = append(ids, k.ID)
			}
		}
		if len(ids) == 0 {
			return Event{}, fault.New(fault.Conflict, "no_keys", "The instance has no keys yet.").WithHint("Deploy it first.")
		}
		said := telemetry.Sighting{Instance: instance, What: sightPasted, First: now, Last: now, N: 1}
		return Event{Kind: SigningKeysPasted, Organization: i.Organization, Target: instance, Changes: Changes{"keys": {To: ids}}}, tx.AddSightings(ctx, []telemetry.Sighting{said})
	})
}

func seenChecks(seen map[telemetry.Sight]telemetry.Sighting, jwks string) []LiveCheck {
	from := func(s Step) LiveCheck {
		if s.Done {
			return passed(s.Code, s.Message)
		}
		return failed(s.Code, s.Message, s.Hint)
	}
	var list []LiveCheck
	for _, s := range checklist(Instance{}, seen) {
		switch s.Code {
		case "keys":
			list = append(list, keysCheck(s, jwks))
		case "previous_values":
			list = append(list, from(s))
		}
	}
	return list
}
