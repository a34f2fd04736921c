//go:build !bench

package upload

import "testing"

// fixed compiles only while leavesReceipts is a constant: nothing at run time can turn receipts off.
const fixed = leavesReceipts

func TestReceiptsCannotBeSwitchedOff(t *testing.T) {
	if !fixed {
		t.Error("an ordinary build leaves no receipts")
	}
}
