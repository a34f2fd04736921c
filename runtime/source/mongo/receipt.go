package mongo

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"turnkey/runtime/source"
)

// A receipt's _id is one binary: owner, block and sequence, each so that bytes compare as the numbers
// do. All receipts of a block, and of a run of blocks, are then one range of the index on _id, which
// is also what makes a key unique.
//
//	owner 16 bytes | block 8 bytes, sign flipped | seq 4 bytes
const receiptIDSize = 16 + 8 + 4

func receiptID(owner source.Owner, block int64, seq int32) []byte {
	b := append(make([]byte, 0, receiptIDSize), owner[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(block)^(1<<63))
	return binary.BigEndian.AppendUint32(b, uint32(seq))
}

var errReceipt = errors.New("a stored receipt is not well formed")

func parseReceiptID(b []byte) (owner source.Owner, block int64, seq int32, err error) {
	if len(b) != receiptIDSize {
		return owner, 0, 0, errReceipt
	}
	copy(owner[:], b)
	return owner, int64(binary.BigEndian.Uint64(b[16:]) ^ (1 << 63)), int32(binary.BigEndian.Uint32(b[24:])), nil
}

// receiptDoc is a receipt as stored.
type receiptDoc struct {
	ID     []byte  `bson:"_id"`
	Ops    []int64 `bson:"ops,omitempty"`
	Prints []byte  `bson:"prints"` // 16 bytes each
	// Last is the highest of Ops: all that the sweeper needs to know.
	Last   *int64    `bson:"last,omitempty"`
	At     time.Time `bson:"at"`
	Result *string   `bson:"result,omitempty"` // JSON
}

func encodeReceipt(r *source.Receipt) receiptDoc {
	d := receiptDoc{ID: receiptID(r.Owner, r.Block, r.Seq), Ops: r.Ops, Prints: make([]byte, 0, 16*len(r.Prints)), At: r.At}
	for _, p := range r.Prints {
		d.Prints = append(d.Prints, p[:]...)
	}
	if len(r.Ops) > 0 {
		last := int64(math.MinInt64)
		for _, op := range r.Ops {
			last = max(last, op)
		}
		d.Last = &last
	}
	if r.Result != nil {
		text := string(r.Result)
		d.Result = &text
	}
	return d
}

func (d *receiptDoc) decode() (r source.Receipt, err error) {
	if r.Owner, r.Block, r.Seq, err = parseReceiptID(d.ID); err != nil {
		return r, err
	}
	if len(d.Prints)%16 != 0 || len(d.Ops) > 0 && len(d.Ops) != len(d.Prints)/16 {
		return r, errReceipt
	}
	r.Ops, r.At = d.Ops, d.At.UTC()
	r.Prints = make([]source.Print, len(d.Prints)/16)
	for i := range r.Prints {
		copy(r.Prints[i][:], d.Prints[16*i:])
	}
	if d.Result != nil {
		r.Result = []byte(*d.Result)
	}
	return r, nil
}

type blockKey struct {
	owner source.Owner
	block int64
}

// histories answers claims from the transaction's snapshot: one find for the receipts, one for the floors.
func (t *tx) histories(ctx context.Context, claims []*source.Claim) ([]source.History, error) {
	ctx = mongo.NewSessionContext(ctx, t.sess)
	known := make([]source.History, len(claims))
	of := make(map[source.Owner]*source.History, len(claims))
	owners := make([][]byte, len(claims))
	for i, c := range claims {
		of[c.Owner], owners[i] = &known[i], c.Owner[:]
	}
	receipts, err := t.receipts(ctx, claims)
	if err != nil {
		return nil, err
	}
	for i := range receipts {
		if h := of[receipts[i].Owner]; h != nil {
			h.Receipts = append(h.Receipts, receipts[i])
		}
	}
	for i, c := range claims {
		if c.Whole {
			if known[i].Newest, known[i].HasNewest, err = t.newestBlock(ctx, c.Owner); err != nil {
				return nil, err
			}
		}
	}
	cursor, err := t.client.db.Collection(clientsName).Find(ctx, oneOf("_id", owners), options.Find().SetProjection(bson.D{{Key: "floor", Value: 1}}))
	if err != nil {
		return nil, err
	}
	var clients []struct {
		ID    []byte `bson:"_id"`
		Floor *int64 `bson:"floor"`
	}
	if err := cursor.All(ctx, &clients); err != nil {
		return nil, err
	}
	for _, c := range clients {
		var owner source.Owner
		copy(owner[:], c.ID)
		if h := of[owner]; h != nil && c.Floor != nil {
			h.Floor, h.HasFloor = *c.Floor, true
		}
	}
	return known, nil
}

// newestBlock is the highest block of an owner that has a receipt.
func (t *tx) newestBlock(ctx context.Context, owner source.Owner) (block int64, any bool, err error) {
	var last receiptDoc
	err = t.client.db.Collection(receiptsName).FindOne(ctx, bson.D{{Key: "_id", Value: bson.D{
		{Key: "$gte", Value: receiptID(owner, math.MinInt64, 0)}, {Key: "$lte", Value: receiptID(owner, math.MaxInt64, -1)}}}},
		options.FindOne().SetSort(bson.D{{Key: "_id", Value: -1}}).SetProjection(bson.D{{Key: "_id", Value: 1}})).Decode(&last)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	_, block, _, err = parseReceiptID(last.ID)
	return block, true, err
}

// oneOf selects by one value or several.
func oneOf(name string, values [][]byte) bson.D {
	if len(values) == 1 {
		return bson.D{{Key: name, Value: values[0]}}
	}
	return bson.D{{Key: name, Value: bson.D{{Key: "$in", Value: values}}}}
}

func (t *tx) receipts(ctx context.Context, claims []*source.Claim) ([]source.Receipt, error) {
	filter := blockFilter(claims)
	if filter == nil {
		return nil, nil
	}
	cursor, err := t.client.db.Collection(receiptsName).Find(ctx, filter, options.Find().SetBatchSize(10_000))
	if err != nil {
		return nil, err
	}
	var docs []receiptDoc
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	out := make([]source.Receipt, len(docs))
	for i := range docs {
		if out[i], err = docs[i].decode(); err != nil {
			return nil, err
		}
	}
	t.remember(out)
	return out, nil
}

// remember keeps the newest receipt of each block.
func (t *tx) remember(receipts []source.Receipt) {
	if t.newest == nil {
		t.newest = map[blockKey]*source.Receipt{}
	}
	for i := range receipts {
		k := blockKey{receipts[i].Owner, receipts[i].Block}
		if was := t.newest[k]; was == nil || was.Seq < receipts[i].Seq {
			t.newest[k] = &receipts[i]
		}
	}
}

// blockFilter selects the receipts of the claimed blocks; nil: there are none.
func blockFilter(claims []*source.Claim) bson.D {
	var ranges bson.A
	for _, c := range claims {
		ranges = append(ranges, blockRanges(c)...)
	}
	switch len(ranges) {
	case 0:
		return nil
	case 1:
		return ranges[0].(bson.D)
	}
	return bson.D{{Key: "$or", Value: ranges}}
}

// blockRanges has a range of _id for each run of the claimed blocks.
func blockRanges(claim *source.Claim) (ranges bson.A) {
	for i := 0; i < len(claim.Blocks); {
		from := claim.Blocks[i]
		to := from
		for i++; i < len(claim.Blocks) && claim.Blocks[i] == to+1; i++ {
			to++
		}
		ranges = append(ranges, bson.D{{Key: "_id", Value: bson.D{
			{Key: "$gte", Value: receiptID(claim.Owner, from, 0)}, {Key: "$lte", Value: receiptID(claim.Owner, to, -1)}}}})
	}
	return ranges
}

// restless is the age from which a receipt may be about to be swept. It is far longer than any
// transaction lives and far shorter than any retention.
const restless = 10 * time.Minute

// keep adds receipts to the transaction's own commands. One beside old ones also touches the newest of
// them: the sweeper, after which the block would start at Seq 0 again, then conflicts with us.
func (o *own) keep(t *tx, receipts []source.Receipt) {
	for i := range receipts {
		r := &receipts[i]
		if newest := t.newest[blockKey{r.Owner, r.Block}]; newest != nil && r.At.Sub(newest.At) > restless {
			o.update(receiptsName, bson.D{{Key: "_id", Value: receiptID(newest.Owner, newest.Block, newest.Seq)}},
				bson.D{{Key: "$set", Value: bson.D{{Key: "touched", Value: r.At}}}}, false)
		}
		o.insert(receiptsName, encodeReceipt(r))
	}
}
