package source_test

import (
	"strings"
	"testing"
	"time"

	"turnkey/runtime/source"
)

// The id is a function of what names the operation, pinned: a runtime of another version that repeats
// the attempt must write the same one.
func TestDeliveryID(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	id := source.DeliveryID(at, "req_1/0", 2, 1)
	if id != source.DeliveryID(at, "req_1/0", 2, 1) || len(id) != 30 || !strings.HasPrefix(id, "dlv_01hf7yat00") {
		t.Error(id)
	}
	for _, other := range []string{
		source.DeliveryID(at.Add(time.Millisecond), "req_1/0", 2, 1), source.DeliveryID(at, "req_1/1", 2, 1), source.DeliveryID(at, "req_1/0", 3, 1), source.DeliveryID(at, "req_1/0", 2, 2),
		source.DeliveryID(at, "req_1/0", 21, 0), // not the same digits in another place
	} {
		if other == id {
			t.Errorf("two operations have the id %s", id)
		}
	}
	if later := source.DeliveryID(at.Add(time.Second), "", 0, 0); later <= id {
		t.Errorf("%s is not after %s", later, id)
	}
}
