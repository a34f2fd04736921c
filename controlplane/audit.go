package controlplane

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"turnkey/internal/fault"
)

// Change is one value before and after. Secrets are given as redact.Secret, which prints as a placeholder.
type Change struct {
	From any `json:"from,omitempty"`
	To   any `json:"to,omitempty"`
}

// Changes is what an event changed, by the field's name.
type Changes map[string]Change

// Event is what a service says about its change; record adds who, when and from where.
type Event struct {
	Kind EventKind
	// Organization is empty for what belongs to none, such as a log-in.
	Organization string
	// Target is the id of what changed.
	Target  string
	Changes Changes
}

// AuditEvent is one line of the audit log.
type AuditEvent struct {
	ID            string
	Chain         string // the organization, or the user where there is none
	Seq           int64  // place in the chain, from 1
	Organization  string
	Kind          EventKind
	Target        string
	UserID        string
	TokenID       string
	IP, RequestID string
	Changes       json.RawMessage
	At            time.Time
	Hash          []byte // over the hash before it and everything above
}

// AuditHead is the end of a chain.
type AuditHead struct {
	Seq  int64
	Hash []byte
}

// AuditFilter narrows a list; empty fields match everything.
type AuditFilter struct {
	Kind, UserID, Target string
	Since, Until         time.Time
}

type auditTx interface {
	// LockAuditHead gives the end of a chain, making it if need be, and holds it until the transaction ends.
	LockAuditHead(ctx context.Context, chain string) (AuditHead, error)
	// AppendAuditEvent writes an event and moves the head to it.
	AppendAuditEvent(ctx context.Context, e AuditEvent) error
	// ListAuditEvents gives an organization's events, newest first, below the id before (empty: from the newest).
	ListAuditEvents(ctx context.Context, organization string, f AuditFilter, before string, limit int) ([]AuditEvent, error)
	// ReadAuditChain gives a chain's events in order, after a place.
	ReadAuditChain(ctx context.Context, chain string, after int64, limit int) ([]AuditEvent, error)
	// GetAuditHead is LockAuditHead without the lock; NotFound when the chain has no events.
	GetAuditHead(ctx context.Context, chain string) (AuditHead, error)
}

// record writes the event of a change. It comes last in its transaction, so the lock on the chain is short.
func (k *core) record(ctx context.Context, tx Tx, actor Actor, e Event) error {
	if _, known := Catalogue[e.Kind]; !known {
		return fmt.Errorf("audit event %q is not in the catalogue", e.Kind)
	}
	id, err := k.ids.New(prefixEvent)
	if err != nil {
		return err
	}
	changes, err := json.Marshal(e.Changes)
	if err != nil {
		return fmt.Errorf("describe the change of %s: %w", e.Target, err)
	}
	chain := e.Organization
	if chain == "" {
		chain = actor.UserID
	}
	head, err := tx.LockAuditHead(ctx, chain)
	if err != nil {
		return err
	}
	line := AuditEvent{
		ID: id, Chain: chain, Seq: head.Seq + 1, Organization: e.Organization, Kind: e.Kind, Target: e.Target,
		UserID: actor.UserID, TokenID: actor.TokenID, IP: actor.IP, RequestID: actor.RequestID, Changes: changes, At: k.now(),
	}
	line.Hash = line.hashAfter(head.Hash)
	return tx.AppendAuditEvent(ctx, line)
}

// hashAfter is the event's hash when the one before it has the hash before. The fields are written as
// one JSON array, so that no two different events have the same text.
func (e AuditEvent) hashAfter(before []byte) []byte {
	text, err := json.Marshal([]any{
		"v1", crockford.EncodeToString(before), e.ID, e.Chain, e.Seq, e.Organization, e.Kind, e.Target, e.UserID, e.TokenID, e.IP, e.RequestID,
		string(e.Changes), e.At.UTC().UnixMicro(),
	})
	if err != nil {
		return nil // strings, bytes and integers always marshal
	}
	sum := sha256.Sum256(text)
	return sum[:]
}

// Audit reads the audit log.
type Audit struct{ *core }

// List gives an organization's events, newest first.
func (s *Audit) List(ctx context.Context, organization string, f AuditFilter, page Page) (list []AuditEvent, next string, err error) {
	err = s.read(ctx, func(tx Tx) error {
		list, err = tx.ListAuditEvents(ctx, organization, f, page.After, page.size()+1)
		return err
	})
	list, next = cut(page, list, func(e AuditEvent) string { return e.ID })
	return list, next, err
}

// Verify reads a whole chain and fails at the first event that was edited, removed or inserted.
func (s *Audit) Verify(ctx context.Context, chain string) error {
	return s.read(ctx, func(tx Tx) error {
		end, err := tx.GetAuditHead(ctx, chain)
		if err != nil {
			return err
		}
		var at AuditHead
		for at.Seq < end.Seq {
			events, err := tx.ReadAuditChain(ctx, chain, at.Seq, 500)
			if err != nil {
				return err
			}
			if len(events) == 0 {
				return tampered(chain, at.Seq+1)
			}
			for _, e := range events {
				if e.Seq != at.Seq+1 || !bytes.Equal(e.Hash, e.hashAfter(at.Hash)) {
					return tampered(chain, at.Seq+1)
				}
				at = AuditHead{Seq: e.Seq, Hash: e.Hash}
			}
		}
		if at.Seq != end.Seq || !bytes.Equal(at.Hash, end.Hash) {
			return tampered(chain, at.Seq)
		}
		return nil
	})
}

func tampered(chain string, seq int64) error {
	return fault.Newf(fault.Conflict, "audit_log_altered", "The audit log of %s does not hold together at event %d.", chain, seq).
		WithHint("Somebody changed the database past the program; compare with a backup.")
}
