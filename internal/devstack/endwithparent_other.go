//go:build !linux

package devstack

import "syscall"

// endsWithParent: see endWithParent.
const endsWithParent = false

// endWithParent has no counterpart outside Linux: a killed parent leaves the server running, and the
// next start says which process holds the folder.
func endWithParent(*syscall.SysProcAttr) {}
