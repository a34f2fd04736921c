//go:build !linux

package wire

import "syscall"

// Attr is for the start of a plain process.
func (Birth) Attr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
