// Package config turns a configuration document (turnkey.yaml, or the same as JSON) into a
// bundle.Config: every mistake is named with its path, every default is filled in, every rule is
// compiled once to prove that it compiles. It must not know where documents are kept, and must not
// touch a database: what it accepts can still be refused by the source.
package config

import (
	"fmt"
	"sort"

	"turnkey/internal/fault"
	"turnkey/runtime/bundle"
)

const (
	maxBytes = 1 << 20
	maxDepth = 24
	maxNodes = 50_000 // after aliases are followed
)

// Options of a validation.
type Options struct {
	// Kind of the instance: development instances may do more.
	Kind bundle.Kind
	// Secrets that exist; nil: do not check.
	Secrets []string
}

// Findings are what a document's author should read. A document with errors is not used.
type Findings struct {
	Errors   []fault.Detail `json:"errors"`
	Warnings []fault.Detail `json:"warnings"`
}

// Fault gives the errors as one fault of kind Invalid, or nil when there are none.
func (f Findings) Fault() error {
	if len(f.Errors) == 0 {
		return nil
	}
	first := f.Errors[0]
	message := fmt.Sprintf("The configuration has %d errors; the first: %s: %s", len(f.Errors), first.Place(), first.Message)
	if len(f.Errors) == 1 {
		message = fmt.Sprintf("The configuration has an error: %s: %s", first.Place(), first.Message)
	}
	return fault.New(fault.Invalid, "config_invalid", message).WithDetails(f.Errors...)
}

// Parse reads and validates a document. The configuration is nil when there are errors.
func Parse(document []byte, o Options) (*bundle.Config, Findings) {
	r := &reader{options: o, cfg: &bundle.Config{
		OnFailure: bundle.StopAfterFailure, Tables: map[string]bundle.Table{},
		Receipts: bundle.Receipts{TTL: 90 * day}, Rejections: bundle.Rejections{TTL: 90 * day},
		Conflicts: bundle.Conflicts{TTL: 90 * day}, Tombstones: bundle.Tombstones{TTL: 400 * day}, Limits: bundle.Limits{TransactionsPerMinute: 6000},
		Hooks: defaultHooks(),
	}}
	root, err := parseYAML(document)
	if err != nil {
		r.fail("", "not_yaml", err.Error(), "")
		return nil, r.findings
	}
	r.document(root)
	// Findings come out in the order of the document's sections, not of Go's maps.
	byPath := func(list []fault.Detail) {
		sort.SliceStable(list, func(i, j int) bool { return list[i].Path < list[j].Path })
	}
	byPath(r.findings.Errors)
	byPath(r.findings.Warnings)
	if len(r.findings.Errors) > 0 {
		return nil, r.findings
	}
	return r.cfg, r.findings
}

// document reads the top level. The source comes first: what a table may say depends on it.
func (r *reader) document(root *node) {
	var tables, source *node
	ok := r.object(root, "", members{
		"source": func(n *node, _ string) { source = n },
		"tables": func(n *node, _ string) { tables = n },
		"auth":   r.auth,
		"on_failure": func(n *node, path string) {
			r.cfg.OnFailure = bundle.OnFailure(r.choice(n, path, "stop", "skip"))
		},
		"rejections": r.rejections,
		"cors":       r.cors,
		"limits":     r.limits,
		"receipts":   r.receipts,
		"hooks":      r.hooks,
		"conflicts":  r.conflicts,
		"tombstones": r.tombstones,
		"outbox":     r.outbox,
	})
	if !ok {
		return
	}
	r.source(source, "source")
	r.required(root, "", "auth", "Say who may ask for tokens: auth: {powersync_url: ..., providers: [...]}.")
	if tables == nil {
		r.warn("tables", "no_tables", "No table is configured, so every write will be refused.", "Add the client's tables under tables.")
		return
	}
	r.tables(tables, "tables")
}

func (r *reader) receipts(n *node, path string) {
	r.object(n, path, members{
		"ttl": func(n *node, path string) { r.cfg.Receipts.TTL = r.duration(n, path, day, 3650*day) },
	})
}

func (r *reader) rejections(n *node, path string) {
	r.object(n, path, members{
		"ttl": func(n *node, path string) { r.cfg.Rejections.TTL = r.duration(n, path, day, 3650*day) },
		"hold_dependents": func(n *node, path string) {
			if hold := r.boolean(n, path); !r.bad(path) {
				r.cfg.Rejections.ReleaseDependents = !hold
			}
		},
	})
}

func (r *reader) cors(n *node, path string) {
	r.object(n, path, members{"origins": func(n *node, path string) {
		r.cfg.CORS.Origins = []string{}
		for i, e := range r.list(n, path) {
			at := fmt.Sprintf("%s[%d]", path, i)
			origin := r.text(e, at)
			if !r.bad(at) && !isOrigin(origin) {
				r.fail(at, "origin", "This is not an origin.", "Write scheme, host and port as the browser sends them, such as https://app.example or http://localhost:5173.")
			}
			r.cfg.CORS.Origins = append(r.cfg.CORS.Origins, origin)
		}
	}})
}

func (r *reader) limits(n *node, path string) {
	r.object(n, path, members{"transactions_per_minute": func(n *node, path string) {
		r.cfg.Limits.TransactionsPerMinute = int(r.integer(n, path, 1, 1_000_000_000))
	}})
}
