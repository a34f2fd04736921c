package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"turnkey/internal/fault"
	"turnkey/internal/redact"
)

// headerName is what HTTP allows for one.
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

const maxHeaderName = 100

// ownHeaders are ours to set, or HTTP's.
var ownHeaders = []string{"host", "connection", "content-length", "content-type", "content-encoding", "transfer-encoding", "te", "trailer", "upgrade", "user-agent", "expect", "proxy-authorization", "proxy-connection", "keep-alive"}

func invalidExport(path, code, text string) error {
	return fault.New(fault.Invalid, code, text).WithDetails(fault.Detail{Path: "body." + path, Code: code, Message: text})
}

// check refuses what cannot be sent. The address itself is looked at when it is called: names change.
func (e *Export) check(signals []Signal) (err error) {
	if e.Name, err = checkName(e.Name); err != nil {
		return err
	}
	u, err := url.Parse(e.Endpoint)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.RawQuery != "" || u.ForceQuery || len(e.Endpoint) > 2000 {
		return invalidExport("endpoint", "invalid_url", "That is no address of a receiver: https, without user name, query and fragment.")
	}
	e.Endpoint = strings.TrimRight(e.Endpoint, "/")
	for _, signal := range Signals {
		if strings.HasSuffix(e.Endpoint, "/v1/"+string(signal)) {
			return invalidExport("endpoint", "invalid_url", "Leave /v1/"+string(signal)+" away: it is added for each signal.")
		}
	}
	if len(signals) == 0 {
		return invalidExport("signals", "no_signals", "Choose at least one of traces, metrics and logs.")
	}
	for n, signal := range signals {
		if !slices.Contains(Signals, signal) || slices.Contains(signals[:n], signal) {
			return invalidExport("signals", "invalid_signal", "Signals are traces, metrics and logs, each once.")
		}
	}
	return nil
}

// sameHost compares the scheme and host of an edited address.
func sameHost(c Change) bool {
	var hosts [2]string
	for n, v := range []any{c.From, c.To} {
		text, _ := v.(string)
		u, err := url.Parse(text)
		if err != nil {
			return false
		}
		hosts[n] = u.Scheme + "://" + strings.ToLower(u.Host)
	}
	return hosts[0] == hosts[1]
}

// editHeaders changes headers. Their values are shown to nobody, and so never go to another host than they were given for.
func (s *Exports) editHeaders(e *Export, edit ExportEdit, changes Changes) error {
	moved := edit.Endpoint != nil && !sameHost(changes["endpoint"])
	if edit.Headers == nil {
		if moved && len(e.HeaderNames) > 0 {
			return invalidExport("headers", "headers_needed", "Another host needs its headers anew: give their values again.")
		}
		return nil
	}
	old := map[string]redact.Secret{}
	if !moved {
		var err error
		if old, err = s.openHeaders(*e); err != nil {
			return err
		}
	}
	names := e.HeaderNames
	if err := s.sealHeaders(e, *edit.Headers, old); err != nil {
		return err
	}
	changes["headers"] = Change{From: names, To: e.HeaderNames}
	return nil
}

// sealHeaders makes these an export's headers. One without a value keeps an old one.
func (s *Exports) sealHeaders(e *Export, headers map[string]string, old map[string]redact.Secret) (err error) {
	if len(headers) > maxHeaders {
		return invalidExport("headers", "too_many_headers", fmt.Sprintf("There can be at most %d headers.", maxHeaders))
	}
	values := map[string]string{}
	for name, value := range headers {
		key := strings.ToLower(name)
		switch _, twice := values[key]; {
		case len(name) > maxHeaderName || !headerName.MatchString(name) || twice || slices.Contains(ownHeaders, key):
			return invalidExport("headers", "invalid_header", "A header has another name than can be sent.")
		case len(value) > maxHeader || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
			return invalidExport("headers", "invalid_header", "The value of a header has characters that cannot be sent, or is too long.")
		case value == "" && old[key].Empty():
			return invalidExport("headers", "invalid_header", "A header needs a value.")
		case value == "":
			value = old[key].Reveal()
		}
		values[key] = value
	}
	e.HeaderNames = slices.Sorted(maps.Keys(values))
	if e.HeaderNames == nil {
		e.HeaderNames = []string{}
	}
	if len(values) == 0 {
		e.Sealed = nil
		return nil
	}
	text, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("write headers: %w", err)
	}
	e.Sealed, err = s.vault.Seal(text, exportLabel(*e))
	return err
}

// openHeaders gives an export's headers, by their names in lower case.
func (s *Exports) openHeaders(e Export) (map[string]redact.Secret, error) {
	out := map[string]redact.Secret{}
	if e.Sealed == nil {
		return out, nil
	}
	text, err := s.vault.Open(e.Sealed, exportLabel(e))
	if err != nil {
		return nil, err
	}
	var values map[string]string
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fault.New(fault.Internal, "headers_unreadable", "The headers of an export cannot be read.")
	}
	for name, value := range values {
		out[name] = redact.New(value)
	}
	return out, nil
}

func (s *Exports) receiver(e Export) (Receiver, error) {
	if s.exporter == nil {
		return Receiver{}, fault.New(fault.Unavailable, "exports_unavailable", "This installation exports no telemetry.")
	}
	headers, err := s.openHeaders(e)
	return Receiver{Endpoint: e.Endpoint, Headers: headers}, err
}

// checkInstances refuses instances that are not the organization's.
func checkInstances(ctx context.Context, tx Tx, organization string, instances []string) error {
	if len(instances) == 0 {
		return nil
	}
	living, err := tx.ListLivingInstances(ctx, organization)
	for _, id := range instances {
		if err == nil && !slices.Contains(living, id) {
			return fault.New(fault.Invalid, "unknown_instance", "The organization has no such instance.").
				WithDetails(fault.Detail{Path: "body.instances", Code: "unknown_instance", Message: "not an instance of the organization"})
		}
	}
	return err
}
