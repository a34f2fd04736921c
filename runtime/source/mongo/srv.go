package mongo

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"

	"turnkey/internal/fault"
)

// Resolver looks up the records of a mongodb+srv name; *net.Resolver is one. What they point to is
// only a name: it is resolved and judged again by Options.Dial.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// resolve fills hosts and TXT options from DNS, as MongoDB's initial DNS seed list discovery
// specification has it, and returns a copy. A later change of the records is noticed at the next
// opening only: until then the members themselves tell who is there.
func (s *settings) resolve(ctx context.Context, r Resolver) (*settings, error) {
	if s.srv == "" {
		return s, nil
	}
	out := *s
	out.seen = map[string]bool{}
	for k := range s.seen {
		out.seen[k] = true
	}
	_, records, err := r.LookupSRV(ctx, "mongodb", "tcp", s.srv)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "source_dns_failed", "The SRV records of the connection string's host could not be looked up.")
	}
	for _, rec := range records {
		target := strings.TrimSuffix(strings.ToLower(rec.Target), ".")
		if !sameDomain(target, s.srv) {
			return nil, invalidURI("An SRV record of the connection string's host points outside its domain.", "")
		}
		host, err := hostPort(net.JoinHostPort(target, strconv.Itoa(int(rec.Port))))
		if err != nil {
			return nil, err
		}
		out.hosts = append(out.hosts, host)
	}
	if len(out.hosts) == 0 || len(out.hosts) > maxSeeds {
		return nil, invalidURI("The SRV records of the connection string's host name no usable server.", "")
	}
	slices.Sort(out.hosts)
	texts, err := r.LookupTXT(ctx, s.srv)
	var none *net.DNSError
	switch {
	case err != nil && !(errors.As(err, &none) && none.IsNotFound):
		return nil, fault.Wrap(err, fault.Unavailable, "source_dns_failed", "The TXT record of the connection string's host could not be looked up.")
	case len(texts) > 1:
		return nil, invalidURI("The connection string's host has more than one TXT record.", "")
	case len(texts) == 1:
		if err := out.options(texts[0], true); err != nil {
			return nil, err
		}
	}
	return &out, out.check()
}

// sameDomain holds when target lies in the domain of name: name without its first label, or, for
// names of fewer than three labels, below the whole name.
func sameDomain(target, name string) bool {
	parent := name
	if strings.Count(name, ".") >= 2 {
		_, parent, _ = strings.Cut(name, ".")
	}
	return len(target) > len(parent)+1 && strings.HasSuffix(target, "."+parent)
}
