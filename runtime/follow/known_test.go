package follow_test

import (
	"slices"
	"strings"
	"testing"

	"turnkey/runtime/bundle"
	"turnkey/runtime/follow"
	"turnkey/runtime/follow/followtest"
)

// TestWhatIsKnown: the list has every instance's newest good revision, and none that was deleted.
func TestWhatIsKnown(t *testing.T) {
	c := &followtest.Control{}
	c.Publish(revision("ins_a", 1))
	c.Publish(revision("ins_b", 7))
	f, _ := start(t, c, t.TempDir(), nil)
	known := func(want ...follow.Known) func() bool {
		return func() bool {
			got := f.List()
			slices.SortFunc(got, func(a, b follow.Known) int { return strings.Compare(a.Instance, b.Instance) })
			return slices.Equal(got, want)
		}
	}
	a, b := follow.Known{Instance: "ins_a", Host: "host-ins_a", Revision: 1}, follow.Known{Instance: "ins_b", Host: "host-ins_b", Revision: 7}
	eventually(t, "both are listed", known(a, b))
	c.Publish(revision("ins_a", 2))
	a.Revision = 2
	eventually(t, "the newer revision is listed", known(a, b))
	gone := revision("ins_b", 8)
	gone.Instance.State = bundle.Deleted
	c.Publish(gone)
	eventually(t, "the deleted one is not", known(a))
}
