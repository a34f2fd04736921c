package mongo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
	"turnkey/runtime/value"
)

// Our own collections. turnkey_rejections has the sync-stream contract and nothing else, as streams
// may select all of it; what operators need lies in turnkey_payloads:
//
//	<rejection id>             client_id, request_id, deployment, operation, sizes
//	<rejection id>/<kind>/0000 data: a part of at most 4 MB of payload, client or detail
const (
	rejectionsName = "turnkey_rejections"
	payloadsName   = "turnkey_payloads"
	metaName       = "turnkey_meta"

	partSize   = 4 << 20
	excerpt    = 64 << 10
	rejectOpen = "open"
)

// maxRejectTries bounds the tries against concurrent copies of the same rejections.
const maxRejectTries = 8

// Reject stores rejections with their payloads in one transaction; those that are there already stay
// as they are.
func (s *Source) Reject(ctx context.Context, rejections []source.Rejection) error {
	if len(rejections) == 0 {
		return nil
	}
	var err error
	for try := range maxRejectTries {
		if err = s.reject(ctx, rejections); err == nil {
			return nil
		}
		f := source.FailureOf(err)
		if f.Class != source.Conflict && f.Class != source.Unknown || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(time.Duration(1+try) * 5 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
	}
	return err
}

func (s *Source) reject(ctx context.Context, rejections []source.Rejection) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.Rollback(ctx)
	known, err := t.known(ctx, rejections)
	if err != nil {
		return t.fail(ctx, err)
	}
	rows, payloads := &source.Table{Collection: rejectionsName}, &source.Table{Collection: payloadsName}
	var changes []source.Change
	for i := range rejections {
		r := &rejections[i]
		if known[r.ID] {
			continue
		}
		known[r.ID] = true // the same one twice in a call counts once
		changes = append(changes, insertion(rows, r.ID, publicPart(r)), insertion(payloads, r.ID, operatorPart(r)))
		changes = appendParts(changes, payloads, r.ID, "payload", r.Payload)
		changes = appendParts(changes, payloads, r.ID, "client", r.Client)
		changes = appendParts(changes, payloads, r.ID, "detail", []byte(r.Detail))
	}
	return t.Apply(ctx, changes, true)
}

// known tells which rejections are stored already.
func (t *tx) known(ctx context.Context, rejections []source.Rejection) (map[string]bool, error) {
	ids := make([]value.Value, len(rejections))
	for i := range rejections {
		ids[i] = rejections[i].ID
	}
	filter, err := idFilter(ids)
	if err != nil {
		return nil, err
	}
	cursor, err := t.client.db.Collection(rejectionsName).Find(mongo.NewSessionContext(ctx, t.sess), filter,
		options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}).SetBatchSize(int32(len(ids))+1))
	if err != nil {
		return nil, err
	}
	var docs []struct {
		ID string `bson:"_id"`
	}
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(rejections))
	for _, d := range docs {
		known[d.ID] = true
	}
	return known, nil
}

func insertion(t *source.Table, id string, doc *value.Object) source.Change {
	return source.Change{Kind: source.Insert, Table: t, ID: id, Doc: doc}
}

func publicPart(r *source.Rejection) *value.Object {
	return &value.Object{Members: []value.Member{
		{Name: "user_id", Value: text(r.UserID)}, {Name: "table_name", Value: text(r.TableName)}, {Name: "row_id", Value: text(r.RowID)},
		{Name: "error_code", Value: text(r.ErrorCode)}, {Name: "message", Value: text(r.Message)}, {Name: "hint", Value: text(r.Hint)},
		{Name: "status", Value: rejectOpen}, {Name: "created_at", Value: r.CreatedAt.UTC()},
	}}
}

func operatorPart(r *source.Rejection) *value.Object {
	return &value.Object{Members: []value.Member{
		{Name: "kind", Value: "rejection"}, {Name: "user_id", Value: text(r.UserID)},
		{Name: "client_id", Value: text(r.ClientID)}, {Name: "request_id", Value: text(r.RequestID)},
		{Name: "deployment", Value: int64(r.Deployment)}, {Name: "operation", Value: int64(r.Operation)},
		{Name: "payload_bytes", Value: int64(r.PayloadBytes)}, {Name: "payload_stored", Value: int64(len(r.Payload))},
		{Name: "client_stored", Value: int64(len(r.Client))}, {Name: "detail_stored", Value: int64(len(r.Detail))},
		{Name: "created_at", Value: r.CreatedAt.UTC()},
	}}
}

func appendParts(changes []source.Change, t *source.Table, id, kind string, data []byte) []source.Change {
	for n := 0; len(data) > 0; n++ {
		part := data[:min(len(data), partSize)]
		data = data[len(part):]
		changes = append(changes, insertion(t, fmt.Sprintf("%s/%s/%04d", id, kind, n),
			&value.Object{Members: []value.Member{{Name: "kind", Value: kind}, {Name: "data", Value: part}}}))
	}
	return changes
}

// text makes any text storable: valid UTF-8, of bounded length.
func text(s string) string {
	if len(s) > excerpt {
		s = s[:excerpt]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
