package mongo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"turnkey/runtime/source"
)

// A rejection lies in three collections. turnkey_rejections has the sync-stream contract and nothing
// else, as streams may select all of it. turnkey_payloads has what operators need:
//
//	<rejection id>             owner, client, deployment, group, ..., and sizes
//	<rejection id>/<kind>/0000 data: a part of at most 4 MB of payload, client, claims or detail
//
// turnkey_rejected_rows has, while it waits, <rejection id>/00000 for each row that it would write.
const (
	partSize = 4 << 20
	excerpt  = 64 << 10
)

// kinds of parts.
const (
	partPayload = "payload"
	partClient  = "client"
	partClaims  = "claims"
	partDetail  = "detail"
)

// publicDoc is the sync-stream contract.
type publicDoc struct {
	ID        string    `bson:"_id"`
	UserID    string    `bson:"user_id"`
	TableName string    `bson:"table_name"`
	RowID     string    `bson:"row_id"`
	ErrorCode string    `bson:"error_code"`
	Message   string    `bson:"message"`
	Hint      string    `bson:"hint"`
	Status    string    `bson:"status"`
	CreatedAt time.Time `bson:"created_at"`
}

// operatorDoc is what stays with operators. A part has the same collection, but another kind.
type operatorDoc struct {
	ID            string     `bson:"_id"`
	Kind          string     `bson:"kind"`
	UserID        string     `bson:"user_id"`
	Owner         []byte     `bson:"owner,omitempty"`
	ClientID      string     `bson:"client_id"`
	RequestID     string     `bson:"request_id"`
	Deployment    int64      `bson:"deployment"`
	Operation     int64      `bson:"operation"`
	Group         string     `bson:"group"`
	Provider      string     `bson:"provider"`
	PayloadBytes  int64      `bson:"payload_bytes"`
	PayloadStored int64      `bson:"payload_stored"`
	ClientStored  int64      `bson:"client_stored"`
	ClaimsStored  int64      `bson:"claims_stored"`
	DetailStored  int64      `bson:"detail_stored"`
	Attempts      int64      `bson:"attempts"`
	CreatedAt     time.Time  `bson:"created_at"`
	SettledAt     *time.Time `bson:"settled_at,omitempty"`
	SettledBy     string     `bson:"settled_by,omitempty"`
	Instance      string     `bson:"instance,omitempty"`
}

const kindRejection = "rejection"

type partDoc struct {
	ID   string `bson:"_id"`
	Kind string `bson:"kind"`
	Data []byte `bson:"data"`
}

type rowDoc struct {
	ID        string   `bson:"_id"`
	TableName string   `bson:"table_name"`
	RowID     string   `bson:"row_id"`
	Owner     []byte   `bson:"owner"`
	Rejection string   `bson:"rejection_id"`
	Group     string   `bson:"group"`
	Creates   bool     `bson:"creates"`
	Written   []string `bson:"written"`
	Deleted   bool     `bson:"deleted"`
}

// reject keeps one rejection.
func (o *own) reject(r *source.Rejection) {
	group := r.Group
	if group == "" {
		group = r.ID
	}
	size := r.PayloadBytes
	if size == 0 {
		size = len(r.Payload)
	}
	o.insert(rejectionsName, publicDoc{ID: r.ID, UserID: text(r.UserID), TableName: text(r.TableName), RowID: text(r.RowID),
		ErrorCode: text(r.ErrorCode), Message: text(r.Message), Hint: text(r.Hint), Status: string(statusOf(r)), CreatedAt: r.CreatedAt})
	op := operatorDoc{ID: r.ID, Kind: kindRejection, UserID: text(r.UserID), Owner: r.Owner[:], ClientID: text(r.ClientID),
		RequestID: text(r.RequestID), Deployment: int64(r.Deployment), Operation: int64(r.Operation), Group: text(group), Provider: text(r.Provider),
		PayloadBytes: int64(size), PayloadStored: int64(len(r.Payload)), ClientStored: int64(len(r.Client)), ClaimsStored: int64(len(r.Claims)),
		DetailStored: int64(len(r.Detail)), Attempts: int64(r.Attempts), CreatedAt: r.CreatedAt, SettledBy: text(r.SettledBy), Instance: o.instance}
	if !r.SettledAt.IsZero() {
		op.SettledAt = &r.SettledAt
	}
	o.insert(payloadsName, op)
	o.parts(r.ID, partPayload, r.Payload)
	o.parts(r.ID, partClient, r.Client)
	o.parts(r.ID, partClaims, r.Claims)
	o.parts(r.ID, partDetail, []byte(r.Detail))
	if !statusOf(r).Waiting() {
		return
	}
	for i, row := range r.Rows {
		d := rowDoc{ID: fmt.Sprintf("%s/%05d", r.ID, i), TableName: text(row.TableName), RowID: text(row.RowID), Owner: r.Owner[:],
			Rejection: r.ID, Group: text(group), Creates: row.Creates, Written: []string{}, Deleted: row.Deleted}
		d.Written = append(d.Written, row.Written...)
		o.insert(rejectedRowsName, d)
	}
}

func statusOf(r *source.Rejection) source.RejectionStatus {
	if r.Status == "" {
		return source.Open
	}
	return r.Status
}

func (o *own) parts(id, kind string, data []byte) {
	for n := 0; len(data) > 0; n++ {
		part := data[:min(len(data), partSize)]
		data = data[len(part):]
		o.insert(payloadsName, partDoc{partID(id, kind, n), kind, part})
	}
}

func partID(id, kind string, n int) string { return fmt.Sprintf("%s/%s/%04d", id, kind, n) }

// under selects what lies below an id: its parts, or its rows.
func under(id string) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: id + "/"}, {Key: "$lt", Value: id + "0"}}}}
}

// settle moves rejections. Each must be in a state of its From, which send makes sure of by counting.
func (o *own) settle(list []source.Settlement) {
	for i := range list {
		s := &list[i]
		if o.must == nil {
			o.must = map[string]int64{}
		}
		o.must[rejectionsName]++
		public, op, inc := bson.D{{Key: "status", Value: string(s.To)}}, bson.D{}, bson.D{}
		if s.To.Waiting() {
			public = append(public, bson.E{Key: "error_code", Value: text(s.ErrorCode)}, bson.E{Key: "message", Value: text(s.Message)}, bson.E{Key: "hint", Value: text(s.Hint)})
			op = append(op, bson.E{Key: "operation", Value: int64(s.Operation)}, bson.E{Key: "detail_stored", Value: int64(len(s.Detail))})
			o.detail(s.ID, []byte(s.Detail))
		} else {
			op = append(op, bson.E{Key: "settled_at", Value: s.At}, bson.E{Key: "settled_by", Value: text(s.By)})
			o.remove(rejectedRowsName, under(s.ID))
		}
		if s.Failed {
			inc = append(inc, bson.E{Key: "attempts", Value: int64(1)})
		}
		if s.Group != "" {
			op = append(op, bson.E{Key: "group", Value: text(s.Group)})
			o.update(rejectedRowsName, under(s.ID), bson.D{{Key: "$set", Value: bson.D{{Key: "group", Value: text(s.Group)}}}}, true)
		}
		o.update(rejectionsName, bson.D{{Key: "_id", Value: s.ID}, {Key: "status", Value: bson.D{{Key: "$in", Value: names(s.From)}}}}, bson.D{{Key: "$set", Value: public}}, false)
		change := bson.D{{Key: "$set", Value: op}}
		if len(inc) > 0 {
			change = append(change, bson.E{Key: "$inc", Value: inc})
		}
		o.update(payloadsName, bson.D{{Key: "_id", Value: s.ID}}, change, false)
	}
}

// detail replaces the parts of the database's text.
func (o *own) detail(id string, data []byte) {
	n := 0
	for ; len(data) > 0; n++ {
		part := data[:min(len(data), partSize)]
		data = data[len(part):]
		o.upsert(payloadsName, bson.D{{Key: "_id", Value: partID(id, partDetail, n)}}, bson.D{{Key: "$set", Value: bson.D{{Key: "kind", Value: partDetail}, {Key: "data", Value: part}}}})
	}
	o.remove(payloadsName, bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: partID(id, partDetail, n)}, {Key: "$lt", Value: id + "/" + partDetail + "0"}}}})
}

func names[S ~string](list []S) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// note adds to the rows of waiting rejections what an accepted transaction did to them.
func (o *own) note(notes []source.Note) {
	for _, n := range notes {
		change := bson.D{}
		if len(n.Written) > 0 {
			change = append(change, bson.E{Key: "$addToSet", Value: bson.D{{Key: "written", Value: bson.D{{Key: "$each", Value: slices.Clone(n.Written)}}}}})
		}
		if n.Deleted {
			change = append(change, bson.E{Key: "$set", Value: bson.D{{Key: "deleted", Value: true}}})
		}
		if len(change) > 0 {
			o.update(rejectedRowsName, bson.D{{Key: "table_name", Value: text(n.TableName)}, {Key: "row_id", Value: text(n.RowID)}}, change, true)
		}
	}
}

// text makes any text storable: valid UTF-8, of bounded length.
func text(s string) string {
	if len(s) > excerpt {
		s = s[:excerpt]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
